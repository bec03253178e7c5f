"""The page before the app's real front desk and database: what the small test server promises is what is there."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from programme import conversation
from tests.bot.desk.conftest import Desk, answers, desk, desk_url  # noqa: F401
from tests.bot.web_page.walk import answered, connected, kept, lines, say, wait_until


@pytest.fixture
def address(desk: Any) -> str:  # noqa: F811
    return str(desk.url)


def test_welcome_question_answer_and_reload(page: Page, desk: Desk) -> None:  # noqa: F811
    welcome = answered(page, "What would you like to do?")
    expect(welcome.get_by_role("button", name="Book a place")).to_be_visible()
    say(page, "hello there")
    expect(page.locator(".own[data-state='answered']")).to_have_count(1)
    expect(page.locator("#typing")).to_be_hidden()
    before = lines(page)
    assert len(before) == 3
    page.reload()
    connected(page)
    page.wait_for_timeout(1500)  # nothing more comes
    assert lines(page) == before


def test_a_button_of_the_real_desk_becomes_its_intent_once(page: Page, desk: Desk) -> None:  # noqa: F811
    page.get_by_role("button", name="Book a place").dblclick()
    expect(page.locator(".own[data-state='answered']")).to_have_count(1)
    assert [asked.get("intent") for asked in desk.script.asked] == ["book_course"]


def test_danger_is_a_loud_card_with_numbers(page: Page, desk: Desk) -> None:  # noqa: F811
    say(page, "he has taken an overdose and is not breathing")
    card = answered(page, "999")
    expect(card).to_have_class("line assistant danger")
    assert card.locator(".calls a").first.get_attribute("href") == "tel:999"


# The app is stopped with the browser still on it: its sockets are torn, which is the point.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_an_app_that_dies_and_comes_back_loses_and_doubles_nothing(page: Page, desk: Desk) -> None:  # noqa: F811
    say(page, "first")
    expect(page.locator(".own[data-state='answered']")).to_have_count(1)
    port = desk.port
    desk.app.stop()
    say(page, "second")
    expect(page.locator(".own[data-state='sending']")).to_have_count(1)
    desk.app = type(desk.app)(restarted(desk), port)
    expect(page.locator(".own[data-state='answered']")).to_have_count(2, timeout=20000)
    assert [asked["text"] for asked in desk.script.asked] == ["first", "second"]
    assert len(lines(page)) == 5


def restarted(desk: Desk) -> Any:  # noqa: F811
    from tests.bot.desk.conftest import make_app

    return make_app(desk.ctx, f"http://127.0.0.1:{desk.dialogue.port}")


def test_a_silent_dialogue_gives_the_menu(page: Page, desk: Desk) -> None:  # noqa: F811
    desk.script.status = 500
    say(page, "anything")
    menu = page.locator(".line:not(.own)").nth(1)
    expect(menu.get_by_role("button").first).to_be_visible()
    expect(page.locator(".own[data-state='answered']")).to_have_count(1)


def test_leaving_closes_the_conversation(page: Page, desk: Desk) -> None:  # noqa: F811
    answered(page, "What would you like to do?")
    token = page.evaluate("JSON.parse(sessionStorage.chat).token")
    page.route("https://example.org/", lambda route: route.fulfill(body="<title>Weather</title>"))
    page.get_by_role("link", name="Leave this page").click()
    page.wait_for_url("https://example.org/")
    assert kept(page) == {}
    wait_until(page, lambda: conversation.find_by_token(desk.ctx, token) is None)
