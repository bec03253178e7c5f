"""What is on the screen: links, danger cards, long words, other scripts, who has the conversation, "Listen"."""

from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.bot.web_page.server import Desk
from tests.bot.web_page.walk import answered, ask_width, connected, lines, say

LINKS = [
    ("Call 01923 271 783 today.", [("01923 271 783", "tel:01923271783")]),
    ("Samaritans: 116 123, always.", [("116 123", "tel:116123")]),
    ("Danger? Call 999.", [("999", "tel:999")]),
    ("A silent 999 call", [("999", "tel:999")]),
    ("FRANK 0300 123 6600, text 82111", [("0300 123 6600", "tel:03001236600"), ("text 82111", "sms:82111")]),
    ("Release on 020 7324 2989", [("020 7324 2989", "tel:02073242989")]),
    ("+44 7700 900123", [("+44 7700 900123", "tel:+447700900123")]),
    ("Call 111, option 2", [("111", "tel:111")]),
    ("text SHOUT to 85258", [("text SHOUT to 85258", "sms:85258?body=SHOUT")]),
    ("Write to diversion@druglink.ltd.uk.", [("diversion@druglink.ltd.uk", "mailto:diversion@druglink.ltd.uk")]),
    ("See (https://www.nhs.uk/).", [("https://www.nhs.uk/", "https://www.nhs.uk/")]),
    ("Get /calendar/ab-12_x.ics now", [("/calendar/ab-12_x.ics", "/calendar/ab-12_x.ics")]),
    ("TVP-4F7K-92, born 14 March 1990, £999, 9990, room-999, 6:30pm", []),
    ("http://evil.example javascript:alert(1) https://user:pass@evil.example", []),
    ("111 High Street, card 4929 1234 5678 9012", []),
]


def test_a_paper_of_ones_own_is_a_link(page: Page) -> None:
    found = page.evaluate(
        "() => import('/static/text.js').then(module => module.findLinks('Proof: /proof/ab-1_x.pdf', 'https://a.example'))"
    )
    assert found[1:] == [{"kind": "web", "text": "/proof/ab-1_x.pdf", "href": "https://a.example/proof/ab-1_x.pdf"}]


def test_links_are_found_and_nothing_else(page: Page) -> None:
    for text, expected in LINKS:
        pieces: list[dict[str, Any]] = page.evaluate(
            "text => import('/static/text.js').then(module => module.findLinks(text))", text
        )
        assert [(piece["text"], piece["href"]) for piece in pieces if piece["kind"] != "plain"] == expected, text
        assert "".join(piece["text"] for piece in pieces) == text


def test_a_booking_has_its_calendar_file_and_number(page: Page, desk: Desk, address: str) -> None:
    desk.put(text=f"Booked.\n\n{address}/calendar/abc.ics\n\nCall 01923 271 783 or see https://www.example.org/a/b.")
    card = answered(page, "Booked.")
    file = card.get_by_role("link", name="Add to my calendar")
    assert file.get_attribute("href") == f"{address}/calendar/abc.ics"
    assert file.get_attribute("download") is not None
    assert card.get_by_role("link", name="01923 271 783").get_attribute("href") == "tel:01923271783"
    web = card.get_by_role("link", name="example.org/a/b (opens in a new window)")
    assert web.get_attribute("rel") == "noopener noreferrer"


def test_what_anyone_wrote_is_never_markup(page: Page, desk: Desk) -> None:
    text = "<img src=x onerror=alert(1)><b>bold</b> &amp; <script>alert(2)</script>"
    say(page, text)
    answered(page, "You said: <img")
    desk.put(text=text, buttons=[{"title": "<i>x</i>", "payload": "p"}], **{"from": "worker"})
    expect(page.get_by_role("button", name="<i>x</i>")).to_be_visible()
    assert lines(page)[-1] == text
    assert page.locator(".line img, .line b, .line script, .line i").count() == 0


def test_a_danger_card_is_loud_and_its_numbers_are_buttons(page: Page) -> None:
    say(page, "danger")
    card = answered(page, "call 999 now")
    expect(card).to_have_class("line assistant danger")
    calls = card.locator(".calls a")
    assert [link.get_attribute("href") for link in calls.all()] == ["tel:999", "tel:116123", "sms:85258?body=SHOUT"]
    assert calls.first.bounding_box()["height"] >= 44  # type: ignore[index]
    assert calls.first.bounding_box()["y"] < card.locator(".bubble").bounding_box()["y"]
    expect(page.locator("#alarm")).to_have_text("Help now")
    expect(card).to_be_in_viewport(ratio=0.5)


def test_the_owner_is_always_plain(page: Page, desk: Desk) -> None:
    expect(page.locator("#owner")).to_have_text("Computer assistant")
    desk.send(type="owner", owner="queued")
    expect(page.locator("#banner")).to_contain_text("A person has been asked for.")
    desk.send(type="owner", owner="worker")
    expect(page.locator("#banner")).to_contain_text("You are talking to a person from the team.")
    expect(page.locator("#owner")).to_have_text("Team member")
    page.reload()
    connected(page)
    expect(page.locator("#banner")).to_contain_text("You are talking to a person from the team.")
    page.get_by_role("button", name="Talk to a person").click()
    expect(page.locator("#banner")).to_contain_text("You are already talking to a person.")
    assert desk.session.said == []
    desk.send(type="owner", owner="bot")
    expect(page.locator("#banner")).to_contain_text("You are back with the computer assistant.")


