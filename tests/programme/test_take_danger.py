"""While a worker has it and after: who takes it again, danger, what arrives too late, typing, and the queue's order."""

from datetime import date, timedelta

import pytest

from programme import conversation as conversations
from programme import handoff, outbox, queue, reply, shift
from programme import turn as turns
from programme.context import Context
from programme.handoff import NotAllowedError, NotOnShiftError, NotYoursError, WaitsForColleagueError
from programme.outbox import Reply
from storage.conversation import Conversation
from storage.enums import CaseReason, HandoffState, OutState, Owner, TurnEnd, Urgency
from storage.message import MessageIn, MessageOut
from storage.row import lock_one
from tests.builders import NOW, a_referral, a_setting
from tests.conftest import Clock
from tests.programme.desk import open_cases, opened, proved, told
from tests.programme.taking import says
from tests.programme.workers import at_work, request_of, row_of, taken


def test_closed_and_written_again_soon_it_waits_for_the_same_worker(ctx: Context, clock: Clock) -> None:
    worker, other = at_work(ctx), at_work(ctx, "Robin Reader")
    chat = taken(ctx, worker)
    handoff.close(ctx, chat, worker, "answered")
    clock.forward(hours=23)
    shift.beat(ctx, worker)
    says(ctx, chat)
    says(ctx, chat)
    assert handoff.owner(ctx, chat) is Owner.QUEUED
    assert told(ctx, chat)[-1] == "notice_same_worker"
    assert told(ctx, chat).count("notice_same_worker") == 1
    (row,) = queue.waiting(ctx)
    assert row.wanted_by == "Wren Worker"
    with pytest.raises(WaitsForColleagueError):
        handoff.take(ctx, chat, other)
    assert handoff.owner(ctx, chat) is Owner.QUEUED
    assert handoff.take(ctx, chat, worker).won


@pytest.mark.parametrize("why", ["ten minutes", "off shift", "danger"])
def test_anybody_may_take_it_when_that_worker_cannot(ctx: Context, clock: Clock, why: str) -> None:
    worker, other = at_work(ctx), at_work(ctx, "Robin Reader")
    chat = taken(ctx, worker)
    handoff.close(ctx, chat, worker)
    says(ctx, chat)
    if why == "ten minutes":
        clock.forward(minutes=10)
    elif why == "off shift":
        shift.end(ctx, worker)
    else:
        says(ctx, chat, "i want to die", "risk_of_suicide")
    assert handoff.take(ctx, chat, other).won


def test_written_again_long_after_it_is_the_assistants(ctx: Context, clock: Clock) -> None:
    a_setting(ctx.database, "same_worker_hours", "2")
    worker = at_work(ctx)
    chat = taken(ctx, worker)
    handoff.close(ctx, chat, worker)
    clock.forward(hours=2, minutes=1)
    says(ctx, chat)
    assert handoff.owner(ctx, chat) is Owner.BOT


def test_handed_back_is_not_done_for_the_person_the_assistant_goes_on(ctx: Context) -> None:
    worker = at_work(ctx)
    chat = taken(ctx, worker)
    handoff.hand_back(ctx, chat, worker)
    says(ctx, chat)
    assert handoff.owner(ctx, chat) is Owner.BOT


def test_what_was_settled_by_phone_is_closed_without_taking_it(ctx: Context) -> None:
    worker, chat = at_work(ctx), opened(ctx)
    handoff.ask(ctx, chat, "request_human")
    handoff.close(ctx, chat, worker, "called")
    assert (handoff.owner(ctx, chat), told(ctx, chat)) == (Owner.BOT, [])
    assert (request_of(ctx.database, chat).outcome, queue.waiting(ctx)) == ("called", [])


def test_an_answer_that_comes_after_a_worker_took_it_is_not_said(ctx: Context) -> None:
    """Nobody is talked over: the worker was there while the dialogue still thought."""
    chat, worker = opened(ctx), at_work(ctx)
    turn_id = says(ctx, chat, "what does it cost?")
    turn = turns.begin_turn(ctx, chat)
    assert turn is not None
    handoff.take(ctx, chat, worker)
    turns.end_turn(ctx, turn, TurnEnd.ANSWERED, [Reply("utter_greet")], {"intent": {"name": "greet"}})
    assert told(ctx, chat) == ["notice_worker_here"]
    with ctx.database.reading() as session:
        assert session.get_one(MessageIn, turn_id).ended_as is TurnEnd.LEFT_TO_WORKER


def test_danger_that_the_dialogue_saw_is_answered_while_a_worker_has_it(ctx: Context) -> None:
    worker = at_work(ctx)
    chat = taken(ctx, worker)
    says(ctx, chat, "i cant go on like this")
    turn = turns.begin_turn(ctx, chat)
    assert turn is not None
    turns.end_turn(ctx, turn, TurnEnd.LEFT_TO_WORKER, (), {"intent": {"name": "risk_of_suicide", "confidence": 0.9}})
    assert told(ctx, chat)[-1] == "utter_danger_risk_of_suicide"
    row = request_of(ctx.database, chat)
    assert (row.urgency, row.state, handoff.owner(ctx, chat)) == (Urgency.DANGER, HandoffState.TAKEN, Owner.WORKER)


