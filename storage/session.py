"""Venues, courses and their sessions: what can be booked."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CheckConstraint, ColumnElement, UniqueConstraint, func
from sqlmodel import Field, Session, col, select

from storage.booking import Booking
from storage.enums import BookingState, CourseState
from storage.row import Row
from storage.types import Instant, word


class Venue(Row, table=True):
    id: str = Field(primary_key=True, max_length=32)
    name: str = Field(max_length=200)  # "Reading Central Library"
    place: str = Field(max_length=100)  # what people call it: "Reading", "online"
    address: str | None = Field(default=None, max_length=500)
    directions: str | None = Field(default=None, max_length=1000)
    online: bool = False
    join_link: str | None = Field(default=None, max_length=500)
    step_free: bool = False


class Course(Row, table=True):
    """One or more sessions that are booked together; the places are the course's."""

    __table_args__ = (CheckConstraint("capacity >= 0", name="ck_course_capacity"),)

    id: str = Field(primary_key=True, max_length=32)
    venue_id: str = Field(foreign_key="venue.id", index=True, max_length=32)
    capacity: int
    state: CourseState = Field(default=CourseState.OPEN, sa_type=word(CourseState, "course.state"))
    first_starts_at: datetime = Field(sa_type=Instant, index=True)  # kept with sessions, to search by
    created_at: datetime = Field(sa_type=Instant)


class CourseSession(Row, table=True):
    __tablename__ = "session"
    __table_args__ = (
        UniqueConstraint("course_id", "number"),
        CheckConstraint("ends_at > starts_at", name="ck_session_times"),
    )

    id: str = Field(primary_key=True, max_length=32)
    course_id: str = Field(foreign_key="course.id", index=True, max_length=32)
    number: int  # 1 for the first
    starts_at: datetime = Field(sa_type=Instant)
    ends_at: datetime = Field(sa_type=Instant)


@dataclass(frozen=True)
class WholeCourse:
    """A course with all that belongs to it. `sessions` are in order; `taken` counts the places that are held."""

    course: Course
    venue: Venue
    sessions: tuple[CourseSession, ...]
    taken: int

    @property
    def free(self) -> int:
        """Places left; never below none."""
        return max(0, self.course.capacity - self.taken)


def courses_from(session: Session, now: datetime) -> list[WholeCourse]:
    """Every open course that has not begun, the soonest first. Three queries, however many courses there are."""
    return _whole(session, (Course.state == CourseState.OPEN, Course.first_starts_at > now))


def whole_courses(session: Session, course_ids: Collection[str]) -> dict[str, WholeCourse]:
    """These courses by id, in whatever state."""
    return {whole.course.id: whole for whole in _whole(session, (col(Course.id).in_(course_ids),))}


def whole_course(session: Session, course_id: str) -> WholeCourse | None:
    """This course, in whatever state."""
    return whole_courses(session, [course_id]).get(course_id)


def venues(session: Session) -> list[Venue]:
    """Every venue, by place and name."""
    return list(session.exec(select(Venue).order_by(Venue.place, Venue.name)))


def _whole(session: Session, where: tuple[ColumnElement[bool] | bool, ...]) -> list[WholeCourse]:
    courses = session.exec(
        select(Course, Venue).join(Venue).where(*where).order_by(col(Course.first_starts_at), col(Course.id))
    ).all()
    sessions: defaultdict[str, list[CourseSession]] = defaultdict(list)
    for one in session.exec(select(CourseSession).join(Course).where(*where).order_by(col(CourseSession.number))):
        sessions[one.course_id].append(one)
    taken = dict(
        session.exec(
            select(Booking.course_id, func.count())
            .join(Course)
            .where(*where, Booking.state == BookingState.ACTIVE)
            .group_by(col(Booking.course_id))
        ).all()
    )
    return [
        WholeCourse(course, venue, tuple(sessions[course.id]), taken.get(course.id, 0)) for course, venue in courses
    ]
