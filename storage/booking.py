"""Offers and bookings: which course was offered to whom, and who holds a place."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Index, text, update
from sqlmodel import Field, Session, col, select

from storage.enums import BookingState
from storage.row import Row
from storage.types import Instant, word


class Offer(Row, table=True):
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


class Booking(Row, table=True):
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
    confirmed_at: datetime | None = Field(default=None, sa_type=Instant)  # the person said that they will be there
    called_off_at: datetime | None = Field(default=None, sa_type=Instant)  # we cancelled its course: ours, not theirs


def active_booking(session: Session, referral_id: str) -> Booking | None:
    """The place that this referral holds now."""
    found = select(Booking).where(Booking.referral_id == referral_id, Booking.state == BookingState.ACTIVE)
    return session.exec(found).first()


def holders(session: Session, referral_ids: Collection[str]) -> set[str]:
    """Those of these referrals that hold a place now."""
    found = select(Booking.referral_id).where(
        col(Booking.referral_id).in_(referral_ids), Booking.state == BookingState.ACTIVE
    )
    return set(session.exec(found))


def on_course(session: Session, course_id: str, *states: BookingState) -> list[Booking]:
    """The bookings of a course in these states, the first that was made first."""
    found = select(Booking).where(Booking.course_id == course_id, col(Booking.state).in_(states))
    return list(session.exec(found.order_by(col(Booking.made_at), col(Booking.id))))


def bookings_of(session: Session, referral_id: str) -> list[Booking]:
    """All bookings of a referral, the newest first."""
    found = select(Booking).where(Booking.referral_id == referral_id)
    return list(session.exec(found.order_by(col(Booking.made_at).desc(), col(Booking.moves).desc())))


def booking_by_offer(session: Session, offer_token: str) -> Booking | None:
    """What was booked with this offer, if anything: a double tap finds it."""
    return session.exec(select(Booking).where(Booking.offer_token == offer_token)).first()


def bookings_by_calendar(session: Session, calendar_token: str) -> list[Booking]:
    """The bookings behind a calendar file's address, the one that stands first; it may be cancelled."""
    found = select(Booking).where(Booking.calendar_token == calendar_token)
    return list(session.exec(found.order_by(col(Booking.calendar_sequence).desc(), col(Booking.made_at).desc())))


def offer_in(session: Session, conversation_id: str, token: str) -> Offer | None:
    """The offer with this token, if it was made in this conversation; it may have expired or been withdrawn."""
    return session.exec(select(Offer).where(Offer.token == token, Offer.conversation_id == conversation_id)).first()


def live_offers(session: Session, conversation_id: str, now: datetime) -> list[Offer]:
    """The offers that can still be taken, in the order they were shown."""
    found = select(Offer).where(
        Offer.conversation_id == conversation_id, Offer.expires_at > now, col(Offer.withdrawn_at).is_(None)
    )
    return list(session.exec(found.order_by(col(Offer.batch), col(Offer.position))))


def withdraw_offers(session: Session, conversation_id: str, now: datetime) -> None:
    """Makes every offer of a conversation unusable."""
    session.exec(
        update(Offer)
        .where(col(Offer.conversation_id) == conversation_id, col(Offer.withdrawn_at).is_(None))
        .values(withdrawn_at=now)
    )
