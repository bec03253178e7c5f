"""The console stands in nobody's frame, unless one origin is named, as a demonstration does."""

import asyncio

import httpx
import pytest
from starlette.applications import Starlette

from console.guard import HEADERS, headers
from console.routes import routes
from programme.context import Context

STAGE = "http://127.0.0.1:8000"


def ask(app: Starlette, path: str) -> httpx.Headers:
    async def send() -> httpx.Headers:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            return (await client.get(path)).headers

    return asyncio.run(send())


@pytest.mark.parametrize("path", ["/console/sign-in", "/console/no-such-page"])
def test_nobody_may_frame_it(ctx: Context, path: str) -> None:
    found = ask(Starlette(routes=routes(ctx)), path)
    assert "frame-ancestors 'none'" in found["content-security-policy"]
    assert found["x-frame-options"] == "DENY"


@pytest.mark.parametrize("path", ["/console/sign-in", "/console/no-such-page"])
def test_the_named_origin_alone_may(ctx: Context, path: str) -> None:
    found = ask(Starlette(routes=routes(ctx, framed_by=STAGE)), path)
    policy = found["content-security-policy"].split("; ")
    assert [each for each in policy if each.startswith("frame-ancestors")] == [f"frame-ancestors {STAGE}"]
    assert "x-frame-options" not in found


def test_nothing_else_of_the_headers_changes() -> None:
    framed = headers(STAGE)
    assert {name: text for name, text in HEADERS.items() if name not in framed} == {"X-Frame-Options": "DENY"}
    changed = {name for name in framed if framed[name] != HEADERS[name]}
    assert changed == {"Content-Security-Policy"}
    assert headers() is HEADERS
