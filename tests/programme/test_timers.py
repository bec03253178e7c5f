"""Shifts and the clock of a first reply: who is there, who is warned and told, and when it goes back to the queue."""

import json
from datetime import UTC, datetime

import pytest
from sqlmodel import select

from programme import handoff, queue, reply, shift, timers
from programme import turn as turns
from programme.context import Context
from programme.handoff import NotAllowedError
from programme.turn import Incoming
from storage.account import Account
from storage.alert import Alert
from storage.audit import audit_of
from storage.database import Database
from storage.enums import HandoffState, MessageKind, Owner, Role, Urgency
from tests.builders import (
    NOW,
    a_setting,
    an_account,
    new_id,
)
from tests.conftest import Clock
from tests.programme.desk import a_context, told
from tests.programme.waiting_people import alerts, asked, danger
from tests.programme.workers import at_work, request_of, taken

WEEKDAYS = json.dumps({str(day): [["09:00", "12:30"], ["13:00", "16:00"]] for day in range(5)})
ALWAYS = json.dumps({str(day): [["00:00", "23:59:59.999999"]] for day in range(7)})


@pytest.fixture
def ctx(database: Database, clock: Clock) -> Context:
    a_setting(database, "opening_hours", ALWAYS)
    a_setting(database, "alert_telegram_chat", "-100")
    return a_context(database, clock)


def test_one_shift_however_often_it_is_begun(ctx: Context) -> None:
    worker = at_work(ctx)
    shift.begin(ctx, worker)
    assert [(each.account_id, each.name) for each in shift.on_shift(ctx)] == [(worker, "Wren Worker")]
    shift.end(ctx, worker)
    shift.end(ctx, worker)
    assert (shift.on_shift(ctx), shift.is_on(ctx, worker), shift.beat(ctx, worker)) == ([], False, False)
    with ctx.database.reading() as session:
        assert [line.action for line in audit_of(session, "account", worker)] in (
            ["shift:begin", "shift:end"],
            ["shift:end", "shift:begin"],  # at the same moment
        )


def test_who_may_not_sign_in_is_not_on_shift(ctx: Context) -> None:
    for account in (an_account(ctx.database, disabled_at=NOW), an_account(ctx.database, role=Role.TRAINER)):
        with pytest.raises(NotAllowedError):
            shift.begin(ctx, account.id)


def test_who_is_made_a_trainer_in_the_middle_of_a_shift_takes_nothing_more(ctx: Context) -> None:
    worker = at_work(ctx)
    held, waits = taken(ctx, worker), asked(ctx)
    with ctx.database.writing() as session:
        session.get_one(Account, worker).role = Role.TRAINER
    with pytest.raises(NotAllowedError):
        handoff.take(ctx, waits, worker)
    assert shift.on_shift(ctx) == []
    assert timers.tick(ctx).changed == [held]


def test_at_the_end_of_a_shift_all_goes_back_to_the_queue_its_place_kept(ctx: Context, clock: Clock) -> None:
    worker = at_work(ctx)
    chats = [taken(ctx, worker) for _ in range(3)]
    clock.forward(minutes=4)
    later = asked(ctx)
    assert sorted(shift.end(ctx, worker)) == sorted(chats)
    assert [queue.place_of(ctx, chat).number for chat in (*chats, later)][-1] == 4  # type: ignore[union-attr]
    for chat in chats:
        assert handoff.owner(ctx, chat) is Owner.QUEUED
        assert told(ctx, chat)[-1] == "notice_back_in_queue"


@pytest.mark.parametrize("heard", ["nowhere", "in the conversation", "elsewhere in the console"])
def test_a_worker_who_vanishes_gives_it_back_after_the_grace(ctx: Context, clock: Clock, heard: str) -> None:
    worker = at_work(ctx)
    chat = taken(ctx, worker)
    clock.forward(minutes=9)
    if heard == "in the conversation":
        handoff.beat(ctx, chat, worker)
    elif heard != "nowhere":
        shift.beat(ctx, worker)
    clock.forward(minutes=1, seconds=1)
    assert handoff.requeue_silent(ctx) == ([chat] if heard == "nowhere" else [])
    assert handoff.owner(ctx, chat) is (Owner.QUEUED if heard == "nowhere" else Owner.WORKER)
    if heard == "nowhere":
        row = request_of(ctx.database, chat)
        assert (row.state, row.requested_at, row.account_id) == (HandoffState.WAITING, NOW, worker)


def test_a_locked_phone_is_no_desertion(ctx: Context, clock: Clock) -> None:
    a_setting(ctx.database, "worker_grace_minutes", "30")
    chat = taken(ctx, at_work(ctx))
    clock.forward(minutes=30)
    assert handoff.requeue_silent(ctx) == []
    clock.forward(seconds=1)
    assert handoff.requeue_silent(ctx) == [chat]


def test_who_was_locked_out_holds_nothing(ctx: Context) -> None:
    worker = at_work(ctx)
    chat = taken(ctx, worker)
    with ctx.database.writing() as session:
        session.get_one(Account, worker).disabled_at = ctx.clock()
    assert timers.tick(ctx).changed == [chat]
    assert handoff.owner(ctx, chat) is Owner.QUEUED


