"""What a person does on the page and what they see there, in the tests' own words."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect


def connected(page: Page) -> None:
    """Waits until the page has words and a line to the server."""
    page.wait_for_selector("body[data-ready='true'][data-line='open']")


def say(page: Page, text: str) -> None:
    page.fill("#say", text)
    page.press("#say", "Enter")


def lines(page: Page) -> list[str]:
    """All lines on the screen, the person's own with "> " before them."""
    found = page.locator(".line").evaluate_all(
        "lines => lines.map(line => (line.classList.contains('own') ? '> ' : '')"
        " + line.querySelector('.bubble').innerText.trim())"
    )
    return list(found)


def answered(page: Page, text: str) -> Any:
    """Waits for a message that holds `text`."""
    found = page.locator(".line:not(.own)", has_text=text).last
    expect(found).to_be_visible()
    return found


def kept(page: Page) -> dict[str, str]:
    """What is on the device."""
    return dict(page.evaluate("({...sessionStorage, ...localStorage})"))


def wait_until(page: Page, true: Callable[[], Any], seconds: float = 15) -> None:
    """Waits, with the page alive, until `true()` is."""
    for _ in range(int(seconds * 20)):
        if true():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it did not come true in time")


def ask_width(page: Page) -> tuple[int, int]:
    """The width of what the page holds, and of the screen."""
    width, screen = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    return width, screen
