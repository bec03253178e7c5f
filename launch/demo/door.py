"""What the real app serves for the stage alone: the phone around the chat, and sample staff signed in."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

from console.page import AT
from console.sign_in import open_session
from launch.keys import sample_password
from launch.settings import Settings
from programme import sample_staff, sign_in
from programme.context import Context
from storage.account import Account

PAGE = Path(__file__).parent / "page"
ONWARD = re.compile(r"/console(?:/[\w\-./?=&%#]*)?")


def doors(ctx: Context, settings: Settings) -> list[BaseRoute]:
    """Only where `demo_stage` is set. A page of any other site is refused: it must not sign anybody in."""
    stage = settings.demo_stage or ""

    async def phone(_request: Request) -> Response:
        page = (PAGE / "phone.html").read_text(encoding="utf-8").replace("{{stage}}", stage)
        policy = f"default-src 'none'; script-src 'self'; style-src 'self'; frame-src 'self'; frame-ancestors {stage}"
        return Response(page, media_type="text/html", headers={"Content-Security-Policy": policy, **KEPT_NOWHERE})

    async def console(request: Request) -> Response:
        if request.headers.get("sec-fetch-site") not in ("same-origin", "same-site"):
            raise HTTPException(403)
        email = await asyncio.to_thread(_email, ctx, request.query_params.get("as", "worker"))
        password = await asyncio.to_thread(sample_password, settings)
        tried = await asyncio.to_thread(sign_in.begin, ctx, email, password, "127.0.0.1", "", "")
        if tried.outcome is not sign_in.Outcome.SIGNED_IN:
            raise HTTPException(409)
        to = request.query_params.get("next", AT)
        return open_session(request, tried, to if ONWARD.fullmatch(to) else AT)

    return [
        Route("/demo/phone", phone),
        *(Route(f"/demo/{name}", _file(name)) for name in ("phone.js", "phone.css")),
        Route("/demo/console", console),
    ]


KEPT_NOWHERE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}


def _file(name: str) -> Callable[[Request], Awaitable[Response]]:
    async def send(_request: Request) -> Response:
        return FileResponse(PAGE / name, headers=KEPT_NOWHERE)

    return send


def _email(ctx: Context, role: str) -> str:
    """Of the sample's account with this role; the worker's where there is none."""
    ids = sample_staff.ids(ctx)
    with ctx.database.reading() as session:
        return session.get_one(Account, ids.get(role, ids["worker"])).email