def test_a_browser_that_is_gone_for_an_hour_is_no_longer_on_shift(ctx: Context, clock: Clock) -> None:
    worker = at_work(ctx)
    clock.forward(minutes=59)
    timers.tick(ctx)
    assert shift.is_on(ctx, worker)
    clock.forward(minutes=1)
    timers.tick(ctx)
    assert not shift.is_on(ctx, worker)


def test_a_first_reply_that_does_not_come_is_warned_of_then_escalated_and_told(ctx: Context, clock: Clock) -> None:
    chat = asked(ctx)
    assert alerts(ctx) == ["request"]
    clock.forward(minutes=4, seconds=59)
    assert timers.tick(ctx) == timers.Ticked()
    clock.forward(seconds=1)
    assert len(timers.tick(ctx).warned) == 1
    assert alerts(ctx) == ["late", "request"]
    clock.forward(minutes=4, seconds=59)
    assert timers.tick(ctx) == timers.Ticked()
    clock.forward(seconds=1)
    ticked = timers.tick(ctx)
    assert (len(ticked.escalated), len(ticked.told), ticked.changed) == (1, 1, [chat])
    assert alerts(ctx) == ["escalation", "late", "request"]
    assert told(ctx, chat) == ["notice_takes_longer"]
    clock.forward(hours=5)
    assert timers.tick(ctx) == timers.Ticked()
    (row,) = queue.waiting(ctx)
    assert row.overdue


def test_danger_has_sixty_seconds_while_somebody_is_on_shift(ctx: Context, clock: Clock) -> None:
    at_work(ctx)
    chat = danger(ctx)
    clock.forward(seconds=30)
    assert len(timers.tick(ctx).warned) == 1
    clock.forward(seconds=29)
    assert timers.tick(ctx).escalated == []
    clock.forward(seconds=1)
    assert len(timers.tick(ctx).escalated) == 1
    assert told(ctx, chat)[-1] == "notice_takes_longer_danger"
    with ctx.database.reading() as session:
        assert {row.urgency for row in session.exec(select(Alert))} == {Urgency.DANGER}


def test_nobody_there_and_nobody_on_call_the_danger_timer_waits_for_a_shift(ctx: Context, clock: Clock) -> None:
    danger(ctx)
    clock.forward(hours=3)
    assert timers.tick(ctx) == timers.Ticked()  # the card has said that no worker is reading
    at_work(ctx)
    clock.forward(seconds=60)
    assert len(timers.tick(ctx).escalated) == 1


def test_somebody_on_call_is_told_of_danger_at_night(ctx: Context, clock: Clock) -> None:
    a_setting(ctx.database, "on_call_text", "Robin on 07700 900199")
    danger(ctx)
    clock.forward(seconds=60)
    assert len(timers.tick(ctx).escalated) == 1


def test_outside_the_hours_only_danger_is_pressed(database: Database, clock: Clock) -> None:
    a_setting(database, "opening_hours", WEEKDAYS)
    ctx = a_context(database, clock)
    clock.now = datetime(2026, 12, 1, 15, 58, tzinfo=UTC)
    asked(ctx)
    for at in (datetime(2026, 12, 1, 16, 30, tzinfo=UTC), datetime(2026, 12, 2, 9, 4, 59, tzinfo=UTC)):
        clock.now = at
        assert timers.tick(ctx) == timers.Ticked()
    clock.now = datetime(2026, 12, 2, 9, 5, tzinfo=UTC)
    assert len(timers.tick(ctx).warned) == 1


def test_a_worker_who_writes_stops_the_clock_and_one_who_only_takes_does_not(ctx: Context, clock: Clock) -> None:
    worker = at_work(ctx)
    silent, helped = taken(ctx, worker), taken(ctx, worker)
    reply.say(ctx, helped, worker, "Hello, I am Wren.", "1")
    clock.forward(minutes=10)
    handoff.beat(ctx, silent, worker)
    assert timers.tick(ctx).changed == [silent]
    assert told(ctx, helped) == ["notice_worker_here", ""]  # the worker's own words have no answer's name


def test_danger_after_a_reply_begins_anew(ctx: Context, clock: Clock) -> None:
    worker = at_work(ctx)
    chat = taken(ctx, worker)
    reply.say(ctx, chat, worker, "Hello, I am Wren.", "1")
    clock.forward(minutes=5)
    turns.receive(ctx, chat, Incoming(new_id(), MessageKind.TEXT, "i want to die"), "risk_of_suicide")
    clock.forward(seconds=60)
    assert len(timers.tick(ctx).escalated) == 1
    reply.say(ctx, chat, worker, "I am with you.", "2")
    clock.forward(minutes=5)
    assert timers.tick(ctx) == timers.Ticked()


def test_back_in_the_queue_the_time_runs_anew_and_each_step_once_more(ctx: Context, clock: Clock) -> None:
    worker = at_work(ctx)
    chat = asked(ctx)
    clock.forward(minutes=10)
    shift.beat(ctx, worker)
    timers.tick(ctx)
    handoff.take(ctx, chat, worker)
    reply.say(ctx, chat, worker, "Hello, I am Wren.", "1")
    clock.forward(seconds=20)
    handoff.pass_on(ctx, chat, worker)
    clock.forward(minutes=10)
    shift.beat(ctx, worker)
    ticked = timers.tick(ctx)
    assert (len(ticked.warned), len(ticked.escalated), len(ticked.told)) == (1, 1, 1)
    assert alerts(ctx) == ["escalation", "escalation", "late", "late", "request", "request"]
