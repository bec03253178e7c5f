"""Acting for somebody: by the chat's own rules, told in the chat's own words, with the worker's name in the log."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlmodel import select

from programme import on_behalf
from programme.context import Context
from programme.on_behalf import By, NotProvedError, NotTheirsError
from programme.outcome import Done
from programme.owner import NotYoursError
from storage.audit import audit_of
from storage.booking import Booking, active_booking
from storage.conversation import Conversation
from storage.database import Database
from storage.enums import CourseState, HandoffState, Owner, ReferralState
from storage.referral import Referral
from storage.session import Course
from tests.builders import NOW, a_booking, a_course, a_handoff_request, a_referral, an_account
from tests.conftest import Clock
from tests.programme.desk import a_context, open_cases, proved, rules, text, told

BORN = "1990-03-14"


@pytest.fixture
def ctx(database: Database, clock: Clock) -> Context:
    rules(database)
    return a_context(database, clock)


@pytest.fixture
def referral(ctx: Context) -> Referral:
    return a_referral(ctx.database)


def taken(ctx: Context, referral: Referral) -> By:
    """A worker who has taken a conversation with this person."""
    worker, chat = an_account(ctx.database), proved(ctx, referral)
    with ctx.database.writing() as session:
        row = session.get_one(Conversation, chat)
        row.owner = Owner.WORKER
        session.add(row)
    a_handoff_request(ctx.database, row, state=HandoffState.TAKEN, account_id=worker.id, taken_at=NOW)
    return By(worker.id, chat)


def in_days(ctx: Context, days: int, **given: object) -> Course:
    return a_course(ctx.database, starts_at=NOW + timedelta(days=days), **given)


def held(ctx: Context, referral: Referral) -> Booking | None:
    with ctx.database.reading() as session:
        return active_booking(session, referral.id)


def test_a_worker_books_in_the_chat_they_have(ctx: Context, referral: Referral) -> None:
    by, course = taken(ctx, referral), in_days(ctx, 7)
    [choice] = on_behalf.choices(ctx, referral.id).choices
    assert (choice.course_id, choice.places_left) == (course.id, 15)
    done = on_behalf.book(ctx, referral.id, course.id, by)
    again = on_behalf.book(ctx, referral.id, course.id, by)
    assert (done.done, again.done, done.in_chat) == (Done.BOOKED, Done.SAME, True)
    assert told(ctx, by.conversation_id or "") == ["notice_booked"]
    shown = text(ctx, by.conversation_id or "")
    assert done.told == shown and "Tuesday 8 December at 10am" in shown
    row = held(ctx, referral)
    assert row is not None and row.course_id == course.id
    with ctx.database.reading() as session:
        assert session.get_one(Referral, referral.id).state is ReferralState.BOOKED
        assert [(line.actor, line.action) for line in audit_of(session, "booking", row.id)] == [
            (f"worker:{by.account_id}", "book")
        ]


def test_a_worker_moves_and_cancels_and_the_calendar_follows(ctx: Context, referral: Referral) -> None:
    by, first, second = taken(ctx, referral), in_days(ctx, 7), in_days(ctx, 9)
    on_behalf.book(ctx, referral.id, first.id, by)
    before = held(ctx, referral)
    assert on_behalf.book(ctx, referral.id, second.id, by).done is Done.MOVED
    after = held(ctx, referral)
    assert before is not None and after is not None
    assert (after.course_id, after.moves, after.calendar_uid) == (second.id, 1, before.calendar_uid)
    assert on_behalf.cancel(ctx, referral.id, before.id, by).done is Done.CHANGED
    assert on_behalf.cancel(ctx, referral.id, after.id, by).done is Done.CANCELLED
    assert told(ctx, by.conversation_id or "") == ["notice_booked", "notice_moved", "notice_cancelled"]
    assert held(ctx, referral) is None
    assert on_behalf.cancel(ctx, referral.id, after.id, by).done is Done.NOT_BOOKED


def test_on_the_phone_the_date_of_birth_is_asked_and_the_words_are_read_out(ctx: Context, referral: Referral) -> None:
    worker, course = an_account(ctx.database), in_days(ctx, 7)
    for born in (None, "", "1990-03-15"):
        with pytest.raises(NotProvedError):
            on_behalf.book(ctx, referral.id, course.id, By(worker.id, born=born))
    assert held(ctx, referral) is None
    assert on_behalf.is_born(ctx, referral.id, BORN, worker.id)
    assert not on_behalf.is_born(ctx, referral.id, "1990-03-15", worker.id)
    with ctx.database.reading() as session:
        asked = [line.action for line in audit_of(session, "referral", referral.id)]
    assert sorted(asked) == ["birth_date:right", "birth_date:wrong"]
    done = on_behalf.book(ctx, referral.id, course.id, By(worker.id, born=BORN))
    assert (done.done, done.in_chat) == (Done.BOOKED, False)
    assert done.told and "Tuesday 8 December at 10am" in done.told


def test_a_caller_who_also_has_a_chat_is_told_there(ctx: Context, referral: Referral) -> None:
    chat, course = proved(ctx, referral), in_days(ctx, 7)
    done = on_behalf.book(ctx, referral.id, course.id, By(an_account(ctx.database).id, born=BORN))
    assert done.in_chat and told(ctx, chat) == ["notice_booked"]


def test_only_the_worker_who_has_the_conversation_acts_in_it(ctx: Context, referral: Referral) -> None:
    by, course = taken(ctx, referral), in_days(ctx, 7)
    with pytest.raises(NotYoursError):
        on_behalf.book(ctx, referral.id, course.id, By(an_account(ctx.database).id, by.conversation_id))
    with pytest.raises(NotYoursError):
        on_behalf.book(ctx, referral.id, course.id, By(by.account_id, proved(ctx, referral)))
    with pytest.raises(NotTheirsError):
        on_behalf.book(ctx, a_referral(ctx.database).id, course.id, by)
    assert held(ctx, referral) is None


def full(ctx: Context) -> Course:
    course = in_days(ctx, 7, capacity=1)
    a_booking(ctx.database, course=course)
    return course


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (full, Done.TAKEN),
        (lambda ctx: in_days(ctx, -1), Done.STARTED),
        (lambda ctx: in_days(ctx, 90), Done.EXPIRED),
        (lambda ctx: in_days(ctx, 7, state=CourseState.CANCELLED), Done.TAKEN),
    ],
)
def test_what_the_chat_would_refuse_a_worker_is_refused(
    ctx: Context, referral: Referral, make: Callable[[Context], Course], why: Done
) -> None:
    by, course = taken(ctx, referral), make(ctx)
    assert on_behalf.choices(ctx, referral.id).choices == ()
    assert on_behalf.book(ctx, referral.id, course.id, by).done is why
    assert held(ctx, referral) is None and told(ctx, by.conversation_id or "") == []
    assert open_cases(ctx) == []  # a worker is looking already


def test_deadlines_moves_and_the_cut_off_hold_for_workers_too(ctx: Context, clock: Clock) -> None:
    late = a_referral(ctx.database, book_by=date(2026, 11, 30))
    unknown = a_referral(ctx.database, book_by=None)
    closed = a_referral(ctx.database, state=ReferralState.WITHDRAWN)
    assert [on_behalf.choices(ctx, each.id).why_not for each in (late, unknown, closed)] == [
        Done.DEADLINE,
        Done.DEADLINE,
        Done.NOT_OPEN,
    ]
    booked = a_referral(ctx.database, state=ReferralState.BOOKED)
    a_booking(ctx.database, booked, in_days(ctx, 7))
    assert on_behalf.choices(ctx, booked.id).why_not is None
    clock.forward(days=6, hours=12)
    found = on_behalf.choices(ctx, booked.id)
    assert (found.why_not, found.why_not_cancel, found.choices) == (Done.TOO_LATE, Done.TOO_LATE, ())
    row = held(ctx, booked)
    assert row is not None
    by = By(an_account(ctx.database).id, born=BORN)
    assert on_behalf.cancel(ctx, booked.id, row.id, by).done is Done.TOO_LATE


def test_all_that_fits_is_shown_soonest_first(ctx: Context, referral: Referral) -> None:
    days = [9, 7, 8, 12, 11, 10, 14]
    courses = {day: in_days(ctx, day) for day in days}
    found = [each.course_id for each in on_behalf.choices(ctx, referral.id).choices]
    assert found == [courses[day].id for day in sorted(days)]


def test_workers_and_chats_racing_never_overbook(ctx: Context) -> None:
    course = in_days(ctx, 7, capacity=3)
    people = [a_referral(ctx.database) for _ in range(8)]
    worker = an_account(ctx.database)
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda one: on_behalf.book(ctx, one.id, course.id, By(worker.id, born=BORN)).done, people))
    assert sorted(done) == [Done.BOOKED] * 3 + [Done.TAKEN] * 5
    with ctx.database.reading() as session:
        assert len(session.exec(select(Booking)).all()) == 3
