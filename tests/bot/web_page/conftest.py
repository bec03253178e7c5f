"""A real chromium, one for all tests of the page, and a fresh server and browser profile for each."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.bot.web_page.server import Desk, serving
from tests.bot.web_page.walk import connected
from tests.browser import PATIENCE, browser  # noqa: F401


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def address(desk: Desk) -> Iterator[str]:
    with serving(desk) as found:
        yield found


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:  # noqa: F811
    made = browser.new_context(viewport={"width": 375, "height": 720}, locale="en-GB", timezone_id="Europe/London")
    made.set_default_timeout(PATIENCE)
    yield made
    made.close()


@pytest.fixture
def page(address: str, context: BrowserContext) -> Iterator[Page]:
    """The page, open and connected. It fails the test when anything is written as an error to its console.

    The browser is asked for after the server, and so is gone before it.
    """
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda message: note(message, wrong))
    opened.goto(address)
    connected(opened)
    yield opened
    assert not wrong


def note(message: Any, wrong: list[str]) -> None:
    expected = ("WebSocket", "Failed to load resource")  # what a broken line looks like, on purpose
    if message.type == "error" and not any(words in message.text for words in expected):
        wrong.append(message.text)
