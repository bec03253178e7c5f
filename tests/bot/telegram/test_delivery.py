"""Out of the outbox: in order, once where Telegram lets us know, later where it asks for that, and danger first."""

import time
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlmodel import select

from bot.telegram.delivery import KEPT_FOR_FIRST, MOST_AT_ONCE
from programme.answers import Situation
from storage.enums import OutState, Sender
from storage.message import MessageOut, add_out
from storage.paper import Paper
from tests.bot.telegram.conftest import ROBIN, SAM, Bench
from tests.builders import a_booking, a_course, a_referral


async def begin(bench: Bench, chat: int = SAM) -> None:
    bench.api.say(chat, "hello")
    await bench.hears(chat, "You said: hello")
    await bench.until(lambda: all(row.state is OutState.DELIVERED for row in bench.sent()))


async def test_messages_go_out_in_order(bench: Bench) -> None:
    await begin(bench)
    for number in range(8):
        await bench.tell(f"number {number}")
    await bench.hears(SAM, "number 7")
    assert bench.api.texts(SAM)[1:] == [f"You said: number {number}" for number in range(8)]


async def test_a_flood_limit_is_waited_for_and_order_is_kept(bench: Bench) -> None:
    await begin(bench)
    bench.api.fault("sendMessage", "429", retry_after=5, chat_id=SAM)
    began = time.monotonic()
    await bench.tell("first")
    await bench.tell("second")
    bench.api.say(ROBIN, "me too")
    await bench.hears(ROBIN, "You said: me too")
    assert time.monotonic() - began < 5, "another chat waited too"
    await bench.hears(SAM, "second")
    assert time.monotonic() - began >= 5
    assert bench.api.texts(SAM)[1:] == ["You said: first", "You said: second"]


async def test_two_flooded_chats_hold_everything(bench: Bench) -> None:
    await begin(bench)
    bench.api.fault("sendMessage", "429", retry_after=2, chat_id=SAM)
    bench.api.fault("sendMessage", "429", retry_after=2, chat_id=ROBIN)
    bench.api.say(SAM, "one")
    bench.api.say(ROBIN, "two")
    await bench.until(lambda: [call["code"] for call in bench.api.calls("sendMessage")].count(429) == 2)
    began = time.monotonic()
    bench.api.say(5003, "three")
    await bench.hears(5003, "three")
    assert time.monotonic() - began >= 1.5
    await bench.hears(SAM, "one")
    await bench.hears(ROBIN, "two")


async def test_while_everything_is_held_danger_still_goes_out(bench: Bench) -> None:
    for chat in (SAM, ROBIN):
        bench.api.fault("sendMessage", "429", retry_after=6, chat_id=chat)
        bench.api.say(chat, "hello")
    await bench.until(lambda: [call["code"] for call in bench.api.calls("sendMessage")].count(429) == 2)
    began = time.monotonic()
    bench.api.say(5003, "three")
    bench.api.say(5004, "i have taken an overdose")
    await bench.hears(5004, "999", seconds=5)
    assert time.monotonic() - began < 5
    assert bench.api.heard(5003) == []
    await bench.hears(5003, "three")


async def test_however_many_sends_are_slow_danger_finds_a_free_one(bench: Bench) -> None:
    crowd = range(6000, 6040)
    for chat in crowd:
        bench.api.fault("sendMessage", "slow", seconds=6, chat_id=chat)
        bench.api.say(chat, "hello")
    await bench.until(lambda: len(bench.channel._delivery._sending) >= MOST_AT_ONCE - KEPT_FOR_FIRST)
    bench.api.say(SAM, "i have taken an overdose")
    await bench.hears(SAM, "999", seconds=3)


@pytest.mark.parametrize("kind", ["500", "502", "drop"])
async def test_a_failure_is_tried_again(bench: Bench, kind: str) -> None:
    await begin(bench)
    bench.api.fault("sendMessage", kind, times=2)
    await bench.tell("at last")
    await bench.hears(SAM, "at last")
    assert len(bench.api.heard(SAM)) == 2


async def test_an_answer_that_was_lost_may_repeat_a_text_and_only_that(bench: Bench) -> None:
    bench.api.fault("sendMessage", "drop_after")
    bench.api.say(SAM, "hello")
    await bench.until(lambda: len(bench.api.heard(SAM)) == 2)
    await bench.until(lambda: bench.sent()[0].state is OutState.DELIVERED)
    assert bench.dialogue.texts == ["hello"]


async def test_a_blocked_person_is_noticed_and_not_tried_again(bench: Bench) -> None:
    await begin(bench)
    bench.api.fault("sendMessage", "slow", seconds=0)
    bench.api.block(SAM)
    await bench.tell("are you there?")
    await bench.until(lambda: bench.sent()[-1].state is OutState.BLOCKED)
    assert bench.identity().blocked_at
    tries = len(bench.api.calls("sendMessage"))
    await bench.settled()
    assert len(bench.api.calls("sendMessage")) == tries
    bench.api.say(SAM, "back again")
    await bench.hears(SAM, "You said: back again")
    assert bench.identity().blocked_at is None


