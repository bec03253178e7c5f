"""Nothing lost, nothing twice: sending, broken lines, reloads, refusals."""

from playwright.sync_api import BrowserContext, Page, expect

from tests.bot.web_page.server import Desk
from tests.bot.web_page.walk import answered, connected, kept, lines, say, wait_until

WELCOME = "Hello. What would you like to do?"


def hellos(desk: Desk) -> int:
    """How often the page has begun a line."""
    return sum(frame["type"] == "hello" for frame in desk.session.frames)


def test_a_message_is_shown_sent_and_answered(page: Page, desk: Desk) -> None:
    say(page, "hello")
    answered(page, "What can I do for you?")
    assert lines(page) == [WELCOME, "> hello", "Hello. What can I do for you?"]
    expect(page.locator(".own[data-state='answered']")).to_have_count(1)
    assert desk.session.said == ["hello"]
    assert page.input_value("#say") == ""


def test_sending_and_sent_are_shown(page: Page, desk: Desk) -> None:
    desk.holding = True
    say(page, "hello")
    expect(page.locator(".own .state")).to_have_text("Sent")
    expect(page.locator("#typing")).to_be_visible()
    desk.holding = False
    answered(page, "What can I do for you?")
    expect(page.locator("#typing")).to_be_hidden()


def test_a_line_that_breaks_before_accepted_is_sent_again_under_the_same_id(page: Page, desk: Desk) -> None:
    desk.lose_next = 1
    say(page, "hello")
    expect(page.locator(".own[data-state='answered']")).to_have_count(1)
    sent = [frame["id"] for frame in desk.session.frames if frame["type"] == "say"]
    assert len(sent) == 2 and len(set(sent)) == 1
    assert desk.session.said == ["hello"]
    assert lines(page) == [WELCOME, "> hello", "Hello. What can I do for you?"]


def test_what_is_written_while_the_line_is_down_goes_out_in_order(page: Page, desk: Desk) -> None:
    page.evaluate("Math.random = () => 10000")  # its own next try is hours away: it is the button that connects again
    desk.closed_for_all = True
    desk.drop()
    expect(page.get_by_text("You are not connected.")).to_be_visible()
    for text in ("one", "two", "three"):
        say(page, text)
    expect(page.locator(".own[data-state='sending']")).to_have_count(3)
    expect(page.locator(".own .state").first).to_contain_text("Not sent yet")
    desk.closed_for_all = False
    page.get_by_role("button", name="Try now").click()
    answered(page, "You said: three")
    assert desk.session.said == ["one", "two", "three"]
    expect(page.get_by_text("You are not connected.")).to_be_hidden()


def test_messages_that_came_while_the_line_was_down_come_once_and_in_order(page: Page, desk: Desk) -> None:
    say(page, "two")
    answered(page, "Second part.")
    desk.drop()
    desk.put(text="While you were away.", **{"from": "worker"})
    answered(page, "While you were away.")
    connected(page)
    desk.drop()
    desk.put(text="And again.", **{"from": "worker"})
    answered(page, "And again.")
    assert lines(page) == [WELCOME, "> two", "First part.", "Second part.", "While you were away.", "And again."]
    assert [frame["last_seen"] for frame in desk.session.frames if frame["type"] == "hello"] == [None, "m3", "m4"]


def test_a_message_sent_twice_is_shown_once(page: Page, desk: Desk) -> None:
    say(page, "hello")
    answered(page, "What can I do for you?")
    desk.send(**desk.session.messages[-1])
    desk.put(text="Last.")
    answered(page, "Last.")
    assert lines(page) == [WELCOME, "> hello", "Hello. What can I do for you?", "Last."]


def test_a_reload_goes_on_without_losing_or_repeating_a_line(page: Page, desk: Desk) -> None:
    say(page, "book")
    answered(page, "Which one suits you?")
    say(page, "hello")
    answered(page, "What can I do for you?")
    page.fill("#say", "half a sen")
    before = lines(page)
    page.reload()
    connected(page)
    assert lines(page) == before
    assert page.input_value("#say") == "half a sen"
    say(page, "two")
    answered(page, "Second part.")
    assert lines(page) == [*before, "> two", "First part.", "Second part."]
    assert desk.asked == 1


def test_unsent_messages_outlive_a_reload(page: Page, desk: Desk) -> None:
    desk.swallow_next = 1
    say(page, "hello")
    expect(page.locator(".own[data-state='sending']")).to_have_count(1)
    wait_until(page, lambda: not desk.swallow_next)
    page.reload()
    answered(page, "What can I do for you?")
    assert desk.session.said == ["hello"]
    assert lines(page) == [WELCOME, "> hello", "Hello. What can I do for you?"]


def test_a_reload_in_mid_turn_still_gets_the_answer(page: Page, desk: Desk) -> None:
    desk.holding = True
    say(page, "hello")
    expect(page.locator(".own .state")).to_have_text("Sent")
    page.reload()
    connected(page)
    desk.holding = False
    answered(page, "What can I do for you?")
    expect(page.locator("#typing")).to_be_hidden()
    assert lines(page) == [WELCOME, "> hello", "Hello. What can I do for you?"]


def test_another_tab_and_another_visit_know_nothing(
    page: Page, desk: Desk, context: BrowserContext, address: str
) -> None:
    say(page, "my secret")
    answered(page, "You said: my secret")
    other = context.new_page()
    other.goto(address)
    connected(other)
    expect(other.locator(".line")).to_have_count(1)
    assert "secret" not in other.content()
    assert len(desk.sessions) == 2
    assert other.evaluate("localStorage.length") == 0 and context.cookies() == []


