"""Booking, moving and cancelling a place: once, by the rules, and told in the same transaction."""

from datetime import date, timedelta

import pytest
from icalendar import Calendar

from programme import booked, booking, offers
from programme.context import Context
from programme.outcome import Done
from programme.rules import london
from storage.database import Database
from storage.enums import BookingState, CaseReason, CourseState, ReferralState
from storage.referral import Referral
from storage.session import Course
from tests.builders import NOW, a_booking, a_referral, an_offer
from tests.conftest import Clock
from tests.programme.desk import open_cases, proved, rules, text, told
from tests.programme.places import all_bookings, in_days, offered


@pytest.fixture
def referral(database: Database) -> Referral:
    rules(database)
    return a_referral(database)


@pytest.fixture
def chat(ctx: Context, referral: Referral) -> str:
    return proved(ctx, referral)


def test_a_place_is_booked_and_told_once(ctx: Context, chat: str, referral: Referral) -> None:
    course = in_days(ctx.database, 7)
    token = offered(ctx, chat)
    first, again = (booking.book(ctx, chat, None, token) for _ in range(2))
    assert (first.done, again.done) == (Done.BOOKED, Done.SAME)
    assert first.booking == again.booking == booked.current(ctx, chat)
    assert told(ctx, chat) == ["notice_booked"]
    assert "Tuesday 8 December at 10am" in text(ctx, chat)
    assert "Reading Central Library, Abbey Square" in text(ctx, chat)
    assert [row.course_id for row in all_bookings(ctx)] == [course.id]
    with ctx.database.reading() as session:
        assert session.get_one(Referral, referral.id).state is ReferralState.BOOKED


def test_all_sessions_of_a_course_are_booked_and_told(ctx: Context, chat: str) -> None:
    in_days(ctx.database, 7, sessions=3)
    booking.book(ctx, chat, None, offered(ctx, chat))
    for day in ("Tuesday 8 December", "Tuesday 15 December", "Tuesday 22 December"):
        assert day in text(ctx, chat)


def test_nobody_books_twice(ctx: Context, chat: str, referral: Referral) -> None:
    in_days(ctx.database, 7)
    in_days(ctx.database, 8)
    other_chat = proved(ctx, referral)  # the same person on another channel
    mine, theirs = offered(ctx, chat), offered(ctx, other_chat, 1)
    assert booking.book(ctx, other_chat, None, theirs).done is Done.BOOKED
    refused = booking.book(ctx, chat, None, mine)
    assert refused.done is Done.ALREADY_BOOKED
    assert refused.booking == booked.current(ctx, other_chat)
    assert len(all_bookings(ctx)) == 1


def test_the_last_place_goes_once(ctx: Context, chat: str) -> None:
    in_days(ctx.database, 7, capacity=1)
    other_chat = proved(ctx, a_referral(ctx.database))
    mine, theirs = offered(ctx, chat), offered(ctx, other_chat)
    assert booking.book(ctx, other_chat, None, theirs).done is Done.BOOKED
    assert booking.book(ctx, chat, None, mine).done is Done.TAKEN
    assert told(ctx, chat) == []


def test_a_course_that_is_no_longer_held_is_not_booked(ctx: Context, chat: str) -> None:
    course = in_days(ctx.database, 7)
    token = offered(ctx, chat)
    with ctx.database.writing() as session:
        row = session.get_one(Course, course.id)
        row.state = CourseState.CANCELLED
        session.add(row)
    assert booking.book(ctx, chat, None, token).done is Done.TAKEN
    held = a_booking(ctx.database, None, in_days(ctx.database, 9))
    with ctx.database.reading() as session:
        mover = session.get_one(Referral, held.referral_id)
    other_chat = proved(ctx, mover)
    an_offer(ctx.database, _row(ctx, other_chat), mover, course, token="moving")
    assert booking.move(ctx, other_chat, None, "moving").done is Done.TAKEN
    assert booked.current(ctx, other_chat) is not None


def _row(ctx: Context, chat: str):  # type: ignore[no-untyped-def]
    from storage.conversation import Conversation

    with ctx.database.reading() as session:
        return session.get_one(Conversation, chat)