async def test_what_telegram_refuses_is_given_up(bench: Bench) -> None:
    await begin(bench)
    identity = bench.identity()
    with bench.ctx.database.writing() as session:
        identity = session.merge(identity)
        identity.external = "999999"  # a chat that is not there
    await bench.tell("nobody")
    await bench.until(lambda: bench.sent()[-1].state is OutState.FAILED)
    assert bench.sent()[-1].failure == "BadRequest"


async def test_danger_goes_before_what_waits(bench: Bench) -> None:
    await begin(bench)
    bench.api.fault("sendMessage", "429", retry_after=3)
    await bench.tell("ordinary")
    await bench.until(lambda: bench.sent()[-1].failure == "flood")
    await bench.tell("danger", first=True)
    await bench.hears(SAM, "danger", seconds=2)
    await bench.hears(SAM, "ordinary")


async def test_link_previews_are_off(bench: Bench) -> None:
    await begin(bench)
    assert bench.api.heard(SAM)[0]["link_preview_options"] == {"is_disabled": True}


async def test_a_worker_is_plainly_a_person(bench: Bench) -> None:
    await begin(bench)
    conversation_id = bench.conversation().id
    with bench.ctx.database.writing() as session:
        now = bench.ctx.clock()
        words = MessageOut(
            id=bench.ctx.new_id(),
            conversation_id=conversation_id,
            sender=Sender.WORKER,
            text="Hi {there}, it is Jo.",
            created_at=now,
            next_try_at=now,
        )
        add_out(session, words)
    message = await bench.hears(SAM, "Hi {there}, it is Jo.")
    assert message["text"].startswith("From a person in our team:")


async def test_a_confirmation_brings_its_calendar_file_and_a_second_try_repeats_no_text(bench: Bench) -> None:
    await begin(bench)
    database = bench.ctx.database
    course = a_course(database, starts_at=bench.ctx.clock() + timedelta(days=9))
    booking = a_booking(database, a_referral(database), course)
    bench.api.fault("sendDocument", "500", times=1)
    await bench.tell("booked", attachment=f"calendar:{booking.calendar_token}")
    sent = await bench.hears(SAM, "add it to your calendar")
    assert sent["document"]["file_name"] == "booking.ics"
    assert sent["content"].startswith("BEGIN:VCALENDAR")
    assert booking.calendar_uid in sent["content"]
    await bench.until(lambda: bench.sent()[-1].state is OutState.DELIVERED)
    assert bench.api.texts(SAM).count("You said: booked") == 1


async def test_a_proof_of_booking_follows_where_its_code_leads_somewhere(bench: Bench) -> None:
    await begin(bench)
    database = bench.ctx.database
    course = a_course(database, starts_at=bench.ctx.clock() + timedelta(days=9))
    booking = a_booking(database, a_referral(database), course)
    delivery = bench.channel._delivery
    delivery._ctx = replace(bench.ctx, found_at="https://chat.example.org")
    bench.api.fault("sendDocument", "500", times=1)
    await bench.tell("booked", attachment=f"calendar:{booking.calendar_token}")
    sent = await bench.hears(SAM, "shows others that you have a place")
    assert sent["document"]["file_name"] == "proof-of-booking.pdf"
    assert sent["content"].startswith("%PDF")
    assert [each["document"]["file_name"] for each in bench.api.heard(SAM) if "document" in each] == [
        "booking.ics", "proof-of-booking.pdf",
    ]  # fmt: skip
    with database.reading() as session:
        assert [row.booking_id for row in session.exec(select(Paper))] == [booking.id]


async def test_a_long_text_goes_out_in_parts_with_the_buttons_last(bench: Bench) -> None:
    await begin(bench)
    await bench.tell("word " * 1499 + "word")
    await bench.until(lambda: bench.sent()[-1].state is OutState.DELIVERED)
    pieces = bench.api.texts(SAM)[1:]
    assert len(pieces) == 2
    assert " ".join(pieces) == "You said: " + "word " * 1499 + "word"


async def test_what_we_say_unasked_names_neither_drugs_nor_police(bench: Bench) -> None:
    """All that this channel says of itself; the welcome alone says who runs the chat, and answers /start."""
    answers = bench.ctx.answers
    own = [name for name in answers.names() if name.startswith(("notice_cannot", "notice_too", "notice_group"))]
    own += ["notice_button_gone", "notice_telegram_help", "notice_telegram_privacy"]
    assert len(own) > 12
    for name in own:
        said = answers.render(name, {}, Situation("telegram"), {}, date(2026, 12, 1))
        words = " ".join([said.text, *(button.title for button in said.buttons)]).lower()
        assert said.answer == name
        assert not any(word in words for word in ("drug", "police", "court", "offence"))
