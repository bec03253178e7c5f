"""Sessions and places as a team has laid them, for journeys that begin on the day of a session, at whatever hour."""

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, select

from programme.rules import london
from storage.attendance import Attendance
from storage.enums import ReferralState
from storage.referral import Referral
from storage.row import lock_one
from storage.session import CourseSession
from tests.builders import a_booking, a_course, a_venue
from tests.journeys.conftest import next_reference
from tests.journeys.system import System

SETTLED = timedelta(minutes=10)  # after which nobody puts a wrong tap right any more
_rooms = itertools.count(1)


def referred(system: System, name: str, **given: Any) -> Referral:
    """Somebody newly referred, by this name."""
    return system.add_referral(next_reference(), name=name, **given)


def lay_course(system: System, starts: datetime, people: Sequence[Referral], hours: float = 3) -> CourseSession:
    """A session in a room of its own, in which these have a place, and nobody else finds one."""
    database, now = system.ctx.database, system.ctx.clock()
    room = f"Room {next(_rooms)}"
    venue = a_venue(database, name=room, place="Didcot", address=f"{room}, Didcot", step_free=True)
    capacity = max(len(people), 1)
    course = a_course(database, venue=venue, starts_at=starts, hours=hours, capacity=capacity, created_at=now)
    for person in people:
        a_booking(database, person, course, made_at=min(now, starts) - timedelta(days=1))
        with database.writing() as session:
            row = lock_one(session, Referral, person.id)
            row.state = ReferralState.BOOKED
            session.add(row)
    (found,) = system.rows(CourseSession, CourseSession.course_id == course.id)
    return found  # type: ignore[no-any-return]


def room_of(session: CourseSession, system: System) -> str:
    """What its place is called."""
    from storage.session import Course, Venue

    (course,) = system.rows(Course, Course.id == session.course_id)
    (venue,) = system.rows(Venue, Venue.id == course.venue_id)
    return str(venue.name)


def day_of(session: CourseSession) -> str:
    """Its London day, as addresses have it."""
    return london.today(session.starts_at).isoformat()


def state_of(system: System, referral: Referral) -> ReferralState:
    (row,) = system.rows(Referral, Referral.id == referral.id)
    return ReferralState(row.state)


def settle(system: System, session: CourseSession) -> None:
    """Time goes by since the list was filled in: what stands in it is no slip of a finger."""
    with system.ctx.database.writing() as opened:
        for row in opened.exec(select(Attendance).where(col(Attendance.session_id) == session.id)):
            row.marked_at = row.marked_at - SETTLED
            opened.add(row)