def test_danger_puts_it_in_the_queue_and_before_all_others(ctx: Context, clock: Clock) -> None:
    first, second = opened(ctx), opened(ctx)
    handoff.ask(ctx, first, "request_human")
    clock.forward(minutes=1)
    says(ctx, second, "i want to die", "risk_of_suicide")
    clock.forward(minutes=1)
    says(ctx, second, "i mean it", "risk_of_suicide")
    assert [(row.conversation_id, row.urgency) for row in queue.waiting(ctx)] == [
        (second, Urgency.DANGER),
        (first, Urgency.ASKED),
    ]
    says(ctx, first, "she took all her pills", "medical_emergency")
    row = request_of(ctx.database, first)
    assert (row.urgency, row.requested_at, row.waits_since) == (Urgency.DANGER, NOW, clock())
    handoff.ask(ctx, first, "request_human")
    assert request_of(ctx.database, first).urgency is Urgency.DANGER  # it only ever rises
    assert {case.reason for case in open_cases(ctx)} == {CaseReason.RISK_OF_SUICIDE, CaseReason.MEDICAL_EMERGENCY}


def test_after_danger_somebody_must_look_though_the_person_would_not_wait(ctx: Context) -> None:
    chat = opened(ctx)
    says(ctx, chat, "i want to die", "risk_of_suicide")
    with pytest.raises(handoff.MustStayError):
        handoff.withdraw(ctx, chat)
    conversations.close(ctx, chat)
    assert handoff.owner(ctx, chat) is Owner.QUEUED


def test_who_leaves_for_good_is_not_waited_for(ctx: Context) -> None:
    chat = opened(ctx)
    handoff.ask(ctx, chat, "request_human")
    conversations.close(ctx, chat)
    assert (handoff.owner(ctx, chat), queue.waiting(ctx)) == (Owner.BOT, [])


def test_who_has_few_days_left_to_book_goes_before_who_only_asks(ctx: Context) -> None:
    today = NOW.date()  # a Tuesday
    soon = proved(ctx, a_referral(ctx.database, book_by=today + timedelta(days=3)))
    later = proved(ctx, a_referral(ctx.database, book_by=date(2026, 12, 31)))
    for chat in (later, soon):
        handoff.ask(ctx, chat, "request_human")
    assert [row.conversation_id for row in queue.waiting(ctx)] == [soon, later]
    assert request_of(ctx.database, soon).urgency is Urgency.DEADLINE


def test_typing_is_noted_seldom_and_a_workers_only_where_they_have_it(ctx: Context, clock: Clock) -> None:
    worker, chat = at_work(ctx), opened(ctx)
    assert not reply.typing(ctx, chat, "worker")
    assert reply.typing(ctx, chat, "person")
    clock.forward(seconds=2)
    assert not reply.typing(ctx, chat, "person")
    clock.forward(seconds=1)
    assert reply.typing(ctx, chat, "person")
    handoff.take(ctx, chat, worker)
    assert reply.typing(ctx, chat, "worker")
    reply.say(ctx, chat, worker, "Hello", "a")
    assert row_of(ctx.database, chat).worker_typing_at is None


def test_what_has_not_arrived_is_listed(ctx: Context) -> None:
    worker = at_work(ctx)
    chat = taken(ctx, worker)
    sent, seen = (reply.say(ctx, chat, worker, "Hello", each) for each in ("a", "b"))
    with ctx.database.writing() as session:
        session.get_one(MessageOut, seen).state = OutState.DELIVERED
    assert [each.message_id for each in reply.undelivered(ctx)] == [sent]
    outbox.mark_seen(ctx, chat, sent)
    assert reply.undelivered(ctx, chat) == []


def test_the_errors_are_words_for_a_worker() -> None:
    for error in (NotAllowedError, NotYoursError, NotOnShiftError, WaitsForColleagueError, handoff.MustStayError):
        assert (error.__doc__ or "").endswith(".")


def test_the_line_on_how_it_was_is_no_new_concern(ctx: Context) -> None:
    worker = at_work(ctx)
    chat = taken(ctx, worker)
    handoff.close(ctx, chat, worker)
    with ctx.database.writing() as session:
        outbox.say(session, ctx, lock_one(session, Conversation, chat), [Reply("utter_step_feedback_words")])
    says(ctx, chat, "she was kind")
    assert handoff.owner(ctx, chat) is Owner.BOT
    with ctx.database.writing() as session:
        outbox.say(session, ctx, lock_one(session, Conversation, chat), [Reply("utter_greet")])
    says(ctx, chat, "one more thing")
    assert handoff.owner(ctx, chat) is Owner.QUEUED


def test_a_title_that_is_typed_is_a_tap_and_no_new_concern(ctx: Context) -> None:
    worker = at_work(ctx)
    chat = taken(ctx, worker)
    handoff.close(ctx, chat, worker)
    with ctx.database.writing() as session:
        outbox.say(session, ctx, lock_one(session, Conversation, chat), [Reply("notice_menu")])
    says(ctx, chat, "help now")
    assert handoff.owner(ctx, chat) is Owner.BOT
