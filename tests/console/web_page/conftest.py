"""A real chromium, a console that serves from two processes' worth of servers, and two workers with a person."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page
from starlette.applications import Starlette

from console.guard import SESSION
from programme.context import Context
from storage.database import Database
from storage.keys import Keyring
from tests.browser import PATIENCE, browser  # noqa: F401
from tests.console import desk
from tests.console.desk import a_console, signed_in
from tests.console.server import serving
from tests.programme.desk import a_context

NO_LINE = ("Failed to load resource", "net::ERR")  # what a refusal and a broken line look like, on purpose


@pytest.fixture
def ctx(sqlite_url: str, keyring: Keyring) -> Iterator[Context]:
    """A context on real time, since pages and their line run on it."""
    database = Database(sqlite_url, keyring)
    yield a_context(database, lambda: datetime.now(UTC))  # type: ignore[arg-type]
    database.close()


@pytest.fixture
def address(ctx: Context) -> Iterator[str]:
    with serving(ctx) as found:
        yield found


@pytest.fixture
def other_address(sqlite_url: str, keyring: Keyring) -> Iterator[str]:
    """A second server with a database connection of its own: it knows nothing of the first but what is stored."""
    database = Database(sqlite_url, keyring)
    with serving(a_context(database, lambda: datetime.now(UTC))) as found:  # type: ignore[arg-type]
        yield found
    database.close()


@pytest.fixture
def app(ctx: Context) -> Starlette:
    return a_console(ctx)


@pytest.fixture
def wren(ctx: Context, app: Starlette) -> desk.Browser:
    return signed_in(ctx, app, name="Wren Worker")


@pytest.fixture
def lark(ctx: Context, app: Starlette) -> desk.Browser:
    return signed_in(ctx, app, name="Lark Worker")


@pytest.fixture
def window(browser: Browser) -> Iterator[Callable[..., Page]]:  # noqa: F811
    """Opens a window in which somebody is signed in; a script's error in any of them fails the test."""
    made, wrong = [], list[str]()

    def opened(
        at: str, who: desk.Browser, path: str, width: int = 1280, height: int = 900, scheme: str = "light"
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,  # type: ignore[arg-type]
            locale="en-GB",
            timezone_id="Europe/London",
        )
        context.set_default_timeout(PATIENCE)
        context.add_cookies([{"name": SESSION, "value": who.token, "url": f"{at}/console"}])
        made.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "console",
            lambda message: (
                wrong.append(message.text)
                if message.type == "error" and not any(words in message.text for words in NO_LINE)
                else None
            ),
        )
        page.goto(f"{at}/console{path}")
        return page

    yield opened
    for context in made:
        context.close()
    assert not wrong
