"""Venues, courses and their sessions: what can be booked."""

from datetime import datetime

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from storage.enums import CourseState
from storage.types import Instant, word


class Venue(SQLModel, table=True):
    id: str = Field(primary_key=True, max_length=32)
    name: str = Field(max_length=200)  # "Reading Central Library"
    place: str = Field(max_length=100)  # what people call it: "Reading", "online"
    address: str | None = Field(default=None, max_length=500)
    directions: str | None = Field(default=None, max_length=1000)
    online: bool = False
    join_link: str | None = Field(default=None, max_length=500)
    step_free: bool = False


class Course(SQLModel, table=True):
    """One or more sessions that are booked together; the places are the course's."""

    __table_args__ = (CheckConstraint("capacity >= 0", name="ck_course_capacity"),)

    id: str = Field(primary_key=True, max_length=32)
    venue_id: str = Field(foreign_key="venue.id", index=True, max_length=32)
    capacity: int
    state: CourseState = Field(default=CourseState.OPEN, sa_type=word(CourseState, "course.state"))
    first_starts_at: datetime = Field(sa_type=Instant, index=True)  # kept with sessions, to search by
    created_at: datetime = Field(sa_type=Instant)


class CourseSession(SQLModel, table=True):
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
