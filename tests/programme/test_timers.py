"""What falls due while people wait: ended shifts, vanished workers, first replies; each once over all processes."""

import json
import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, text
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
from storage.message import MessageIn
from tests.builders import (
    NOW,
    a_case,
    a_conversation,
    a_handoff_request,
    a_person,
    a_referral,
    a_setting,
    an_account,
    new_id,
)
from tests.conftest import Clock
from tests.programme.desk import a_context, opened, proved, told
from tests.programme.workers import at_work, request_of, taken

WEEKDAYS = json.dumps({str(day): [["09:00", "12:30"], ["13:00", "16:00"]] for day in range(5)})
ALWAYS = json.dumps({str(day): [["00:00", "23:59:59.999999"]] for day in range(7)})


@pytest.fixture
def ctx(database: Database, clock: Clock) -> Context:
    a_setting(database, "opening_hours", ALWAYS)
    a_setting(database, "alert_telegram_chat", "-100")
    return a_context(database, clock)


def alerts(ctx: Context) -> list[str]:
    """The kinds of what was raised, in order of its kinds."""
    with ctx.database.reading() as session:
        return sorted(row.subject.partition(":")[0] for row in session.exec(select(Alert)))


def danger(ctx: Context) -> str:
    chat = opened(ctx)
    turns.receive(ctx, chat, Incoming(new_id(), MessageKind.TEXT, "i want to die"), "risk_of_suicide")
    return chat


def asked(ctx: Context) -> str:
    chat = opened(ctx)
    handoff.ask(ctx, chat, "request_human")
    return chat


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


def test_nobody_came_for_a_week_is_said_but_danger_waits_on(ctx: Context, clock: Clock) -> None:
    chat, hurt = asked(ctx), danger(ctx)
    clock.forward(days=7)
    assert len(timers.tick(ctx).expired) == 1
    assert (handoff.owner(ctx, chat), handoff.owner(ctx, hurt)) == (Owner.BOT, Owner.QUEUED)
    assert request_of(ctx.database, chat).state is HandoffState.EXPIRED
    assert told(ctx, chat)[-1] == "notice_nobody_came"


def test_each_step_once_over_several_processes(database: Database, clock: Clock) -> None:
    a_setting(database, "opening_hours", ALWAYS)
    a_setting(database, "alert_telegram_chat", "-100")
    ctxs = [a_context(Database(database.url, database.keyring), clock, f"app{number}") for number in range(4)]
    vanished = at_work(ctxs[0], "Robin Reader")
    chats = [asked(ctxs[0]) for _ in range(3)]
    held = taken(ctxs[0], vanished)
    clock.forward(minutes=10, seconds=1)
    done: list[timers.Ticked] = []
    threads = [threading.Thread(target=lambda ctx=ctx: done.append(timers.tick(ctx))) for ctx in ctxs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    for ctx in ctxs[1:]:
        ctx.database.close()
    assert len(done) == len(ctxs)
    assert sorted(row for each in done for row in each.told) == sorted(request_of(database, chat).id for chat in chats)
    for chat in chats:
        assert told(ctxs[0], chat) == ["notice_takes_longer"]
    assert told(ctxs[0], held).count("notice_back_in_queue") == 1
    assert alerts(ctxs[0]).count("escalation") == 3
    ctxs[0].database.close()


def test_the_usual_wait_is_the_middle_one_of_late(ctx: Context, clock: Clock) -> None:
    worker = at_work(ctx)
    assert queue.place_of(ctx, asked(ctx)) == queue.Place(1, None)
    for minutes in (1, 2, 30):
        chat = asked(ctx)
        clock.forward(minutes=minutes)
        shift.beat(ctx, worker)
        handoff.take(ctx, chat, worker)
        reply.say(ctx, chat, worker, "Hello, I am Wren.", "1")
    place = queue.place_of(ctx, asked(ctx))
    assert place == queue.Place(2, 2)
    assert queue.place_of(ctx, opened(ctx)) is None


def test_a_case_without_a_request_waits_too_and_what_a_worker_has_does_not(ctx: Context) -> None:
    worker, chat = at_work(ctx), a_conversation(ctx.database)
    a_case(ctx.database, conversation_id=chat.id, urgency=Urgency.STUCK, due_at=NOW - timedelta(minutes=1))
    a_case(ctx.database, conversation_id=taken(ctx, worker))
    a_case(ctx.database)  # of nobody's conversation
    (row,) = queue.waiting(ctx)
    assert (row.conversation_id, row.request_id, row.urgency, row.reasons, row.overdue) == (
        chat.id,
        None,
        Urgency.STUCK,
        ["no_session"],
        True,
    )


def test_a_row_tells_who_why_and_what_they_said_last(ctx: Context) -> None:
    person = a_person(ctx.database, name="Alex Green", access_needs="No stairs")
    chat = proved(ctx, a_referral(ctx.database, person=person))
    for words in ("hello", "can i talk to someone"):
        turns.receive(ctx, chat, Incoming(new_id(), MessageKind.TEXT, words))
    handoff.ask(ctx, chat, "request_human", last_words="can i talk to someone")
    (row,) = queue.waiting(ctx)
    assert (row.name, row.access_needs, row.verified) == ("Alex Green", "No stairs", True)
    assert (row.reasons, row.last_words, row.since) == (["request_human"], "can i talk to someone", NOW)
    assert row.deadline is not None


def test_words_that_were_hidden_are_not_in_the_queue(ctx: Context) -> None:
    chat = asked(ctx)
    told_at = turns.receive(ctx, chat, Incoming(new_id(), MessageKind.TEXT, "it was me who did it")).turn
    with ctx.database.writing() as session:
        session.get_one(MessageIn, told_at).sensitive_at = NOW
    (row,) = queue.waiting(ctx)
    assert "it was me" not in (row.last_words or "")


def test_a_queue_of_many_is_read_in_a_few_questions(ctx: Context) -> None:
    """Sixty who wait cost no more questions than three."""

    def questions(count: int) -> int:
        for _ in range(count):
            a_handoff_request(ctx.database, a_conversation(ctx.database, owner=Owner.QUEUED))
        asked_of: list[str] = []
        engine = ctx.database._reader
        listen = lambda *given: asked_of.append(given[2])  # noqa: E731
        event.listen(engine, "before_cursor_execute", listen)
        queue.waiting(ctx)
        event.remove(engine, "before_cursor_execute", listen)
        return len(asked_of)

    assert questions(3) == questions(57)


def test_one_that_cannot_be_helped_does_not_keep_the_others_waiting(ctx: Context, clock: Clock) -> None:
    broken, other = asked(ctx), asked(ctx)
    row = request_of(ctx.database, broken)
    with ctx.database.writing() as session:
        session.exec(text("UPDATE conversation SET owner = 'bot' WHERE id = :id").bindparams(id=broken))  # type: ignore[call-overload]
        session.exec(text("UPDATE handoff_request SET state = 'taken' WHERE id = :id").bindparams(id=row.id))  # type: ignore[call-overload]
    clock.forward(minutes=10)
    with pytest.raises(NotAllowedError):
        timers.tick(ctx)
    assert told(ctx, other) == ["notice_takes_longer"]
