"""The queue: the usual wait, what stands in it, and that many are read in a few questions."""

import json
import threading
from datetime import timedelta

import pytest
from sqlalchemy import event, text

from programme import handoff, queue, reply, shift, timers
from programme import turn as turns
from programme.context import Context
from programme.handoff import NotAllowedError
from programme.turn import Incoming
from storage.database import Database
from storage.enums import HandoffState, MessageKind, Owner, Urgency
from storage.message import MessageIn
from tests.builders import (
    NOW,
    a_case,
    a_conversation,
    a_handoff_request,
    a_person,
    a_referral,
    a_setting,
    new_id,
)
from tests.conftest import Clock
from tests.programme.desk import a_context, opened, proved, told
from tests.programme.waiting_people import alerts, asked, danger
from tests.programme.workers import at_work, request_of, taken

ALWAYS = json.dumps({str(day): [["00:00", "23:59:59.999999"]] for day in range(7)})


@pytest.fixture
def ctx(database: Database, clock: Clock) -> Context:
    a_setting(database, "opening_hours", ALWAYS)
    a_setting(database, "alert_telegram_chat", "-100")
    return a_context(database, clock)


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
