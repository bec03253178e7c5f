"""What goes wrong while a worker helps: browsers that close, an app that is killed, danger, and words not meant for the
person. Nothing is lost, nothing doubled, and nothing told that is for the team."""

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from programme import handoff
from storage.case import Case
from storage.conversation import Conversation
from storage.enums import Channel, Owner
from storage.identity import ChannelIdentity, external_lookup
from storage.message import MessageOut
from storage.note import Note
from storage.referral import Referral
from tests.bot.web_page.walk import connected
from tests.journeys.desk import ASK, ask_for_a_person, came, read, said_by_workers
from tests.journeys.system import System, wait
from tests.journeys.telegram_person import TelegramPerson
from tests.journeys.web_person import WebPerson
from tests.journeys.worker import Worker

Visit = Callable[..., WebPerson]
SignIn = Callable[..., Worker]
BACK_SECONDS = 60.0
AT_ONCE = 5.0
SECRET = "Ring his sister first, not him."
DANGER = "i cant do this i want to kill myself"


def test_a_closed_browser_loses_neither_the_conversation_nor_the_draft(
    system: System, visit: Visit, sign_in: SignIn, referral: Referral
) -> None:
    person = visit(system.address)
    conversation = ask_for_a_person(system, person, referral)
    wren = sign_in(system, "Wren")
    wren.begin_shift()
    wren.take(conversation)
    wren.draft.press_sequentially("Thursday at six is")
    expect(wren.page.get_by_text("Draft kept")).to_be_visible()
    wren.lose_browser()
    assert person.say("are you still there") == []
    assert handoff.owner(system.ctx, conversation) is Owner.WORKER
    again = sign_in(system, account=wren.account)
    again.go("mine")
    again.look("mine")
    again.page.locator(f'a[href="/console/conversations/{conversation}"]').first.click()
    again.sees("are you still there")
    expect(again.draft).to_have_value("Thursday at six is")
    again.draft.press("End")
    again.draft.press_sequentially(" free.")
    again.send_button.click()
    read(person, "Thursday at six is free.")
    assert said_by_workers(system, conversation) == ["Thursday at six is free."]


@pytest.mark.parametrize("moment", ["while they write", "as they send"])
def test_an_app_killed_in_the_middle_loses_and_doubles_nothing(
    system: System, visit: Visit, sign_in: SignIn, referral: Referral, moment: str
) -> None:
    person = visit(system.address)
    conversation = ask_for_a_person(system, person, referral)
    wren = sign_in(system, "Wren")
    wren.begin_shift()
    wren.take(conversation)
    wren.reply("One moment.")
    before = len(came(system, conversation))
    wren.draft.fill("It is at six.")
    if moment == "as they send":
        dying = system.server("app")
        wren.send_button.click(no_wait_after=True)
        person.send("is it at six")
        dying.kill()
    else:
        system.kill("app")
        person.send("is it at six")
        wren.send_button.click(no_wait_after=True)
    person.hear(BACK_SECONDS)
    system.wait_until_ready()

    def sent_in_the_end() -> bool:
        if wren.draft.input_value():
            wren.send_button.click()
        wren.page.wait_for_timeout(500)
        return not wren.draft.input_value()

    wait(sent_in_the_end, BACK_SECONDS, "the worker's reply to be sent")
    read(person, "It is at six.")
    wren.sees("is it at six")
    assert said_by_workers(system, conversation) == ["One moment.", "It is at six."]
    assert came(system, conversation)[before:] == ["is it at six"]
    assert [line for line in person.lines() if line == "It is at six."] == ["It is at six."]
    assert handoff.owner(system.ctx, conversation) is Owner.WORKER
    assert person.say("thanks") == []
    wren.sees("thanks")


def test_notes_stay_with_the_team(
    system: System,
    visit: Visit,
    in_telegram: Callable[[], TelegramPerson],
    sign_in: SignIn,
    referral: Referral,
) -> None:
    person, phone = visit(system.address), in_telegram()
    frames: list[str] = []
    person.page.on("websocket", lambda line: line.on("framereceived", lambda data: frames.append(str(data))))
    person.page.reload()
    connected(person.page)
    conversation = ask_for_a_person(system, person, referral)
    phone.say(ASK, "I have asked a person to come to this chat")
    lookup = external_lookup(system.ctx.database.keyring, Channel.TELEGRAM, str(phone.chat))
    (identity,) = system.rows(ChannelIdentity, ChannelIdentity.external_lookup == lookup)
    (other,) = system.rows(Conversation, Conversation.identity_id == identity.id)
    wren = sign_in(system, "Wren")
    wren.begin_shift()
    for chat in (conversation, other.id):
        wren.go("waiting")
        wren.take(chat)
        wren.note(SECRET)
        wren.page.get_by_label("Note").press("Control+Enter")
        wren.reply("Hello.")
        wren.page.get_by_label("In short, for colleagues").fill(SECRET)
        wren.hand_back("answered")
    read(person, "You are back with me, the computer.")
    phone.hear("You are back with me, the computer.")
    person.say("thanks")
    phone.say("how much does it cost", "no price is set")
    assert len(system.rows(Note, Note.conversation_id == conversation)) == 1
    assert any("Hello." in frame for frame in frames)
    told = [*frames, *person.lines(), *phone.texts(), *(row.text for row in system.rows(MessageOut))]
    assert not [text for text in told if "sister" in text]
    person.page.reload()
    connected(person.page)
    read(person, "Hello.")
    assert not [text for text in [*frames, *person.lines()] if "sister" in text]


def test_danger_while_a_worker_writes_brings_the_card_and_puts_the_case_on_top(
    system: System, visit: Visit, sign_in: SignIn, referral: Referral, other_referral: Referral
) -> None:
    person, other = visit(system.address), visit(system.address)
    conversation = ask_for_a_person(system, person, referral)
    second = ask_for_a_person(system, other, other_referral)
    wren = sign_in(system, "Wren")
    wren.begin_shift()
    wren.take(second)
    wren.go("waiting")
    wren.take(conversation)
    wren.draft.press_sequentially("I can look for", delay=100)  # as a person types
    expect(person.page.locator("#typing")).to_be_visible()
    began = time.monotonic()
    person.send(DANGER)
    card = person.page.locator(".line.danger")
    expect(card).to_contain_text("116 123")
    assert time.monotonic() - began < AT_ONCE
    wren.sees(DANGER)
    expect(wren.page.locator("#cases")).to_contain_text("May want to die")
    expect(wren.page.locator("#state")).to_contain_text("Danger")
    expect(wren.draft).to_have_value("I can look for")
    wren.look("danger")
    other.send("and one more thing")  # newer, and not before it
    wait(lambda: not system.unended())
    wren.go("mine")
    first = wren.page.locator("#mine li.waiter").first
    expect(first).to_have_id(f"row-{conversation}")
    expect(first).to_contain_text("Danger")
    wren.go(f"conversations/{conversation}")
    wren.draft.fill("I am here. Are you safe right now?")
    wren.send_button.click()
    read(person, "Are you safe right now?")
    assert len([line for line in person.lines() if "116 123" in line]) == 1
    (case,) = system.rows(Case, Case.conversation_id == conversation)
    assert (case.reason, case.closed_at) == ("risk_of_suicide", None)