def test_after_half_an_hour_away_a_reload_shows_nothing(page: Page, desk: Desk) -> None:
    say(page, "my secret")
    answered(page, "You said: my secret")
    expect(page.locator(".own[data-state='answered']")).to_have_count(1)  # nothing more comes that would renew it
    page.evaluate(
        "() => { const kept = JSON.parse(sessionStorage.chat); kept.at -= 31 * 60000;"
        " sessionStorage.chat = JSON.stringify(kept); }"
    )
    page.reload()
    connected(page)
    expect(page.locator(".line")).to_have_count(1)
    assert "secret" not in page.content()
    assert len(desk.sessions) == 2


def test_a_refused_message_says_why_and_goes_again_under_the_same_id(page: Page, desk: Desk) -> None:
    desk.refuse_next = [("too_fast", "")]
    say(page, "hello")
    expect(page.locator(".own .why")).to_contain_text("Not sent. That was a lot of messages at once.")
    expect(page.locator("#alarm")).to_contain_text("Not sent.")
    page.get_by_role("button", name="Try again").click()
    answered(page, "What can I do for you?")
    sent = [frame["id"] for frame in desk.session.frames if frame["type"] == "say"]
    assert len(sent) == 2 and len(set(sent)) == 1
    expect(page.locator(".own .why")).to_have_count(0)


def test_the_servers_own_words_for_an_error_are_shown(page: Page, desk: Desk) -> None:
    desk.refuse_next = [("unavailable", "We are closed for a minute.")]
    say(page, "hello")
    expect(page.locator(".own .why")).to_contain_text("Not sent. We are closed for a minute.")


def test_a_message_that_can_never_go_can_be_changed(page: Page, desk: Desk) -> None:
    desk.refuse_next = [("too_long", "")]
    say(page, "hello but long")
    expect(page.locator(".own .why")).to_contain_text("too long")
    expect(page.get_by_role("button", name="Try again")).to_have_count(0)
    page.get_by_role("button", name="Change it").click()
    expect(page.locator("#say")).to_be_focused()
    assert page.input_value("#say") == "hello but long"
    assert lines(page) == [WELCOME]


def test_a_failed_message_stays_failed_after_a_reload(page: Page, desk: Desk) -> None:
    desk.refuse_next = [("too_fast", "")]
    say(page, "hello")
    expect(page.locator(".own .why")).to_be_visible()
    page.reload()
    connected(page)
    expect(page.locator(".own .why")).to_be_visible()
    page.get_by_role("button", name="Try again").click()
    answered(page, "What can I do for you?")
    assert desk.session.said == ["hello"]


def test_a_dead_line_is_noticed_and_replaced(page: Page, desk: Desk) -> None:
    page.clock.install()
    desk.swallow_next = 1
    say(page, "hello")
    wait_until(page, lambda: not desk.swallow_next)
    page.clock.run_for(5000)  # an answer may take its time
    assert hellos(desk) == 1
    page.clock.run_for(3000)
    answered(page, "What can I do for you?")
    assert hellos(desk) == 2
    assert desk.session.said == ["hello"]


def test_a_session_that_the_server_does_not_know_becomes_a_new_one(page: Page, desk: Desk) -> None:
    say(page, "my secret")
    answered(page, "You said: my secret")
    desk.closed_for_all = True
    desk.drop()
    say(page, "not sent yet")
    desk.sessions.clear()
    desk.closed_for_all = False
    expect(page.locator("#say")).to_have_value("not sent yet")
    connected(page)
    expect(page.locator(".line")).to_have_count(1)
    expect(page.get_by_text("The last chat on this page has ended").first).to_be_visible()
    assert "secret" not in page.content() and "secret" not in str(kept(page))
    page.press("#say", "Enter")
    answered(page, "You said: not sent yet")


def test_an_error_without_an_id_is_shown(page: Page, desk: Desk) -> None:
    desk.send(type="error", code="unavailable", text="")
    expect(page.locator("#banner")).to_contain_text("We could not take that just now.")


def test_no_server_at_first_then_one(context: BrowserContext, desk: Desk, address: str) -> None:
    desk.closed_for_all = True
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector("body[data-ready='true']")
    say(page, "hello")
    expect(page.get_by_text("You are not connected.")).to_be_visible()
    desk.closed_for_all = False
    answered(page, "What can I do for you?")
    assert desk.session.said == ["hello"]


def test_it_comes_back_later_each_time_and_by_chance(context: BrowserContext, desk: Desk, address: str) -> None:
    """The waits themselves are looked at: how long they last on a busy machine says nothing about the page."""
    desk.closed_for_all = True
    page = context.new_page()
    page.add_init_script(
        "window.waits = []; const later = setTimeout;"
        " window.setTimeout = (run, wait) => later(run, wait, window.waits.push(wait));"
    )
    page.goto(address)
    wait_until(page, lambda: desk.asked == 4)
    waits = [wait for wait in page.evaluate("window.waits") if wait and wait % 1]  # by chance, and so never whole
    assert len(waits) >= 3
    for number, wait in enumerate(waits):
        assert 250 * 2**number <= wait <= 500 * 2**number
    assert len({wait / 2**number for number, wait in enumerate(waits)}) > 1
