"""Courses with their venue, sessions and taken places."""

from datetime import timedelta

import pytest
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError

from storage.database import Database
from storage.enums import BookingState, CourseState
from storage.session import courses_from, venues, whole_course, whole_courses
from tests.builders import NOW, a_booking, a_course, a_course_session, a_venue


def test_open_courses_that_have_not_begun_the_soonest_first(database: Database) -> None:
    reading, slough = a_venue(database), a_venue(database, place="Slough")
    later = a_course(database, starts_at=NOW + timedelta(days=9), venue=slough, sessions=3, capacity=2)
    sooner = a_course(database, starts_at=NOW + timedelta(days=2), venue=reading)
    a_course(database, starts_at=NOW, venue=reading)  # begins now
    a_course(database, starts_at=NOW + timedelta(days=3), venue=reading, state=CourseState.CANCELLED)
    for state in (BookingState.ACTIVE, BookingState.ACTIVE, BookingState.CANCELLED):
        a_booking(database, course=later, state=state)
    with database.reading() as session:
        found = courses_from(session, NOW)
    assert [whole.course.id for whole in found] == [sooner.id, later.id]
    assert [whole.venue.place for whole in found] == ["Reading", "Slough"]
    assert [[one.number for one in whole.sessions] for whole in found] == [[1], [1, 2, 3]]
    assert [(whole.taken, whole.free) for whole in found] == [(0, 15), (2, 0)]
    assert found[1].sessions[2].starts_at == later.first_starts_at + timedelta(weeks=2)


def test_a_constant_number_of_queries(database: Database) -> None:
    asked: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    event.listen(database._reader, "before_cursor_execute", lambda *args: asked.append(args[2]))
    counts = []
    for _ in range(2):
        for _ in range(3):
            a_course(database, sessions=2)
        asked.clear()
        with database.reading() as session:
            assert courses_from(session, NOW)
        counts.append(len([query for query in asked if query.startswith("SELECT")]))
    # on PostgreSQL the reader is the same engine with options, and hears events of both
    assert counts[0] == counts[1]
    assert counts[0] in (4, 8)


def test_a_course_by_its_id_in_whatever_state(database: Database) -> None:
    past = a_course(database, starts_at=NOW - timedelta(days=9), state=CourseState.ENDED)
    other = a_course(database)
    with database.reading() as session:
        found = whole_course(session, past.id)
        assert found is not None
        assert found.course.id == past.id
        assert set(whole_courses(session, [past.id, other.id, "nothing"])) == {past.id, other.id}
        assert whole_course(session, "nothing") is None
        assert whole_courses(session, []) == {}


def test_what_the_database_refuses(database: Database) -> None:
    course = a_course(database)
    with pytest.raises(IntegrityError):
        a_course(database, capacity=-1)
    with pytest.raises(IntegrityError):
        a_course_session(database, course, number=2, starts_at=NOW, ends_at=NOW)
    with pytest.raises(IntegrityError):
        a_course_session(database, course, number=1, starts_at=NOW, ends_at=NOW + timedelta(hours=1))
    with pytest.raises(IntegrityError):
        a_course(database, venue_id="nowhere")


def test_venues(database: Database) -> None:
    for place, name in (("Slough", "B"), ("Reading", "C"), ("Slough", "A")):
        a_venue(database, place=place, name=name)
    with database.reading() as session:
        assert [(venue.place, venue.name) for venue in venues(session)] == [
            ("Reading", "C"),
            ("Slough", "A"),
            ("Slough", "B"),
        ]
