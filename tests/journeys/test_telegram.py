"""The same in Telegram: python-telegram-bot as it comes, over HTTP, with all that goes wrong on the way there."""

import re
from collections.abc import Callable

import pytest
from icalendar import Calendar

from storage.conversation import Conversation
from storage.enums import BookingState, Channel, OutState
from storage.handoff import HandoffRequest
from storage.identity import ChannelIdentity, external_lookup
from storage.message import MessageIn, MessageOut
from storage.referral import Referral
from tests.journeys.system import System, wait
from tests.journeys.telegram_person import TelegramPerson
from tests.journeys.test_web import OFFER, check_told, in_person

Begin = Callable[[], TelegramPerson]
NAMED = re.compile(r"\b(drugs?|police|offence|court)\b", re.IGNORECASE)


def offers(person: TelegramPerson) -> list[str]:
    return [title for title in person.titles() if OFFER.match(title)]


def identity(system: System, person: TelegramPerson) -> ChannelIdentity:
    lookup = external_lookup(system.ctx.database.keyring, Channel.TELEGRAM, str(person.chat))
    (found,) = system.rows(ChannelIdentity, ChannelIdentity.external_lookup == lookup)
    return found  # type: ignore[no-any-return]


def prove(person: TelegramPerson, referral: Referral) -> None:
    person.say("/book", "What is your reference?")
    person.say(referral.reference.lower(), "What is your date of birth?")
    person.say("14 march 90", "When or where would suit you?")


def book(person: TelegramPerson) -> str:
    person.tap("Any time", "Which one suits you?")
    chosen = in_person(offers(person))
    person.tap(chosen, "Shall I book this for you?")
    person.tap("Yes", "You are booked.")
    return chosen


def test_from_a_link_to_a_place_moved_and_cancelled(system: System, in_telegram: Begin, referral: Referral) -> None:
    person = in_telegram()
    welcome = person.say(f"/start {system.make_link(referral)}", "Before you start")
    assert "Druglink runs this chat" in welcome
    person.say("/book", "What is your date of birth?")
    assert not any("What is your reference?" in text for text in person.texts())
    person.say("what is it about??", "What is your date of birth?")
    person.say("14/3/90", "When or where would suit you?")
    chosen = book(person)
    confirmation = person.last["text"]
    (booking,) = system.bookings(referral)
    check_told(system, confirmation, booking.course_id)
    assert "bring only yourself" in confirmation
    assert not NAMED.search(confirmation)

    person.hear("add it to your calendar")
    assert person.last["document"]["file_name"].endswith(".ics")
    (event,) = Calendar.from_ical(person.last["content"]).walk("VEVENT")
    first = event["UID"], event.decoded("SEQUENCE")

    check_told(system, person.say("/mybooking", "You are booked"), booking.course_id)
    person.tap("Move it", "When or where would suit you?")
    person.tap("Any time", "Which one suits you?")
    person.tap(in_person([title for title in offers(person) if title != chosen]), "Shall I move your place")
    moved = person.tap("Yes", "Your place has been moved.")
    old, new = system.bookings(referral)
    assert (old.state, new.state) == (BookingState.MOVED, BookingState.ACTIVE)
    check_told(system, moved, new.course_id)
    person.hear("add it to your calendar")
    (event,) = Calendar.from_ical(person.last["content"]).walk("VEVENT")
    assert event["UID"] == first[0]
    assert event.decoded("SEQUENCE") > first[1]

    person.say("cant come, cancel it pls", "Shall I cancel it?")
    person.tap("Yes", "is cancelled, as you asked.")
    assert system.bookings(referral, active=True) == []
    conversation = system.newest_conversation(referral)
    wait(lambda: system.rows(MessageOut, MessageOut.conversation_id == conversation)[-1].state is OutState.DELIVERED)
    system.check_nothing_lost_or_doubled(conversation)


