"""Booking, moving and cancelling: each once, in one transaction, with what the person is told."""

import json
from datetime import date, timedelta

import pytest
from icalendar import Calendar
from sqlmodel import select

from programme import booked, booking, offers
from programme.context import Context
from programme.outcome import Done
from programme.rules import deadline, london
from storage.booking import Booking, Offer, active_booking
from storage.database import Database
from storage.enums import BookingState, CaseReason, CourseState, ReferralState
from storage.referral import Referral
from storage.session import Course
from tests.builders import NOW, a_booking, a_course, a_referral, a_setting, a_venue, an_offer
from tests.conftest import Clock
from tests.programme.desk import a_context, open_cases, proved, rules, text, told


@pytest.fixture
def ctx(database: Database, clock: Clock) -> Context:
    return a_context(database, clock)


@pytest.fixture
def referral(database: Database) -> Referral:
    rules(database)
    return a_referral(database)


@pytest.fixture
def chat(ctx: Context, referral: Referral) -> str:
    return proved(ctx, referral)


def offered(ctx: Context, chat: str, place: int = 0) -> str:
    """The token of one of the offers that are made now."""
    return offers.make(ctx, chat, None).offers[place].token


def all_bookings(ctx: Context) -> list[Booking]:
    with ctx.database.reading() as session:
        return list(session.exec(select(Booking)))


def in_days(database: Database, days: int, **given: object) -> Course:
    return a_course(database, starts_at=NOW + timedelta(days=days), **given)


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


def test_offers_fit_the_deadlines_and_are_five_at_most(ctx: Context, chat: str, referral: Referral) -> None:
    for days in (7, 8, 9, 10, 11, 12, 13):
        in_days(ctx.database, days)
    in_days(ctx.database, 55, sessions=2)  # begins in time, ends after 31 January
    in_days(ctx.database, 60)
    in_days(ctx.database, 6, capacity=0)
    shown = offers.make(ctx, chat, None)
    assert [(offer.starts[0] - NOW).days for offer in shown.offers] == [7, 8, 9, 10, 11]
    assert shown.more
    more = offers.make(ctx, chat, None, more=True)
    assert [(offer.starts[0] - NOW).days for offer in more.offers] == [12, 13, 60]
    assert not more.more
    assert offers.make(ctx, chat, None, more=True).kind is offers.OffersKind.NO_MORE
    assert offers.latest(ctx, chat) == more.offers


def test_none_free_is_a_dated_receipt_and_a_case_before_the_deadline(
    ctx: Context, chat: str, referral: Referral
) -> None:
    none = offers.make(ctx, chat, None)
    assert (none.kind, none.asked_at) == (offers.OffersKind.NONE_FREE, NOW)
    again = offers.make(ctx, chat, None)
    assert again.kind is offers.OffersKind.NONE_FREE
    (case,) = open_cases(ctx)
    assert case.reason is CaseReason.NO_SESSION
    assert case.due_at == deadline.case_due(deadline.Deadlines(referral.book_by, referral.finish_by), NOW)
    assert london.today(case.due_at) < (referral.book_by or date.min)


@pytest.mark.parametrize(
    ("book_by", "reason"),
    [(None, CaseReason.DEADLINE_UNKNOWN), (date(2026, 11, 30), CaseReason.DEADLINE_PAST)],
)
def test_without_a_deadline_ahead_a_worker_must_check(ctx: Context, book_by: date | None, reason: CaseReason) -> None:
    chat = proved(ctx, a_referral(ctx.database, book_by=book_by))
    in_days(ctx.database, 7)
    assert offers.make(ctx, chat, None).kind.value == reason.value
    assert [case.reason for case in open_cases(ctx)] == [reason]
    with ctx.database.reading() as session:
        assert session.exec(select(Offer)).all() == []


def test_offers_are_for_those_who_proved_who_they_are(ctx: Context) -> None:
    from tests.programme.desk import opened

    with pytest.raises(offers.NotVerifiedError):
        offers.make(ctx, opened(ctx), None)


def test_the_place_that_is_held_is_not_offered(ctx: Context, chat: str, referral: Referral) -> None:
    held, other = in_days(ctx.database, 7), in_days(ctx.database, 8)
    a_booking(ctx.database, referral, held)
    assert [offer.course_id for offer in offers.make(ctx, chat, None).offers] == [other.id]


def test_one_venue_is_named_once(ctx: Context) -> None:
    for place in ("Slough", "Oxford", "Slough"):
        a_venue(ctx.database, place=place)
    assert offers.places(ctx) == ["Oxford", "Slough"]


def test_two_chats_of_one_person_hold_one_place(ctx: Context, chat: str, referral: Referral) -> None:
    in_days(ctx.database, 7)
    other_chat = proved(ctx, referral)
    booking.book(ctx, chat, None, offered(ctx, chat))
    assert booked.current(ctx, other_chat) == booked.current(ctx, chat)
    with ctx.database.reading() as session:
        assert active_booking(session, referral.id) is not None


OVER = [ReferralState.WITHDRAWN, ReferralState.COMPLETED, ReferralState.RETURNED, ReferralState.CLOSED]


def put(database: Database, referral: Referral, **values: object) -> None:
    with database.writing() as session:
        row = session.get_one(Referral, referral.id)
        for name, value in values.items():
            setattr(row, name, value)
        session.add(row)


