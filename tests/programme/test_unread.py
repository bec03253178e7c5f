"""What waits on a page that nobody opens: a worker hears of it after a day, once."""

import json

import pytest

from programme import outbox, timers
from programme.context import Context
from programme.outbox import Reply
from storage import message as messages
from storage.case import Case
from storage.conversation import Conversation
from storage.enums import CaseReason, Channel, OutState, Sender
from storage.message import MessageOut
from storage.row import lock_one
from tests.builders import a_referral
from tests.conftest import Clock
from tests.programme.desk import open_cases, proved


def written(ctx: Context, conversation_id: str, **given: object) -> str:
    values = {"sender": Sender.WORKER, "text": "I have looked at it.", "created_at": ctx.clock()}
    with ctx.database.writing() as session:
        row = MessageOut(id=ctx.new_id(), conversation_id=conversation_id, **values | given)
        return messages.add_out(session, row).id


def unread(ctx: Context) -> list[Case]:
    return [row for row in open_cases(ctx) if row.reason is CaseReason.NOT_DELIVERED]


def test_a_workers_words_that_nobody_opened_are_a_case_after_a_day_and_only_once(ctx: Context, clock: Clock) -> None:
    chat = proved(ctx, a_referral(ctx.database))
    first, second = written(ctx, chat), written(ctx, chat, text="Please ring us.")
    clock.forward(hours=23)
    timers.tick(ctx)
    assert unread(ctx) == []
    clock.forward(hours=2)
    timers.tick(ctx)
    (case,) = unread(ctx)
    assert case.conversation_id == chat
    with ctx.database.writing() as session:
        row = session.get_one(Case, case.id)
        row.closed_at = clock()
        session.add(row)
    clock.forward(days=2)
    timers.tick(ctx)
    assert unread(ctx) == []
    outbox.mark_seen(ctx, chat, second)  # they open it after all: both are shown
    with ctx.database.reading() as session:
        states = {session.get_one(MessageOut, key).state for key in (first, second)}
    assert states == {OutState.DELIVERED}


def test_that_we_cancelled_their_session_is_a_case_after_two_hours(ctx: Context, clock: Clock) -> None:
    chat = proved(ctx, a_referral(ctx.database))
    written(ctx, chat, sender=Sender.ASSISTANT, answer="notice_called_off_none")
    clock.forward(minutes=119)
    timers.tick(ctx)
    assert unread(ctx) == []
    clock.forward(minutes=1)
    timers.tick(ctx)
    (case,) = unread(ctx)
    assert json.loads(case.detail or "")["why"] == "called_off"


def test_what_was_seen_and_what_is_not_for_a_page_is_no_case(ctx: Context, clock: Clock) -> None:
    seen, phone = (proved(ctx, a_referral(ctx.database, reference=each)) for each in ("TVP1A2C34", "TVP1A2C35"))
    outbox.mark_seen(ctx, seen, written(ctx, seen))
    with ctx.database.writing() as session:
        chat = session.get_one(Conversation, phone)
        chat.channel = Channel.TELEGRAM
        session.add(chat)
    written(ctx, phone)
    clock.forward(days=2)
    timers.tick(ctx)
    assert unread(ctx) == []


def test_a_place_that_was_booked_for_them_is_no_place_until_they_know_of_it(ctx: Context, clock: Clock) -> None:
    chat = proved(ctx, a_referral(ctx.database))
    written(ctx, chat, sender=Sender.NOTICE, answer="notice_booked_online", text="You are booked.")
    clock.forward(hours=25)
    timers.tick(ctx)
    (case,) = unread(ctx)
    assert case.conversation_id == chat


@pytest.mark.parametrize(
    ("answer", "cases"), [("notice_nobody_came", 1), ("notice_place_gone", 1), ("notice_assistant_back", 0)]
)
def test_of_notices_those_that_matter_afterwards(ctx: Context, clock: Clock, answer: str, cases: int) -> None:
    chat = proved(ctx, a_referral(ctx.database))
    with ctx.database.writing() as session:
        outbox.say(session, ctx, lock_one(session, Conversation, chat), [Reply(answer)])
    clock.forward(hours=25)
    timers.tick(ctx)
    timers.tick(ctx)
    assert len(unread(ctx)) == cases
