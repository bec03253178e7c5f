"""Two app processes on one database: either serves, each shows what the other did, nobody hears a thing twice."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import expect

from launch.settings import PROJECT
from storage.message import MessageIn
from storage.referral import Referral
from tests.bot.web_page.walk import connected
from tests.journeys.system import System, free_port, wait
from tests.journeys.telegram_person import TelegramPerson
from tests.journeys.test_web import in_person, offers, prove
from tests.journeys.web_person import WebPerson


@pytest.fixture
def second_app(system: System) -> Iterator[str]:
    """The address of one more app, with the settings of the first but for its port."""
    port = free_port()
    given = {**system.server("app").environ(), "PORT": str(port), "PARENT_PID": str(os.getpid())}
    with (system.folder / "second.txt").open("wb") as printed:
        process = subprocess.Popen(
            [sys.executable, "-m", "launch", "app"], cwd=PROJECT, env=given, stdout=printed, stderr=printed
        )
    address = f"http://127.0.0.1:{port}/"

    def serves() -> bool:
        try:
            return httpx.get(f"{address}ready").status_code == 200
        except httpx.HTTPError:
            return False

    try:
        wait(serves, 60, "the second app")
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def test_one_conversation_through_two_apps(
    system: System,
    second_app: str,
    visit: Callable[..., WebPerson],
    in_telegram: Callable[[], TelegramPerson],
    referral: Referral,
) -> None:
    person = visit(system.address)
    prove(person, referral.reference)
    kept = person.page.evaluate("sessionStorage.chat")
    other = visit(second_app)
    other.page.evaluate("kept => { sessionStorage.chat = kept; }", kept)
    other.page.goto("about:blank")
    other.page.add_init_script(f"if (location.origin === {second_app[:-1]!r}) sessionStorage.chat ||= {kept!r};")
    other.page.goto(second_app)
    connected(other.page)
    assert other.lines() == person.lines()

    person.tap("Any time")
    expect(other.message("Which one suits you?")).to_be_visible()
    chosen = in_person(offers(other))
    assert "Shall I book this for you?" in other.tap(chosen)[-1]
    expect(person.message("Shall I book this for you?")).to_be_visible()
    # Both at once: one is the yes, the other comes too late, and there is one place.
    person.press("Yes")
    other.press("Yes")
    person.hear()
    other.hear()
    for page in (person, other):
        expect(page.message("You are booked.")).to_be_visible()
        assert len([line for line in page.lines() if line.startswith("You are booked.\n")]) == 1
    assert len(system.bookings(referral)) == 1

    # Only one of them asks Telegram, and whichever handles a message, it is answered once.
    chat = in_telegram()
    chat.say("/start", "Before you start")
    chat.hear("I can help you book")
    for number in range(4):
        chat.say(f"how much does it cost {number}", "no price is set")
    assert len([text for text in chat.texts() if "no price is set" in text]) == 4
    conversation = system.newest_conversation(referral)
    assert {one.tries for one in system.rows(MessageIn, MessageIn.conversation_id == conversation)} == {1}
    system.check_nothing_lost_or_doubled(conversation)