def test_an_offer_is_for_its_own_person_conversation_and_half_hour(ctx: Context, chat: str, clock: Clock) -> None:
    in_days(ctx.database, 7)
    token = offered(ctx, chat)
    stranger = proved(ctx, a_referral(ctx.database))
    assert booking.book(ctx, stranger, None, token).done is Done.EXPIRED
    assert booking.book(ctx, chat, None, "no such offer").done is Done.EXPIRED
    clock.forward(minutes=30)
    assert booking.book(ctx, chat, None, token).done is Done.EXPIRED
    assert all_bookings(ctx) == []


def test_nobody_books_unless_they_proved_who_they_are(ctx: Context, chat: str, database: Database) -> None:
    from tests.programme.desk import opened

    unknown = opened(ctx)
    for act in (
        lambda: booking.book(ctx, unknown, None, "x"),
        lambda: booking.move(ctx, unknown, None, "x"),
        lambda: booking.cancel(ctx, unknown, None, "x"),
        lambda: booking.may_move_now(ctx, unknown),
    ):
        assert act().done is Done.NOT_VERIFIED
    assert booked.current(ctx, unknown) is None


def test_moving_keeps_the_old_place_until_the_new_one_is_had(ctx: Context, chat: str) -> None:
    old, new = in_days(ctx.database, 7), in_days(ctx.database, 9, capacity=1)
    booking.book(ctx, chat, None, offered(ctx, chat))
    other_chat = proved(ctx, a_referral(ctx.database))
    mine = offered(ctx, chat)
    booking.book(ctx, other_chat, None, offered(ctx, other_chat, 1))
    assert booking.move(ctx, chat, None, mine).done is Done.TAKEN
    held = booked.current(ctx, chat)
    assert held is not None
    assert held.course_id == old.id
    assert booked.current(ctx, other_chat).course_id == new.id  # type: ignore[union-attr]


def test_a_move_is_one_step_and_counted(ctx: Context, chat: str) -> None:
    for days in (7, 9, 11, 13):
        in_days(ctx.database, days)
    booking.book(ctx, chat, None, offered(ctx, chat))
    for _ in range(2):
        token = offered(ctx, chat)
        assert [booking.move(ctx, chat, None, token).done for _ in range(2)] == [Done.MOVED, Done.SAME]
    refused = booking.move(ctx, chat, None, offered(ctx, chat))
    assert refused.done is booking.may_move_now(ctx, chat).done is Done.TOO_MANY_MOVES
    assert [case.reason for case in open_cases(ctx)] == [CaseReason.CUT_OFF]
    assert told(ctx, chat) == ["notice_booked", "notice_moved", "notice_moved"]
    states = sorted(row.state for row in all_bookings(ctx))
    assert states == [BookingState.ACTIVE, BookingState.MOVED, BookingState.MOVED]


def test_an_offer_that_was_used_is_used_up(ctx: Context, chat: str) -> None:
    in_days(ctx.database, 7)
    in_days(ctx.database, 9)
    first = offered(ctx, chat)
    booking.book(ctx, chat, None, first)
    booking.move(ctx, chat, None, offered(ctx, chat))
    assert booking.move(ctx, chat, None, first).done is Done.EXPIRED
    held = booked.current(ctx, chat)
    assert held is not None
    booking.cancel(ctx, chat, None, held.id)
    assert booking.book(ctx, chat, None, first).done is Done.EXPIRED
    assert offers.find(ctx, chat, first) is None
    assert booking.book(ctx, chat, None, offered(ctx, chat)).done is Done.BOOKED


def test_cancelling_tells_by_when_to_book_again(ctx: Context, chat: str, referral: Referral) -> None:
    in_days(ctx.database, 7)
    booking.book(ctx, chat, None, offered(ctx, chat))
    held = booked.current(ctx, chat)
    assert held is not None
    assert booking.cancel(ctx, chat, None, held.id).done is Done.CANCELLED
    assert booked.current(ctx, chat) is None
    assert booking.cancel(ctx, chat, None, held.id).done is Done.NOT_BOOKED
    assert told(ctx, chat) == ["notice_booked", "notice_cancelled"]
    assert "31 December 2026" in text(ctx, chat)
    with ctx.database.reading() as session:
        assert session.get_one(Referral, referral.id).state is ReferralState.VERIFIED


