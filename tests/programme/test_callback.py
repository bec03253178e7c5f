"""Callbacks: asked for once a conversation, rung within the opening hours, tried, closed, and told truthfully."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from programme import callback, wrong_person
from programme.callback import NoNumberError, NoSuchCallbackError
from programme.concern import Said
from programme.context import Context
from storage.audit import audit_of
from storage.callback import Callback
from storage.database import Database
from storage.enums import CallbackOutcome
from tests.builders import NOW, a_person, a_referral, a_setting, an_account
from tests.conftest import Clock
from tests.programme.desk import a_context, opened, proved, told

MOBILE = "+447700900123"
WEEKDAYS = json.dumps({str(day): [["09:00", "12:30"], ["13:00", "16:00"]] for day in range(5)})


@pytest.fixture
def ctx(database: Database, clock: Clock) -> Context:
    ctx = a_context(database, clock)
    a_setting(database, "opening_hours", WEEKDAYS)
    return ctx


def lines(ctx: Context, callback_id: str) -> list[tuple[str, str]]:
    with ctx.database.reading() as session:
        return [(line.action, line.actor) for line in audit_of(session, "callback", callback_id)]


def test_one_open_callback_a_conversation(ctx: Context) -> None:
    chat = opened(ctx)
    first = callback.ask(ctx, chat, MOBILE, "tomorrow", NOW + timedelta(days=1))
    second = callback.ask(ctx, chat, "+441632960123", None, NOW + timedelta(days=2))
    assert first.id == second.id
    (row,) = callback.listing(ctx)
    assert (row.number, row.written, row.good_time) == ("+441632960123", "01632 960123", None)
    assert row.due_at == NOW + timedelta(days=2)
    assert sorted(lines(ctx, row.id)) == [("callback:asked", "person"), ("callback:changed", "person")]
    assert callback.withdraw(ctx, chat) and not callback.withdraw(ctx, chat)
    assert callback.ask(ctx, chat, MOBILE, None).id != first.id
    assert [each.outcome for each in callback.of_conversation(ctx, chat)] in (
        [None, CallbackOutcome.CANCELLED],
        [CallbackOutcome.CANCELLED, None],  # asked in the same instant
    )


def test_what_is_stored_of_it_is_sealed(ctx: Context) -> None:
    asked = callback.ask(ctx, opened(ctx), MOBILE, "after my shift")
    with ctx.database.engine.connect() as connection:
        found = str(connection.exec_driver_sql("SELECT number, good_time FROM callback").fetchall())
    assert "900123" not in found and "shift" not in found
    assert asked.good_time == "after my shift"


@pytest.mark.parametrize(("words", "due", "suits"), [
    (None, NOW, True), ("tomorrow morning", datetime(2026, 12, 2, 9, tzinfo=UTC), True),
    ("at 3pm", datetime(2026, 12, 1, 15, tzinfo=UTC), True), ("sunday", datetime(2026, 12, 7, 9, tzinfo=UTC), False),
])  # fmt: skip
def test_a_good_time_is_read_and_kept_within_the_opening_hours(
    ctx: Context, words: str | None, due: datetime, suits: bool
) -> None:
    found = callback.when(ctx, words)
    assert found is not None and (found.at, found.suits) == (due, suits)
    assert callback.when(ctx, "because i said so") is None


def test_a_time_that_passed_before_the_yes_is_the_next_one_in_the_hours(ctx: Context, clock: Clock) -> None:
    chat = opened(ctx)
    clock.now = datetime(2026, 12, 4, 17, tzinfo=UTC)  # a Friday, after hours
    assert callback.ask(ctx, chat, MOBILE, "now", NOW).due_at == datetime(2026, 12, 7, 9, tzinfo=UTC)


def test_without_opening_hours_it_is_due_all_the_same(database: Database, clock: Clock) -> None:
    ctx = a_context(database, clock)
    due = callback.when(ctx, "tomorrow")
    assert due is not None and due.at is None
    assert callback.ask(ctx, opened(ctx), MOBILE, "tomorrow", due.at).due_at == NOW + callback.PATIENCE


def test_only_who_proved_who_they_are_hears_of_the_number_on_the_referral(ctx: Context) -> None:
    person = a_person(ctx.database, phone="07700 900145")
    referral = a_referral(ctx.database, person=person)
    stranger, known = opened(ctx), proved(ctx, referral)
    assert callback.known_ending(ctx, stranger) is None
    assert callback.known_ending(ctx, known) == "45"
    with pytest.raises(NoNumberError):
        callback.ask(ctx, stranger, None, None)
    assert callback.ask(ctx, known, None, None).number == "+447700900145"
    (row,) = callback.listing(ctx)
    assert (row.name, row.verified) == (person.name, True)


def test_a_number_that_nobody_can_ring_is_no_number(ctx: Context) -> None:
    chat = proved(ctx, a_referral(ctx.database, person=a_person(ctx.database, phone="ask mum")))
    assert callback.known_ending(ctx, chat) is None


def test_tried_is_due_again_within_the_hours_and_overdue_is_marked(ctx: Context, clock: Clock) -> None:
    worker = an_account(ctx.database)
    asked = callback.ask(ctx, opened(ctx), MOBILE, None)
    assert [(row.is_due, row.overdue) for row in callback.listing(ctx)] == [(True, False)]
    clock.forward(minutes=31)
    assert [(row.is_due, row.overdue) for row in callback.listing(ctx)] == [(True, True)]
    clock.now = datetime(2026, 12, 1, 15, 30, tzinfo=UTC)
    again = callback.tried(ctx, asked.id, worker.id)
    assert (again.tries, again.tried_at, again.is_due) == (1, clock.now, False)
    assert again.due_at == datetime(2026, 12, 2, 9, tzinfo=UTC)
    assert lines(ctx, asked.id)[-1] == ("callback:tried", f"worker:{worker.id}")


@pytest.mark.parametrize(("outcome", "said"), [
    (CallbackOutcome.REACHED, []), (CallbackOutcome.CANCELLED, []),
    (CallbackOutcome.NO_ANSWER, ["notice_callback_no_answer"]),
    (CallbackOutcome.WRONG_NUMBER, ["notice_callback_wrong"]),
])  # fmt: skip
def test_closed_once_and_the_person_is_told_where_nobody_rings_any_more(
    ctx: Context, outcome: CallbackOutcome, said: list[str]
) -> None:
    worker, chat = an_account(ctx.database), opened(ctx)
    asked = callback.ask(ctx, chat, MOBILE, None)
    closed = callback.close(ctx, asked.id, worker.id, outcome, " booked for her ")
    assert (closed.outcome, closed.outcome_note, closed.closed_at) == (outcome, "booked for her", NOW)
    assert told(ctx, chat) == said
    assert callback.listing(ctx) == [] and callback.current(ctx, chat) is None
    assert [row.id for row in callback.closed_since(ctx, NOW - timedelta(hours=1))] == [asked.id]
    for act in (callback.tried, lambda *given: callback.close(*given, CallbackOutcome.REACHED)):
        with pytest.raises(NoSuchCallbackError):
            act(ctx, asked.id, worker.id)
    with pytest.raises(NoSuchCallbackError):
        callback.tried(ctx, "nothing", worker.id)


def test_the_list_is_in_the_order_in_which_they_are_due(ctx: Context) -> None:
    for days in (3, 1, 2):
        callback.ask(ctx, opened(ctx), MOBILE, None, NOW + timedelta(days=days))
    due = [row.due_at for row in callback.listing(ctx)]
    assert due == sorted(due) and len(due) == 3


def test_who_saw_a_number_is_in_the_audit_log(ctx: Context) -> None:
    worker = an_account(ctx.database)
    asked = callback.ask(ctx, opened(ctx), MOBILE, None)
    callback.viewed(ctx, worker.id, callback.listing(ctx))
    assert ("viewed", f"worker:{worker.id}") in lines(ctx, asked.id)


def test_a_number_is_never_in_what_a_row_prints(ctx: Context) -> None:
    asked = callback.ask(ctx, opened(ctx), MOBILE, None)
    with ctx.database.reading() as session:
        assert "900123" not in repr(session.get_one(Callback, asked.id))


def test_the_wrong_person_has_nobody_rung_but_themselves(ctx: Context) -> None:
    person = a_person(ctx.database, phone="07700 900145")
    theirs = proved(ctx, a_referral(ctx.database, person=person))
    callback.ask(ctx, theirs, None, None)
    wrong_person.report(ctx, theirs, Said("a", "i am not her"))
    assert callback.listing(ctx) == []
    other = proved(ctx, a_referral(ctx.database, person=person))
    callback.ask(ctx, other, MOBILE, None)
    wrong_person.report(ctx, other, Said("b", "wrong number, ring me about it"))
    (row,) = callback.listing(ctx)
    assert (row.number, row.name) == (MOBILE, None)
