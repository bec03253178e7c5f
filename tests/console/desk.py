"""A worker at the console, over HTTP: signed in as the real pages do it, with forms that carry their token."""

import asyncio

import httpx
from starlette.applications import Starlette

from console.guard import SESSION
from console.routes import routes
from programme import handoff, shift, sign_in
from programme.context import Context
from storage.account import Account
from tests.builders import an_account

AT = "/console"


class Browser:
    """One member of staff's browser. `post` sends a form with its token; `script=True` as our scripts do."""

    def __init__(self, app: Starlette, token: str, csrf: str, account: Account) -> None:
        self.account = account
        self.token, self._app, self._csrf = token, app, csrf
        self._cookies = httpx.Cookies({SESSION: token})

    def get(self, path: str, live: bool = False) -> tuple[int, str]:
        answer = self._send("GET", path, {"X-Live": "1"} if live else {})
        return answer.status_code, answer.text

    def page(self, path: str) -> str:
        """The HTML of a page that must be there."""
        status, text = self.get(path)
        assert status == 200, (path, status)
        return text

    def post(self, path: str, script: bool = False, follow: bool = True, **fields: str) -> tuple[int, str]:
        """The answer, after the redirect that it may be."""
        body = fields if script else {"csrf": self._csrf, **fields}
        headers = {"X-CSRF": self._csrf} if script else {}
        answer = self._send("POST", path, headers, body, follow)
        return answer.status_code, answer.text

    def _send(
        self, method: str, path: str, headers: dict[str, str], body: dict[str, str] | None = None, follow: bool = False
    ) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://test", cookies=self._cookies, follow_redirects=follow
            ) as client:
                answer = await client.request(method, f"{AT}{path}", headers=headers, data=body)
                self._cookies = client.cookies
                return answer

        return asyncio.run(send())


def a_console(ctx: Context) -> Starlette:
    return Starlette(routes=routes(ctx))


def signed_in(ctx: Context, app: Starlette, on_shift: bool = True, **given: object) -> Browser:
    """A browser in which somebody has signed in."""
    account = an_account(ctx.database, **given)
    with ctx.database.writing() as session:
        token = sign_in.open_for(session, ctx, account, "Test").token
    who = sign_in.who(ctx, token)
    assert who is not None
    if on_shift:
        shift.begin(ctx, account.id)
    return Browser(app, token, who.csrf, account)


def take(ctx: Context, browser: Browser, conversation_id: str) -> None:
    assert handoff.take(ctx, conversation_id, browser.account.id).won
