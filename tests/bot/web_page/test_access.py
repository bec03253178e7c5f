"""Everyone can use it: keyboard alone, screen readers, small screens, zoom, dark and light, axe's rules."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.axe import keeps_the_rules
from tests.bot.web_page.server import Desk
from tests.bot.web_page.walk import answered, ask_width, connected, kept, say, wait_until

SIZES = [(320, 568), (375, 720), (768, 1024), (1280, 800), (640, 400), (320, 256)]  # the last two: zoomed in


def fill(page: Page, desk: Desk) -> None:
    """Brings one of everything on the page."""
    say(page, "book")
    answered(page, "Which one suits you?")
    say(page, "yes or no")
    page.get_by_role("button", name="Yes, book it").click()
    answered(page, "Your place is booked.")
    say(page, "danger")
    answered(page, "call 999 now")
    desk.put(text="Hello, this is Sam.", **{"from": "worker"})
    desk.put(text="Sam has joined.", **{"from": "notice"})
    answered(page, "Sam has joined.")
    desk.refuse_next = [("too_fast", "")]
    say(page, "this fails")
    expect(page.locator(".own .why")).to_be_visible()
    desk.send(type="owner", owner="worker")
    page.fill("#say", "x" * 1900)
    say(page, "yes or no")


@pytest.mark.parametrize(
    ("width", "height", "scheme"), [*((*size, "light") for size in SIZES), (320, 568, "dark"), (1280, 800, "dark")]
)
def test_nothing_sticks_out_and_axe_finds_nothing(
    browser: Browser, desk: Desk, address: str, width: int, height: int, scheme: str
) -> None:
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(address)
    connected(page)
    for step in (lambda: None, lambda: fill(page, desk), lambda: offline(page, desk)):
        step()
        assert ask_width(page)[0] <= width
        keeps_the_rules(page)
        shown = page.locator("#composer").bounding_box()
        assert shown and shown["y"] + shown["height"] <= height + 0.5
        log = page.locator("#log").bounding_box()
        assert log and log["height"] >= height * 0.3
    context.close()


def offline(page: Page, desk: Desk) -> None:
    desk.closed_for_all = True
    desk.drop()
    expect(page.get_by_text("You are not connected.")).to_be_visible()


@pytest.mark.parametrize("width", [320, 1280])
def test_targets_are_big_enough(page: Page, desk: Desk, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 720})
    fill(page, desk)
    boxes = page.evaluate(
        """[...document.querySelectorAll("button, a[href], textarea")]
        .filter(one => one.offsetParent && !one.closest('.bubble') && !one.classList.contains('skip'))
        .map(one => [one.textContent.trim(), one.getBoundingClientRect().width, one.getBoundingClientRect().height])"""
    )
    assert len(boxes) > 12
    assert [box for box in boxes if min(box[1], box[2]) < 43.9] == []


def test_the_page_works_by_keyboard_alone(page: Page, desk: Desk, address: str) -> None:
    def tab_to(text: str) -> None:
        for _ in range(30):
            page.keyboard.press("Tab")
            if text in focused(page):
                return
        raise AssertionError(f"{text} cannot be reached")

    page.keyboard.press("Tab")
    assert focused(page) == "Go to the message box"
    page.keyboard.press("Enter")
    expect(page.locator("#say")).to_be_focused()
    page.keyboard.type("yes or no")
    page.keyboard.press("Enter")
    answered(page, "Shall I book it?")
    assert focused(page) == "say"
    for _ in range(10):
        page.keyboard.press("Shift+Tab")
        if focused(page) == "Yes, book it":
            break
    page.keyboard.press("Enter")
    answered(page, "Your place is booked.")
    # Focus stays on what was chosen; what came of it is next.
    assert "Yes, book it" in focused(page)
    page.keyboard.press("Tab")
    assert "Add to my calendar" in focused(page)
    tab_to("say")
    page.keyboard.type("danger")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    answered(page, "call 999 now")
    assert focused(page) == "say"
    page.reload()
    connected(page)
    tab_to("Leave this page")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/away")
    assert kept(page) == {}


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id === 'say' ? 'say' : document.activeElement.innerText.trim()"))


def test_focus_is_always_to_be_seen(page: Page) -> None:
    say(page, "yes or no")
    answered(page, "Shall I book it?")
    for _ in range(12):
        page.keyboard.press("Tab")
        style = page.evaluate(
            "(() => { const style = getComputedStyle(document.activeElement);"
            " return [document.activeElement.tagName, style.outlineStyle, parseFloat(style.outlineWidth)]; })()"
        )
        assert style[0] == "BODY" or (style[1] != "none" and style[2] >= 2), style


def test_retrying_keeps_the_focus(page: Page, desk: Desk) -> None:
    desk.refuse_next = [("too_fast", ""), ("too_fast", "")]
    say(page, "hello")
    page.get_by_role("button", name="Try again").focus()
    page.keyboard.press("Enter")
    wait_until(page, lambda: not desk.refuse_next)
    expect(page.locator(".own .why")).to_be_visible()
    assert page.evaluate("document.activeElement.closest('.own') !== null")


def test_a_screen_reader_hears_what_is_new_and_not_what_is_old(page: Page, desk: Desk) -> None:
    log = page.get_by_role("log", name="Messages")
    expect(log).to_have_attribute("aria-live", "polite")
    say(page, "hello")
    answered(page, "What can I do for you?")
    expect(page.locator(".own .state")).to_have_attribute("aria-live", "off")
    # While a reload brings back what was said, the log is busy and silent; then it speaks again.
    page.add_init_script(
        """window.silences = [];
        new MutationObserver(() => {
          const log = document.getElementById("log");
          if (log) window.silences.push([log.getAttribute("aria-live"), document.querySelectorAll(".line").length]);
        }).observe(document, { subtree: true, childList: true, attributes: true });"""
    )
    page.reload()
    connected(page)
    expect(log).to_have_attribute("aria-live", "polite")
    filled = [live for live, count in page.evaluate("window.silences") if count == 3]
    assert filled[0] == "off" and filled[-1] == "polite"
    # Each line says whose it is, in words.
    snapshot = log.aria_snapshot()
    assert "You" in snapshot and "Assistant" in snapshot


def test_names_and_roles(page: Page, desk: Desk) -> None:
    say(page, "yes or no")
    answered(page, "Shall I book it?")
    assert page.title() == "Chat"
    expect(page.get_by_role("heading", level=1)).to_have_text("Course booking")
    expect(page.get_by_role("textbox", name="Your message")).to_be_visible()
    expect(page.get_by_role("button", name="Send")).to_be_visible()
    expect(page.get_by_role("group", name="Choose an answer").get_by_role("button")).to_have_count(2)
    expect(page.get_by_role("link", name="Call us on 01923 271 783")).to_be_visible()
    expect(page.get_by_role("button", name="Talk to a person")).to_be_visible()


def test_the_ways_out_stay_on_the_screen_when_zoomed(page: Page) -> None:
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        for role, name in (("link", "Leave this page"), ("link", "Call us on"), ("button", "Talk to a person")):
            expect(page.get_by_role(role, name=name)).to_be_in_viewport(ratio=1)  # type: ignore[arg-type]


def test_bigger_text_alone_does_not_break_it(page: Page, desk: Desk) -> None:
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    page.set_viewport_size({"width": 375, "height": 720})
    fill(page, desk)
    assert ask_width(page)[0] <= 375


def test_nothing_moves_for_those_who_asked(browser: Browser, desk: Desk, address: str) -> None:
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(address)
    connected(page)
    desk.holding = True
    say(page, "hello")
    expect(page.locator("#typing")).to_be_visible()
    assert page.evaluate("document.getAnimations().length") == 0
    context.close()