def test_kinds_of_message_can_be_told_apart(page: Page, desk: Desk) -> None:
    desk.put(text="From Sam.", **{"from": "worker"})
    say(page, "notice")
    expect(answered(page, "From Sam.").locator(".from")).to_have_text("Team member")
    expect(answered(page, "We have asked a worker").locator(".from")).to_have_text("Notice")


def test_a_worker_typing_is_shown_for_a_while(page: Page, desk: Desk) -> None:
    desk.send(type="owner", owner="worker")
    desk.send(type="typing")
    expect(page.locator("#typing")).to_be_visible()
    expect(page.locator("#typing")).to_contain_text("Team member is writing")
    desk.put(text="Hello.", **{"from": "worker"})
    expect(page.locator("#typing")).to_be_hidden()


@pytest.mark.parametrize("text", ["W" * 700, "https://www.example.org/" + "a" * 600, "ü" * 300 + "-" * 300])
def test_long_words_break(page: Page, desk: Desk, text: str) -> None:
    page.set_viewport_size({"width": 320, "height": 568})
    say(page, text)
    desk.put(text=text, buttons=[{"title": text[:200], "payload": "p"}])
    answered(page, text[:20].removeprefix("https://www."))
    width, screen = ask_width(page)
    assert width <= screen
    assert page.evaluate("document.getElementById('log').scrollWidth <= document.getElementById('log').clientWidth")


def test_text_from_right_to_left_stands_right(page: Page, desk: Desk) -> None:
    desk.put(text="مرحبا، كيف يمكنني مساعدتك؟\n\nHello.")
    paragraphs = answered(page, "مرحبا").locator(".bubble p")
    assert [one.evaluate("p => getComputedStyle(p).direction") for one in paragraphs.all()] == ["rtl", "ltr"]
    page.fill("#say", "شكرا")
    assert page.locator("#say").evaluate("box => getComputedStyle(box).direction") == "rtl"


def test_days_are_named_in_london(page: Page, desk: Desk) -> None:
    desk.put(text="Summer.", at="2026-07-01T23:30:00Z")
    desk.put(text="Next.", at="2026-07-02T11:00:00Z")
    answered(page, "Next.")
    expect(page.locator(".day").last).to_have_text("Thursday 2 July")
    assert page.locator(".line", has_text="Summer.").locator("time").inner_text() == "12:30am"


VOICE = """
window.spoken = [];
window.SpeechSynthesisUtterance = function (text) { this.text = text; };
Object.defineProperty(window, "speechSynthesis", { value: {
  getVoices: () => [], speak(one) { window.spoken.push(one); }, cancel() { window.spoken.push("cancel"); } } });
"""


def test_listen_reads_a_message_and_its_choices(context: BrowserContext, desk: Desk, address: str) -> None:
    page = context.new_page()
    page.add_init_script(VOICE)
    page.goto(address)
    connected(page)
    say(page, "yes or no")
    card = answered(page, "Shall I book it?")
    card.get_by_role("button", name="Listen").click()
    said = page.evaluate("window.spoken.map(one => [one.text, one.lang])")
    assert said == [["Shall I book it?\nYou can choose: Yes, book it; No.", "en-GB"]]
    card.get_by_role("button", name="Stop").click()
    assert page.evaluate("window.spoken.at(-1)") == "cancel"
    card.get_by_role("button", name="Listen").click()
    page.evaluate("window.spoken.at(-1).onend()")
    expect(card.get_by_role("button", name="Listen")).to_be_visible()


def test_without_a_voice_there_is_no_listen(context: BrowserContext, address: str) -> None:
    page = context.new_page()
    page.add_init_script("delete window.speechSynthesis; delete Window.prototype.speechSynthesis;")
    page.goto(address)
    connected(page)
    expect(page.locator(".line")).to_have_count(1)
    expect(page.get_by_role("button", name="Listen")).to_have_count(0)


def test_a_reader_who_looks_back_is_left_in_peace(page: Page, desk: Desk) -> None:
    for _ in range(4):
        say(page, "long")
    answered(page, "fill the screen")
    expect(page.locator(".own[data-state='answered']")).to_have_count(4)
    page.locator("#log").evaluate("log => { log.scrollTop = 40; }")
    page.evaluate("new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    desk.put(text="News.", **{"from": "worker"})
    expect(page.get_by_role("button", name="New message")).to_be_visible()
    assert page.locator("#log").evaluate("log => log.scrollTop") == 40


def test_an_answer_is_read_from_its_beginning(page: Page) -> None:
    say(page, "long")
    card = answered(page, "fill the screen")
    log = page.locator("#log").bounding_box()
    assert log and card.bounding_box()["y"] >= log["y"]
    expect(page.locator(".own").last).to_be_in_viewport()
