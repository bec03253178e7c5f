""" "Why this answer?", before the app's real front desk: one tap, by keyboard too, on the smallest screen."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.axe import keeps_the_rules
from tests.bot.desk.conftest import Desk, answers, desk, desk_url  # noqa: F401
from tests.bot.web_page.walk import answered, ask_width, connected, say

WHY = "Why this answer?"


@pytest.fixture
def address(desk: Any) -> str:  # noqa: F811
    return str(desk.url)


def ask(page: Page, desk: Desk, answer: str, words: str) -> Locator:  # noqa: F811
    """Says something that the dialogue answers with `answer`; the message that holds `words`."""
    desk.script.answer = lambda _turn: [{"answer": answer, "values": {}}]
    say(page, "a question")
    found: Locator = answered(page, words)
    return found


def test_one_tap_opens_source_approver_and_date_and_another_closes_them(page: Page, desk: Desk) -> None:  # noqa: F811
    message = ask(page, desk, "utter_ask_what_is_programme", "It is a course for adults")
    button = message.get_by_role("button", name=WHY)
    expect(button).to_have_attribute("aria-expanded", "false")
    button.click()
    expect(button).to_have_attribute("aria-expanded", "true")
    reason = message.locator(".reason")
    expect(reason).to_contain_text("Thames Valley Police, news release of December 2021")
    expect(reason).to_contain_text("not yet approved by Druglink")
    expect(reason).to_contain_text("23 November 2026")
    expect(reason).to_contain_text("1 November 2027")
    button.click()
    expect(reason).to_be_hidden()
    expect(button).to_have_attribute("aria-expanded", "false")


def test_the_panel_is_named_by_its_button_and_stands_after_it(page: Page, desk: Desk) -> None:  # noqa: F811
    message = ask(page, desk, "utter_ask_cost", "no price is set")
    button = message.get_by_role("button", name=WHY)
    assert message.locator(".reason").get_attribute("id") == button.get_attribute("aria-controls")
    button.focus()
    page.keyboard.press("Enter")
    expect(message.locator(".reason dd").first).to_have_text("The sample programme")
    expect(button).to_be_focused()
    page.keyboard.press("Space")
    expect(message.locator(".reason")).to_be_hidden()
    names = message.locator(".reason dt").all_text_contents()
    assert names[:3] == ["Where it comes from", "Who approved it", "Last looked at"]


def test_each_opens_its_own_and_the_server_is_asked_once(page: Page, desk: Desk) -> None:  # noqa: F811
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/chat/answers/" in request.url else None)
    for answer in ("utter_ask_cost", "utter_ask_cost"):
        ask(page, desk, answer, "no price is set")
        expect(page.locator(".own[data-state='answered']")).to_have_count(page.locator(".own").count())
    assert asked == []  # nothing is fetched that nobody opens
    for button in page.get_by_role("button", name=WHY).all():
        button.click()
    expect(page.locator(".reason dl")).to_have_count(2)
    assert len(asked) == 1 and asked[0].endswith("/chat/answers/utter_ask_cost")


def test_steps_manners_notices_danger_and_ones_own_words_have_none(page: Page, desk: Desk) -> None:  # noqa: F811
    ask(page, desk, "utter_step_reference", "What is your reference")
    say(page, "he has taken an overdose and is not breathing")
    answered(page, "999")
    assert page.get_by_role("button", name=WHY).count() == 0


def test_what_does_not_load_says_so_and_loads_when_opened_again(page: Page, desk: Desk) -> None:  # noqa: F811
    message = ask(page, desk, "utter_ask_cost", "no price is set")
    page.route("**/chat/answers/*", lambda route: route.fulfill(status=503))
    button = message.get_by_role("button", name=WHY)
    button.click()
    expect(message.locator(".reason")).to_contain_text("That did not load.")
    page.unroute("**/chat/answers/*")
    button.click()
    button.click()
    expect(message.locator(".reason")).to_contain_text("The sample programme")


def test_it_is_there_again_after_a_reload(page: Page, desk: Desk) -> None:  # noqa: F811
    ask(page, desk, "utter_ask_cost", "no price is set")
    page.reload()
    connected(page)
    page.get_by_role("button", name=WHY).click()
    expect(page.locator(".reason")).to_contain_text("The sample programme")


@pytest.mark.parametrize(
    ("width", "height", "scheme"), [(320, 568, "light"), (320, 568, "dark"), (320, 256, "light"), (1280, 800, "light")]
)
def test_open_on_any_screen_nothing_sticks_out_and_axe_finds_nothing(
    browser: Browser,
    desk: Desk,  # noqa: F811
    address: str,
    width: int,
    height: int,
    scheme: str,
) -> None:
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(address)
    connected(page)
    message = ask(page, desk, "utter_ask_what_is_programme", "It is a course for adults")
    button = message.get_by_role("button", name=WHY)
    button.click()
    expect(message.locator(".reason dl")).to_be_visible()
    assert ask_width(page)[0] <= width
    box = button.bounding_box()
    assert box and box["height"] >= 24 and box["x"] + box["width"] <= width
    keeps_the_rules(page)
    context.close()
