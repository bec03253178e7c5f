"""The same chat on another site: a button, a frame, Escape, and the way out."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.axe import keeps_the_rules
from tests.bot.web_page.server import Desk, serving
from tests.bot.web_page.walk import connected, wait_until


@pytest.fixture
def site() -> Iterator[str]:
    """Somebody else's site, on an origin of its own, with a strict policy."""
    with serving(Desk()) as address:
        yield address.replace("127.0.0.1", "localhost")


@pytest.fixture
def desk(site: str) -> Desk:
    return Desk(origins=(site,))


@pytest.fixture
def host(context: BrowserContext, address: str, site: str) -> Page:
    page = context.new_page()
    page.goto(f"{site}/host?from={address}")
    return page


def test_it_opens_talks_and_closes_with_escape(host: Page, desk: Desk) -> None:
    launcher = host.get_by_role("button", name="Open chat")
    expect(launcher).to_have_attribute("aria-expanded", "false")
    assert desk.asked == 0  # nothing is asked of the server before the chat is opened
    launcher.click()
    chat = host.frame_locator("iframe[title='Chat']")
    expect(chat.locator("body[data-line='open']")).to_be_visible()
    expect(chat.locator("#say")).to_be_focused()
    host.keyboard.type("hello")
    host.keyboard.press("Enter")
    expect(chat.get_by_text("What can I do for you?")).to_be_visible()
    host.keyboard.press("Escape")
    expect(host.get_by_role("dialog")).to_be_hidden()
    expect(host.get_by_role("button", name="Open chat")).to_be_focused()
    host.keyboard.press("Enter")
    expect(chat.locator("#say")).to_be_focused()
    expect(chat.get_by_text("What can I do for you?")).to_be_visible()
    chat.get_by_role("button", name="Close chat").click()
    expect(host.get_by_role("button", name="Open chat")).to_be_focused()
    assert desk.asked == 1


def test_a_closed_chat_shows_that_there_is_news_and_does_not_count_it_as_seen(host: Page, desk: Desk) -> None:
    host.get_by_role("button", name="Open chat").click()
    chat = host.frame_locator("iframe")
    expect(chat.locator("body[data-line='open']")).to_be_visible()
    expect(chat.get_by_text("What would you like to do?")).to_be_visible()
    wait_until(host, lambda: desk.session.seen)
    host.keyboard.press("Escape")
    desk.put(text="Hello, this is Sam.", **{"from": "worker"})
    expect(host.get_by_role("button", name="Open chat 1 new")).to_be_visible()
    assert "m2" not in desk.session.seen


def test_what_came_just_as_it_was_closed_is_news_too(host: Page, desk: Desk) -> None:
    host.get_by_role("button", name="Open chat").click()
    chat = host.frame_locator("iframe")
    expect(chat.locator("body[data-line='open']")).to_be_visible()
    wait_until(host, lambda: desk.session.seen)
    frame = host.frames[1]
    frame.evaluate("IntersectionObserver.prototype.observe = () => {}")  # it comes, and there is no time to look
    desk.put(text="Hello, this is Sam.", **{"from": "worker"})
    expect(chat.get_by_text("Hello, this is Sam.")).to_be_visible()
    host.keyboard.press("Escape")
    expect(host.get_by_role("button", name="Open chat 1 new")).to_be_visible()
    assert "m2" not in desk.session.seen


def test_leaving_takes_the_whole_site_away(host: Page, desk: Desk, address: str) -> None:
    host.get_by_role("button", name="Open chat").click()
    host.frame_locator("iframe").get_by_role("link", name="Leave this page").click()
    expect(host).to_have_url(f"{address}/away")


def test_only_named_sites_may_show_it(context: BrowserContext, desk: Desk, address: str) -> None:
    page = context.new_page()
    with serving(Desk()) as stranger:
        page.goto(f"{stranger}/host?from={address}")
        page.get_by_role("button", name="Open chat").click()
        page.wait_for_timeout(800)
    assert desk.asked == 0


def test_a_message_from_elsewhere_does_nothing(host: Page) -> None:
    host.get_by_role("button", name="Open chat").click()
    before = host.url
    host.evaluate("postMessage({ chat: 'leave', detail: 'https://evil.example/' }, '*')")
    host.evaluate("postMessage({ chat: 'close' }, '*')")
    host.wait_for_timeout(300)
    assert host.url == before
    expect(host.get_by_role("dialog")).to_be_visible()


@pytest.mark.parametrize("width", [320, 1280])
def test_the_launcher_is_accessible(host: Page, width: int) -> None:
    host.set_viewport_size({"width": width, "height": 640})
    for _ in range(2):
        keeps_the_rules(host, runOnly=["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"])  # the page is its host's own
        if host.get_by_role("button", name="Open chat").is_visible():
            host.get_by_role("button", name="Open chat").click()
            expect(host.frame_locator("iframe").locator("body[data-line='open']")).to_be_visible()


def test_a_frame_without_our_script_still_leaves(context: BrowserContext, address: str) -> None:
    page = context.new_page()
    page.goto(f"{address}/?embedded=1")
    connected(page)
    page.get_by_role("link", name="Leave this page").click()
    page.wait_for_url(f"{address}/away")
