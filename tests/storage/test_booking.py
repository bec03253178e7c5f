"""Bookings and offers: one active booking a referral, one booking an offer, and as many as there are places."""

from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from storage.booking import (
    Booking,
    active_booking,
    booking_by_offer,
    bookings_by_calendar,
    bookings_of,
    live_offers,
    offer_in,
    withdraw_offers,
)
from storage.database import Database
from storage.enums import BookingState
from storage.row import lock_one
from storage.session import Course, whole_courses
from tests.builders import NOW, a_booking, a_conversation, a_course, a_referral, an_offer, new_id
from tests.conftest import Clock
from tests.processes import together


def test_one_active_booking_a_referral(database: Database) -> None:
    referral = a_referral(database)
    moved = a_booking(database, referral, state=BookingState.MOVED)
    active = a_booking(database, referral, made_at=NOW + timedelta(minutes=1))
    with pytest.raises(IntegrityError):
        a_booking(database, referral)
    with pytest.raises(IntegrityError), database.writing() as session:
        session.get_one(Booking, moved.id).state = BookingState.ACTIVE
    a_booking(database)  # somebody else may
    with database.reading() as session:
        found = active_booking(session, referral.id)
        assert found is not None
        assert found.id == active.id
        assert [booking.id for booking in bookings_of(session, referral.id)] == [active.id, moved.id]
        assert active_booking(session, "nobody") is None


def test_one_booking_an_offer(database: Database) -> None:
    booking = a_booking(database, offer_token="tap")
    with pytest.raises(IntegrityError):
        a_booking(database, offer_token="tap")
    a_booking(database)
    a_booking(database)  # without an offer: as many as wanted
    with database.reading() as session:
        found = booking_by_offer(session, "tap")
        assert found is not None
        assert found.id == booking.id
        assert booking_by_offer(session, "other") is None


def test_taken_places_are_the_active_ones(database: Database) -> None:
    course = a_course(database)
    for state in (BookingState.ACTIVE, BookingState.ACTIVE, BookingState.MOVED, BookingState.CANCELLED):
        a_booking(database, course=course, state=state)
    a_booking(database)
    empty = a_course(database)
    with database.reading() as session:
        assert {key: whole.taken for key, whole in whole_courses(session, [course.id, empty.id]).items()} == {
            course.id: 2,
            empty.id: 0,
        }


def test_a_calendar_follows_a_move(database: Database) -> None:
    referral = a_referral(database)
    before = a_booking(database, referral, calendar_token="calendar", state=BookingState.MOVED)
    now = a_booking(database, referral, calendar_token="calendar", calendar_sequence=1, made_at=NOW)
    with database.reading() as session:
        assert [row.id for row in bookings_by_calendar(session, "calendar")] == [now.id, before.id]
        assert bookings_by_calendar(session, "guess") == []


def test_offers_live_for_a_while_in_their_own_conversation(database: Database, clock: Clock) -> None:
    talk, other = a_conversation(database), a_conversation(database)
    referral, course = a_referral(database), a_course(database)
    second = an_offer(database, talk, referral, course, position=2)
    first = an_offer(database, talk, referral, course, position=1)
    more = an_offer(database, talk, referral, course, batch=2, position=1, expires_at=NOW + timedelta(hours=1))
    an_offer(database, other, referral, course)

    def live() -> list[str]:
        with database.reading() as session:
            return [offer.token for offer in live_offers(session, talk.id, clock())]

    assert live() == [first.token, second.token, more.token]
    clock.forward(minutes=30)
    assert live() == [more.token]
    with database.writing() as session:
        withdraw_offers(session, talk.id, clock())
    assert live() == []
    with database.reading() as session:
        found = offer_in(session, talk.id, more.token)
        assert found is not None
        assert found.withdrawn_at == clock()
        assert len(live_offers(session, other.id, NOW)) == 1
        assert offer_in(session, other.id, more.token) is None


def test_a_locked_course_is_never_overbooked_by_several_processes(database: Database) -> None:
    course = a_course(database, capacity=5)
    people = [a_referral(database).id for _ in range(30)]

    def book(mine: Database, number: int) -> None:
        for referral_id in people[number::3]:
            with mine.writing() as session:
                capacity = lock_one(session, Course, course.id).capacity
                if whole_courses(session, [course.id])[course.id].taken < capacity:
                    session.add(Booking(id=new_id(), referral_id=referral_id, course_id=course.id, made_at=NOW,
                                        calendar_uid=new_id(), calendar_token=new_id()))  # fmt: skip

    together(database, book, 3)
    with database.reading() as session:
        assert whole_courses(session, [course.id])[course.id].taken == 5
