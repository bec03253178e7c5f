"""Venues, courses and their sessions: what can be booked."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CheckConstraint, ColumnElement, Index, UniqueConstraint, func
from sqlmodel import Field, Session, col, select

from storage.booking import Booking
from storage.enums import BookingState, CourseState
from storage.row import Row
from storage.types import Instant, word
from storage.waiting import Hold


class Venue(Row, table=True):
    id: str = Field(primary_key=True, max_length=32)
    name: str = Field(max_length=200)  # "Reading Central Library"
    place: str = Field(max_length=100)  # what people call it: "Reading", "online"
    address: str | None = Field(default=None, max_length=500)
    directions: str | None = Field(default=None, max_length=1000)
    online: bool = False
    join_link: str | None = Field(default=None, max_length=500)
    step_free: bool = False
    access_notes: str | None = Field(default=None, max_length=500)  # "a hearing loop; parking at the door"
    closed_at: datetime | None = Field(default=None, sa_type=Instant)  # no new sessions are planned here


class Course(Row, table=True):
    """One or more sessions that are booked together; the places are the course's."""

    __table_args__ = (
        CheckConstraint("capacity >= 0", name="ck_course_capacity"),
        Index("ix_course_state", "state", "first_starts_at"),
    )

    id: str = Field(primary_key=True, max_length=32)
    venue_id: str = Field(foreign_key="venue.id", index=True, max_length=32)
    capacity: int
    state: CourseState = Field(default=CourseState.OPEN, sa_type=word(CourseState, "course.state"))
    first_starts_at: datetime = Field(sa_type=Instant, index=True)  # kept with sessions, to search by
    created_at: datetime = Field(sa_type=Instant)
    language: str | None = Field(default=None, max_length=16)  # None: English
    join_link: str | None = Field(default=None, max_length=500)  # of its own, before the venue's
    access_notes: str | None = Field(default=None, max_length=500)  # "with a sign language interpreter"
    repeat_id: str | None = Field(default=None, index=True, max_length=32)  # what was planned together
    cancelled_at: datetime | None = Field(default=None, sa_type=Instant)
    cancelled_why: str | None = Field(default=None, max_length=200)  # in staff's words, for staff
    changed_at: datetime | None = Field(
        default=None, sa_type=Instant, index=True
    )  # its place, link or times, after people booked


class CourseStaff(Row, table=True):
    """Who runs a course."""

    __tablename__ = "course_staff"
    __table_args__ = (UniqueConstraint("course_id", "account_id"),)

    id: str = Field(primary_key=True, max_length=32)
    course_id: str = Field(foreign_key="course.id", max_length=32)
    account_id: str = Field(foreign_key="account.id", max_length=32)


class CourseSession(Row, table=True):
    __tablename__ = "session"
    __table_args__ = (
        UniqueConstraint("course_id", "number"),
        CheckConstraint("ends_at > starts_at", name="ck_session_times"),
    )

    id: str = Field(primary_key=True, max_length=32)
    course_id: str = Field(foreign_key="course.id", index=True, max_length=32)
    number: int  # 1 for the first
    starts_at: datetime = Field(sa_type=Instant, index=True)
    ends_at: datetime = Field(sa_type=Instant)
    cancelled_at: datetime | None = Field(default=None, sa_type=Instant)  # this one alone; by then no part of it
    cancelled_why: str | None = Field(default=None, max_length=200)  # in staff's words, for staff


@dataclass(frozen=True)
class WholeCourse:
    """A course with all that belongs to it. `sessions` are in order, without those that were `cancelled` alone; `taken`
    counts the places that are booked, or kept for somebody of the waiting list."""

    course: Course
    venue: Venue
    sessions: tuple[CourseSession, ...]
    taken: int
    cancelled: tuple[CourseSession, ...] = ()

    @property
    def free(self) -> int:
        """Places left; never below none."""
        return max(0, self.course.capacity - self.taken)


def courses_from(session: Session, now: datetime, whose: str | None = None) -> list[WholeCourse]:
    """Every open course that has not begun, the soonest first. Four queries, however many courses there are.

    `whose`: a referral; a place that is kept for it counts as free.
    """
    return _whole(session, (Course.state == CourseState.OPEN, Course.first_starts_at > now), whose)


def whole_courses(session: Session, course_ids: Collection[str], whose: str | None = None) -> dict[str, WholeCourse]:
    """These courses by id, in whatever state; `whose` as for `courses_from`."""
    return {whole.course.id: whole for whole in _whole(session, (col(Course.id).in_(course_ids),), whose)}


def whole_course(session: Session, course_id: str, whose: str | None = None) -> WholeCourse | None:
    """This course, in whatever state; `whose` as for `courses_from`."""
    return whole_courses(session, [course_id], whose).get(course_id)


def courses_between(session: Session, first: datetime, last: datetime) -> list[WholeCourse]:
    """Every course with a session that starts from `first` on and before `last`, in whatever state."""
    within = select(CourseSession.course_id).where(CourseSession.starts_at >= first, CourseSession.starts_at < last)
    return _whole(session, (col(Course.id).in_(within),))


def venues(session: Session) -> list[Venue]:
    """Every venue, by place and name."""
    return list(session.exec(select(Venue).order_by(Venue.place, Venue.name)))


def _whole(
    session: Session, where: tuple[ColumnElement[bool] | bool, ...], whose: str | None = None
) -> list[WholeCourse]:
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
    others = [Hold.referral_id != whose] if whose is not None else []
    kept = dict(
        session.exec(
            select(Hold.course_id, func.count())
            .join(Course, col(Course.id) == Hold.course_id)
            .where(*where, col(Hold.ended_at).is_(None), *others)
            .group_by(col(Hold.course_id))
        ).all()
    )
    return [
        WholeCourse(
            course,
            venue,
            tuple(one for one in sessions[course.id] if one.cancelled_at is None),
            taken.get(course.id, 0) + kept.get(course.id, 0),
            tuple(one for one in sessions[course.id] if one.cancelled_at is not None),
        )
        for course, venue in courses
    ]


def staff_of(session: Session, course_ids: Collection[str]) -> dict[str, list[str]]:
    """The accounts that run these courses, by course."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for row in session.exec(select(CourseStaff).where(col(CourseStaff.course_id).in_(course_ids))):
        found[row.course_id].append(row.account_id)
    return found
