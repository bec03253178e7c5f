"""Offers and bookings: which course was offered to whom, and who holds a place."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from storage.enums import BookingState
from storage.types import Instant, word


class Offer(SQLModel, table=True):
    """One course offered in one conversation. Its token is what a tap or a choice carries; it does not live long."""

    token: str = Field(primary_key=True, max_length=32)
    conversation_id: str = Field(foreign_key="conversation.id", index=True, max_length=32)
    referral_id: str = Field(foreign_key="referral.id", index=True, max_length=32)
    course_id: str = Field(foreign_key="course.id", max_length=32)
    batch: int  # 1 for the first list shown, 2 for "show me more", …
    position: int  # 1 to 5 within its list
    offered_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)
    withdrawn_at: datetime | None = Field(default=None, sa_type=Instant)


class Booking(SQLModel, table=True):
    """A place on all sessions of a course. One active booking a referral, by a partial unique index."""

    __table_args__ = (
        Index(
            "uq_booking_active",
            "referral_id",
            unique=True,
            sqlite_where=text("state = 'active'"),
            postgresql_where=text("state = 'active'"),
        ),
        Index("ix_booking_course_state", "course_id", "state"),
    )

    id: str = Field(primary_key=True, max_length=32)
    referral_id: str = Field(foreign_key="referral.id", index=True, max_length=32)
    course_id: str = Field(foreign_key="course.id", max_length=32)
    state: BookingState = Field(default=BookingState.ACTIVE, sa_type=word(BookingState, "booking.state"))
    offer_token: str | None = Field(default=None, unique=True, max_length=32)  # a double tap finds the same booking
    calendar_uid: str = Field(index=True, max_length=64)  # stays through moves, so that the person's calendar updates
    calendar_token: str = Field(index=True, max_length=64)  # in the calendar file's address; stays through moves
    calendar_sequence: int = 0
    moves: int = 0  # how often the place has been moved so far, carried on to the next booking
    made_at: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
