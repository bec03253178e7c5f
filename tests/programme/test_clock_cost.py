"""The clock's work, done every few seconds, costs no more at the end of a programme's year than at its start."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from programme import outbox, outreach_plan, outreach_post, outreach_tidy, timers
from programme.context import Context
from storage import message as messages
from storage.database import Database
from storage.enums import Channel, OutreachKind, ReferralState, Way
from storage.keys import Keyring
from tests.builders import (
    NOW,
    a_booking,
    a_conversation,
    a_course,
    a_message_out,
    a_referral,
    an_outreach,
)
from tests.conftest import Clock
from tests.programme.desk import a_context, rules
from tests.programme.test_waiting_list import joined

BOTH = (Way.SMS, Way.EMAIL)
GROW = ("message_in", "message_out", "outreach", "referral", "referral_change", "booking", "attendance", "worker_case",
        "conversation", "course", "session", "audit", "personal_link", "handoff_request", "absence")  # fmt: skip
OPEN_ONLY = ("uq_worker_case_open", "ix_worker_case_open")  # indexes of what is open alone: these do not grow
Asked = list[tuple[str, Any]]


@pytest.fixture
def ctx(sqlite_url: str, keyring: Keyring, clock: Clock) -> Context:
    database = Database(sqlite_url, keyring)
    rules(database)
    return a_context(database, clock)


def work(ctx: Context) -> None:
    """All that the clock does."""
    timers.tick(ctx)
    outreach_plan.plan(ctx, BOTH)
    outreach_post.claim(ctx, Way.SMS, "https://chat.example.org")
    outbox.claim(ctx, Channel.TELEGRAM)


@contextmanager
def listening(ctx: Context) -> Iterator[Asked]:
    """Every question to the database, with its values."""
    asked: Asked = []

    def hear(_connection: Any, _cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, values))

    engines = (ctx.database.engine, ctx.database._reader)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", hear)
    yield asked
    for engine in engines:
        event.remove(engine, "before_cursor_execute", hear)


def read_through(ctx: Context, asked: Asked) -> set[tuple[str, str]]:
    """Tables that grow and are read from end to end, with the question."""
    found = set()
    with ctx.database.reading() as session:
        for statement, values in asked:
            plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            for step in [row[3].split() for row in plan]:
                if step[0] == "SCAN" and step[1] in GROW and step[-1] not in OPEN_ONLY:
                    found.add((step[1], statement[statement.index("FROM") :]))
    return found


def test_the_clock_reads_no_table_that_grows_from_end_to_end(ctx: Context) -> None:
    joined(ctx)
    a_booking(ctx.database, course=a_course(ctx.database))
    referral = a_referral(ctx.database, state=ReferralState.VERIFIED)
    chat = a_conversation(ctx.database, Channel.WEB, referral_id=referral.id)
    said = a_message_out(ctx.database, chat)
    kind = OutreachKind.NUDGE
    an_outreach(ctx.database, referral, occasion="nudge:x:1", kind=kind, way=Way.WEB, message_id=said.id)
    with listening(ctx) as asked:
        work(ctx)
        with ctx.database.reading() as session:
            messages.replies_to(session, "of each message that comes in")
    assert len(asked) > 40
    assert read_through(ctx, asked) == set()


def many_wait(ctx: Context, people: int) -> Callable[[], object]:
    for _ in range(people):
        joined(ctx)
    a_course(ctx.database, language="pl")  # is free, and for none of them
    return lambda: timers.tick(ctx)


def many_have_unread_words(ctx: Context, people: int) -> Callable[[], object]:
    course = a_course(ctx.database)
    for number in range(people):
        referral = a_referral(ctx.database, state=ReferralState.BOOKED)
        booking = a_booking(ctx.database, referral, course, made_at=NOW)
        chat = a_conversation(ctx.database, Channel.WEB, referral_id=referral.id)
        said = a_message_out(ctx.database, chat)
        about = {"occasion": f"reminder:{booking.id}:1:{number}d", "kind": OutreachKind.REMINDER, "way": Way.WEB}
        an_outreach(ctx.database, referral, message_id=said.id, **about)
    return lambda: outreach_tidy.unsent(ctx, None)


@pytest.mark.parametrize("so_many", [many_wait, many_have_unread_words])
def test_who_waits_costs_no_question_of_their_own(
    ctx: Context, so_many: Callable[[Context, int], Callable[[], object]]
) -> None:
    counts = []
    for people in (2, 6):
        look = so_many(ctx, people)
        look()
        with listening(ctx) as asked:
            look()
        counts.append(len(asked))
    assert counts[0] == counts[1] > 3
