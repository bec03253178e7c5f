"""The console on a real database, as the app serves it: in this process, or on a port of its own."""

import asyncio
import contextlib
import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace

import httpx
import uvicorn
from starlette.applications import Starlette

from console.routes import routes
from programme.context import Context
from storage.account import Account
from storage.database import Database
from tests.programme.staff import PASSWORD, code

ORIGIN = "http://console.test"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def app(ctx: Context) -> Starlette:
    return Starlette(routes=routes(ctx))


class _InProcess(httpx.BaseTransport):
    """Asks the app itself, a loop for each request."""

    def __init__(self, served: Starlette) -> None:
        self._app = httpx.ASGITransport(app=served, raise_app_exceptions=False, client=("198.51.100.7", 5000))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        async def ask() -> httpx.Response:
            answer = await self._app.handle_async_request(request)
            return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())

        request.read()
        return asyncio.run(ask())


def client(ctx: Context, https: bool = False) -> httpx.Client:
    """A browser without scripts that follows nothing by itself."""
    origin = ORIGIN.replace("http", "https") if https else ORIGIN
    return httpx.Client(transport=_InProcess(app(ctx)), base_url=origin, headers={"User-Agent": FIREFOX})


def token(page: httpx.Response) -> str:
    """The form's token on a page."""
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


def sign_in(browser: httpx.Client, ctx: Context, account: Account, password: str = PASSWORD) -> httpx.Response:
    """Through the pages, as a person does."""
    page = browser.get("/console/sign-in")
    given = {"csrf": token(page), "email": account.email, "password": password, "next": "/console"}
    answer = browser.post("/console/sign-in", data=given)
    if answer.headers.get("location", "").startswith("/console/sign-in/code"):
        page = browser.get(answer.headers["location"])
        answer = browser.post(
            "/console/sign-in/code", data={"csrf": token(page), "code": code(ctx), "next": "/console"}
        )
    return answer


def post(browser: httpx.Client, path: str, on: str = "/console/account", **fields: str) -> httpx.Response:
    """Sends a form with the token of the page that it stands on."""
    return browser.post(path, data={"csrf": token(browser.get(on)), **fields})


@contextlib.contextmanager
def serving(ctx: Context) -> Iterator[str]:
    """Another process' worth of the app: a database connection of its own, on a free port; gives its address."""
    own = replace(ctx, database=Database(ctx.database.url, ctx.database.keyring))
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()  # who asks before the server is up waits for it
    served = app(own)
    served.state.server = server = uvicorn.Server(uvicorn.Config(served, log_level="error", lifespan="off"))
    thread = threading.Thread(target=lambda: server.run(sockets=[listener]), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        assert not thread.is_alive()
        listener.close()
        own.database.close()