def test_commands_say_what_they_promise(system: System, in_telegram: Begin) -> None:
    person = in_telegram()
    person.say("/start", "Before you start")
    person.hear("I can help you book")
    person.say("/privacy", "Telegram keeps a copy")
    person.say("/help", "/mybooking")
    person.say("/mybooking", "What is your reference?")
    person.say("/stop", "we stop here")
    person.say("/human", "asked a person to come to this chat")
    (conversation,) = system.rows(Conversation, Conversation.identity_id == identity(system, person).id)
    assert len(system.rows(HandoffRequest, HandoffRequest.conversation_id == conversation.id)) == 1
    person.say("whats the course about", "course")  # while a person is awaited it goes on


def test_what_comes_again_or_out_of_order_is_done_once(system: System, in_telegram: Begin, referral: Referral) -> None:
    person = in_telegram()
    api = person.api
    prove(person, referral)
    person.tap("Any time", "Which one suits you?")
    person.tap(in_person(offers(person)), "Shall I book this for you?")
    tapped = api.tap(person.chat, "Yes")
    person.hear("You are booked.")
    person.hear("add it to your calendar")
    api.replay(tapped["update_id"])
    api.hold()
    held = [api.say(person.chat, text)["update_id"] for text in ("when is it", "what do i bring", "is it far")]
    api.release(*reversed(held))
    api.replay(held[0], tapped["update_id"])
    conversation = system.newest_conversation(referral)
    wait(lambda: not api.state()["queue"])
    wait(lambda: len(system.rows(MessageIn, MessageIn.conversation_id == conversation)) >= 9, what="all to be stored")
    wait(lambda: all(one.ended_at for one in system.rows(MessageIn, MessageIn.conversation_id == conversation)))
    rows = sorted(system.rows(MessageIn, MessageIn.conversation_id == conversation), key=lambda one: one.seq)
    assert [one.text for one in rows[-3:]] == ["is it far", "what do i bring", "when is it"]
    assert len({one.channel_message_id for one in rows}) == len(rows) == 9
    assert len([text for text in person.texts() if "You are booked.\n" in text]) == 1
    assert len(system.bookings(referral)) == 1
    system.check_nothing_lost_or_doubled(conversation)


@pytest.mark.parametrize("fault", [{"kind": "429", "retry_after": 1}, {"kind": "500"}, {"kind": "drop"}])
def test_a_confirmation_arrives_whatever_telegram_answers_first(
    system: System, in_telegram: Begin, referral: Referral, fault: dict[str, object]
) -> None:
    person = in_telegram()
    prove(person, referral)
    person.tap("Any time", "Which one suits you?")
    person.tap(in_person(offers(person)), "Shall I book this for you?")
    person.api.fault("sendMessage", **fault, chat_id=person.chat)
    person.tap("Yes", "You are booked.")
    person.hear("add it to your calendar")
    assert len([text for text in person.texts() if "You are booked.\n" in text]) == 1
    assert len(system.bookings(referral)) == 1


def test_somebody_who_blocks_the_bot_keeps_the_place_and_is_noted(
    system: System, in_telegram: Begin, referral: Referral
) -> None:
    person = in_telegram()
    prove(person, referral)
    person.tap("Any time", "Which one suits you?")
    person.tap(in_person(offers(person)), "Shall I book this for you?")
    person.api.hold()
    person.api.tap(person.chat, "Yes")
    person.api.block(person.chat)
    person.api.release()
    wait(lambda: system.bookings(referral, active=True))
    wait(lambda: identity(system, person).blocked_at)
    conversation = system.newest_conversation(referral)

    def given_up() -> bool:
        said = system.rows(MessageOut, MessageOut.conversation_id == conversation)
        return OutState.WAITING not in {one.state for one in said}

    wait(given_up)
    person.say("im back, when was it", "You are booked")  # writing lets the bot in again
    assert identity(system, person).blocked_at is None
    assert len(system.bookings(referral)) == 1