def state_of(database: Database, referral: Referral) -> ReferralState:
    with database.reading() as session:
        return session.get_one(Referral, referral.id).state


@pytest.mark.parametrize("state", [*OVER, ReferralState.MISSED, ReferralState.ATTENDED])
def test_a_referral_that_is_over_is_offered_and_given_no_place(
    ctx: Context, chat: str, referral: Referral, state: ReferralState
) -> None:
    in_days(ctx.database, 7)
    token = offered(ctx, chat)
    put(ctx.database, referral, state=state)  # while the list was on the table
    assert booking.book(ctx, chat, None, token).done is Done.NOT_OPEN
    assert booking.may_book_now(ctx, chat).done is Done.NOT_OPEN
    assert offers.make(ctx, chat, None).kind is offers.OffersKind.NOT_OPEN
    assert [case.reason for case in open_cases(ctx)] == [CaseReason.NOT_OPEN]
    assert (all_bookings(ctx), state_of(ctx.database, referral)) == ([], state)


@pytest.mark.parametrize("state", OVER)
def test_a_place_of_a_referral_that_is_over_is_not_moved(
    ctx: Context, chat: str, referral: Referral, state: ReferralState
) -> None:
    in_days(ctx.database, 7)
    in_days(ctx.database, 9)
    booking.book(ctx, chat, None, offered(ctx, chat))
    token = offered(ctx, chat)
    put(ctx.database, referral, state=state)
    assert booking.may_move_now(ctx, chat).done is Done.NOT_OPEN
    assert booking.move(ctx, chat, None, token).done is Done.NOT_OPEN
    held = booked.current(ctx, chat)
    assert held is not None
    assert booking.cancel(ctx, chat, None, held.id).done is Done.CANCELLED  # a place nobody needs is given up
    assert state_of(ctx.database, referral) is state


def test_a_place_given_up_leaves_the_referral_to_be_booked_again(ctx: Context, chat: str, referral: Referral) -> None:
    in_days(ctx.database, 7)
    booking.book(ctx, chat, None, offered(ctx, chat))
    held = booked.current(ctx, chat)
    booking.cancel(ctx, chat, None, held.id if held else "")
    assert state_of(ctx.database, referral) is ReferralState.VERIFIED
    assert booking.may_book_now(ctx, chat).done is Done.BOOKED


def test_a_course_that_ends_too_late_by_now_is_an_offer_that_is_gone(
    ctx: Context, chat: str, referral: Referral
) -> None:
    in_days(ctx.database, 20)
    token = offered(ctx, chat)
    put(ctx.database, referral, finish_by=(NOW + timedelta(days=10)).date())
    assert booking.book(ctx, chat, None, token).done is Done.EXPIRED
    assert open_cases(ctx) == [], "their dates are neither past nor unknown: there is nothing for a worker to check"


def test_more_after_a_while_is_a_fresh_list(ctx: Context, chat: str, clock: Clock) -> None:
    in_days(ctx.database, 7)
    first = offers.make(ctx, chat, None)
    clock.forward(minutes=offers.OFFER_MINUTES)
    again = offers.make(ctx, chat, None, more=True)
    assert again.kind is offers.OffersKind.OFFERS
    assert [offer.course_id for offer in again.offers] == [offer.course_id for offer in first.offers]


def test_a_rule_that_is_not_filled_in_is_told_to_the_worker_as_such(database: Database, ctx: Context) -> None:
    referral = a_referral(database)
    chat = proved(ctx, referral)
    a_booking(database, referral, in_days(database, 7))
    assert booking.may_move_now(ctx, chat).done is Done.TOO_LATE
    (case,) = open_cases(ctx)
    assert (case.reason, json.loads(case.detail or "{}")) == (CaseReason.CUT_OFF, {"why": "rule_unknown"})


def test_a_confirmation_says_how_to_get_there(ctx: Context, chat: str) -> None:
    venue = a_venue(ctx.database, directions="Ten minutes' walk from the station.")
    in_days(ctx.database, 7, venue=venue)
    in_days(ctx.database, 9, venue=venue)
    for act, first_line in ((booking.book, "You are booked."), (booking.move, "Your place has been moved.")):
        act(ctx, chat, None, offered(ctx, chat))
        assert text(ctx, chat).startswith(first_line)
        assert "RG1 3BQ\nTen minutes' walk from the station.\n" in text(ctx, chat)
    held = booked.current(ctx, chat)
    assert held is not None
    assert "walk" not in (booked.calendar_file(ctx, held.calendar_token) or "")  # an address that a map can find


@pytest.mark.parametrize("link", ["https://meet.example.org/1", None])
def test_a_place_online_is_confirmed_with_all_that_is_known(ctx: Context, chat: str, link: str | None) -> None:
    venue = a_venue(ctx.database, name="Online", place="online", address=None, online=True, join_link=link)
    in_days(ctx.database, 7, venue=venue)
    in_days(ctx.database, 9, venue=venue)
    a_setting(ctx.database, "bring_text", "Bring your glasses.")
    a_setting(ctx.database, "change_rule_text", "You can move it twice.")
    for act in (booking.book, booking.move):
        act(ctx, chat, None, offered(ctx, chat))
        for said in ("Bring your glasses.", "You can move it twice.", "Put it in your calendar: /calendar/"):
            assert said in text(ctx, chat)
        assert (f"Join online: {link}" in text(ctx, chat)) is (link is not None)
        assert ("not here yet" in text(ctx, chat)) is (link is None)