def test_only_the_place_that_was_asked_about_is_cancelled(ctx: Context, chat: str, referral: Referral) -> None:
    in_days(ctx.database, 7)
    in_days(ctx.database, 9)
    booking.book(ctx, chat, None, offered(ctx, chat))
    asked_about = booked.current(ctx, chat)
    other_chat = proved(ctx, referral)
    booking.move(ctx, other_chat, None, offered(ctx, other_chat))
    assert asked_about is not None
    assert booking.cancel(ctx, chat, None, asked_about.id).done is Done.CHANGED
    assert booked.current(ctx, chat) is not None


@pytest.mark.parametrize(("hours", "done"), [(24.01, True), (23.99, False)])
def test_the_cut_off(ctx: Context, chat: str, clock: Clock, hours: float, done: bool) -> None:
    in_days(ctx.database, 7)
    in_days(ctx.database, 12)
    booking.book(ctx, chat, None, offered(ctx, chat))
    held = booked.current(ctx, chat)
    assert held is not None
    clock.forward(hours=7 * 24 - hours)
    allowed = {booking.may_move_now(ctx, chat).done, booking.may_cancel_now(ctx, chat).done}
    assert allowed == ({Done.MOVED, Done.CANCELLED} if done else {Done.TOO_LATE})
    if not done:
        assert booking.move(ctx, chat, None, offered(ctx, chat)).done is Done.TOO_LATE
        assert booking.cancel(ctx, chat, None, held.id).done is Done.TOO_LATE
    assert [case.reason for case in open_cases(ctx)] == ([] if done else [CaseReason.CUT_OFF])
    assert booked.current(ctx, chat) == held


def test_without_the_rules_a_worker_changes_it(ctx: Context) -> None:
    referral = a_referral(ctx.database)  # no settings at all
    chat = proved(ctx, referral)
    a_booking(ctx.database, referral, in_days(ctx.database, 7))
    assert booking.may_move_now(ctx, chat).done is Done.TOO_LATE
    assert booking.may_cancel_now(ctx, chat).done is Done.TOO_LATE
    assert [case.reason for case in open_cases(ctx)] == [CaseReason.CUT_OFF]


def test_a_deadline_that_passes_between_offer_and_yes(ctx: Context, clock: Clock) -> None:
    today = london.today(NOW)
    referral = a_referral(ctx.database, book_by=today, finish_by=today + timedelta(days=30))
    chat = proved(ctx, referral)
    in_days(ctx.database, 7)
    clock.now = london.at(today, london.local(NOW).time().replace(hour=23, minute=50))
    token = offered(ctx, chat)
    clock.forward(minutes=15)
    assert booking.book(ctx, chat, None, token).done is Done.DEADLINE
    assert [case.reason for case in open_cases(ctx)] == [CaseReason.DEADLINE_PAST]


def test_the_calendar_file_follows_the_place(ctx: Context, chat: str) -> None:
    in_days(ctx.database, 7, sessions=2)
    in_days(ctx.database, 9)
    booking.book(ctx, chat, None, offered(ctx, chat))
    token = booked.current(ctx, chat).calendar_token  # type: ignore[union-attr]
    first = _events(ctx, token)
    booking.move(ctx, chat, None, offered(ctx, chat))
    moved = _events(ctx, token)
    held = booked.current(ctx, chat)
    assert held is not None
    booking.cancel(ctx, chat, None, held.id)
    cancelled = _events(ctx, token)
    assert len(first) == 2
    assert [(one["UID"], one["STATUS"]) for one in moved] == [
        (first[0]["UID"], "CONFIRMED"),
        (first[1]["UID"], "CANCELLED"),  # else the second week stays in their calendar for ever
    ]
    assert first[0]["UID"] == moved[0]["UID"] == cancelled[0]["UID"]
    assert [one[0]["SEQUENCE"] for one in (first, moved, cancelled)] == [0, 1, 2]
    assert cancelled[0]["STATUS"] == "CANCELLED"
    assert first[0].decoded("DTSTART").date() == date(2026, 12, 8)
    assert moved[0].decoded("DTSTART").date() == date(2026, 12, 10)
    assert booked.calendar_file(ctx, "no such token") is None


def _events(ctx: Context, token: str):  # type: ignore[no-untyped-def]
    return Calendar.from_ical(booked.calendar_file(ctx, token) or "").walk("VEVENT")
