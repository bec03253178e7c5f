"""The carrier's receipts: GOV.UK Notify tells whether a text message arrived. It shows a token that only it has."""

import asyncio
import hmac
import json

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from programme import outreach_post
from programme.context import Context

PATH = "/notify/receipts"
LONGEST = 16_384  # bytes; a receipt has about five hundred


def receipts(ctx: Context, token: str) -> Route:
    """The route. 401 without the token, 400 for what is no receipt, 413 for what is too long, else 200: also for one
    that is of nobody's, since asking again would not help."""
    expected = f"Bearer {token}".encode()

    async def take(request: Request) -> Response:
        if not hmac.compare_digest(request.headers.get("authorization", "").encode(), expected):
            return JSONResponse({"error": "unauthorised"}, 401)
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > LONGEST:
                return JSONResponse({"error": "too_long"}, 413)
        found = _read(body)
        if found is None:
            return JSONResponse({"error": "unreadable"}, 400)
        known = await asyncio.to_thread(outreach_post.receipt, ctx, *found)
        return JSONResponse({"known": known})

    return Route(PATH, take, methods=["POST"])


def _read(body: bytes) -> tuple[str, str] | None:
    """Our reference and the carrier's word for what happened."""
    try:
        content = json.loads(body)
    except ValueError:
        return None
    if not isinstance(content, dict) or not isinstance(content.get("status"), str):
        return None
    reference = content.get("reference")
    return (reference if isinstance(reference, str) else "", content["status"])
