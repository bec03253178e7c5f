"""Buttons, writing, typing, what counts as seen, personal links: what a person does and what the server gets of it."""

import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import BrowserContext, Page, expect

from tests.bot.web_page.server import Desk
from tests.bot.web_page.walk import answered, connected, kept, lines, say, wait_until

NOW = datetime.now(UTC)


def test_two_taps_on_a_button_are_one_choice(page: Page, desk: Desk) -> None:
    say(page, "yes or no")
    page.get_by_role("button", name="Yes, book it").dblclick()
    answered(page, "Your place is booked.")
    page.get_by_role("button", name="Talk to a person").dblclick()
    answered(page, "You said: I want to talk to a person")
    assert desk.session.said == ["yes or no", "token-Yes, book it", "I want to talk to a person"]


def test_two_taps_on_send_are_one_message(page: Page, desk: Desk) -> None:
    page.fill("#say", "hello")
    page.get_by_role("button", name="Send").dblclick()
    answered(page, "What can I do for you?")
    assert desk.session.said == ["hello"]


def test_a_choice_is_sent_again_after_a_break_and_shown_with_its_title(page: Page, desk: Desk) -> None:
    say(page, "yes or no")
    answered(page, "Shall I book it?")
    desk.lose_next = 1
    page.get_by_role("button", name="Yes, book it").click()
    answered(page, "Your place is booked.")
    assert desk.session.said.count("token-Yes, book it") == 1
    assert "> Yes, book it" in lines(page)


def test_old_buttons_go_but_those_of_a_danger_card_stay(page: Page) -> None:
    say(page, "danger")
    answered(page, "call 999 now")
    say(page, "yes or no")
    answered(page, "Shall I book it?")
    say(page, "hello")
    answered(page, "What can I do for you?")
    expect(page.get_by_role("button", name="Yes, book it")).to_have_count(0)
    expect(page.get_by_role("button", name="I’m safe, carry on")).to_have_count(1)
    page.reload()
    connected(page)
    expect(page.get_by_role("button", name="Yes, book it")).to_have_count(0)
    expect(page.get_by_role("button", name="I’m safe, carry on")).to_have_count(1)


def test_two_thousand_characters_and_not_one_more(page: Page, desk: Desk) -> None:
    page.fill("#say", "x" * 1799)
    expect(page.locator("#left")).to_have_text("")
    page.fill("#say", "😀" * 1990)
    expect(page.locator("#left")).to_have_text("10 letters left")
    page.fill("#say", "😀" * 2003)
    expect(page.locator("#left")).to_contain_text("3 letters too many")
    expect(page.locator("#alarm")).to_contain_text("3 letters too many")
    page.press("#say", "Enter")
    page.wait_for_timeout(300)
    assert desk.session.said == []
    page.fill("#say", "😀" * 2000)
    page.press("#say", "Enter")
    answered(page, "You said")
    assert desk.session.said == ["😀" * 2000]


def test_blank_messages_are_not_sent_and_shift_enter_makes_a_line(page: Page, desk: Desk) -> None:
    say(page, "   ")
    page.fill("#say", "one")
    page.press("#say", "Shift+Enter")
    page.keyboard.type("two")
    page.press("#say", "Enter")
    answered(page, "You said: one\ntwo")
    assert desk.session.said == ["one\ntwo"]


def test_typing_is_told_now_and_then_not_at_each_letter(page: Page, desk: Desk) -> None:
    page.clock.set_fixed_time(NOW)
    page.locator("#say").press_sequentially("a few words")
    page.clock.set_fixed_time(NOW + timedelta(seconds=3))
    page.locator("#say").press_sequentially(" more")
    page.press("#say", "Enter")
    answered(page, "You said: a few words more")  # frames come in order: whatever was told before is here
    assert desk.session.typings == 2


def test_seen_is_told_only_of_what_was_looked_at(page: Page, desk: Desk) -> None:
    say(page, "long")
    answered(page, "fill the screen")
    desk.put(text="Below the fold.")
    expect(page.get_by_role("button", name="New message")).to_be_visible()
    page.wait_for_timeout(500)  # time enough to look
    assert desk.session.messages[-1]["id"] not in desk.session.seen
    page.get_by_role("button", name="New message").click()
    wait_until(page, lambda: desk.session.seen[-1] == desk.session.messages[-1]["id"])


def test_seen_waits_for_a_visible_page(page: Page, desk: Desk) -> None:
    hide = (
        "hidden => { Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});"
        " document.dispatchEvent(new Event('visibilitychange')); }"
    )
    say(page, "hello")
    answered(page, "What can I do for you?")
    wait_until(page, lambda: desk.session.seen[-1:] == ["m2"])
    page.evaluate(hide, True)
    desk.put(text="Are you there?")
    answered(page, "Are you there?")
    page.wait_for_timeout(400)
    assert "m3" not in desk.session.seen
    expect(page).to_have_title("(1) Chat")
    page.evaluate(hide, False)
    wait_until(page, lambda: desk.session.seen[-1] == "m3")
    expect(page).to_have_title("Chat")


def test_a_personal_link_is_handed_over_once_and_leaves_the_address(
    context: BrowserContext, desk: Desk, address: str
) -> None:
    page = context.new_page()
    page.goto(f"{address}/r/abc-DEF_123")
    connected(page)
    assert page.url == f"{address}/"
    assert desk.session.link == "abc-DEF_123"
    page.reload()
    connected(page)
    assert desk.asked == 1
    assert "abc-DEF_123" not in str(kept(page))


def test_a_personal_link_waits_for_the_server(context: BrowserContext, desk: Desk, address: str) -> None:
    desk.closed_for_all = True
    page = context.new_page()
    page.goto(f"{address}/r/abc")
    page.wait_for_selector("body[data-ready='true']")
    page.reload()
    desk.closed_for_all = False
    connected(page)
    assert desk.session.link == "abc"


def test_ids_are_uuids(page: Page, desk: Desk) -> None:
    say(page, "hello")
    answered(page, "What can I do for you?")
    assert re.fullmatch(
        r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", desk.session.accepted[0]
    )
