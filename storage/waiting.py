"""The waiting list: who wants a place, in order, and which place is kept for whom until when."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field, Session, col, select

from storage.enums import HoldEnd, WaitingState
from storage.row import Row
from storage.types import Instant, Sealed, word

STILL = text("state = 'waiting'")
OPEN = text("ended_at IS NULL")


class Waiting(Row, table=True):
    """Somebody on the list, at most once; the conversation is where they asked, and where they are told."""

    __tablename__ = "waiting"
    __table_args__ = (
        Index("uq_waiting_open", "referral_id", unique=True, sqlite_where=STILL, postgresql_where=STILL),
        Index("ix_waiting_state", "state", "joined_at"),
    )

    id: str = Field(primary_key=True, max_length=32)
    referral_id: str = Field(foreign_key="referral.id", index=True, max_length=32)
    conversation_id: str = Field(foreign_key="conversation.id", max_length=32)
    wanted: str | None = Field(default=None, sa_type=Sealed("waiting.wanted"))  # JSON, as rules/preference.py packs it
    state: WaitingState = Field(default=WaitingState.WAITING, sa_type=word(WaitingState, "waiting.state"))
    joined_at: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    warned_at: datetime | None = Field(default=None, sa_type=Instant)  # a worker was told that time runs out


class Hold(Row, table=True):
    """A place that is kept for somebody on the list, until it is taken, declined or over. One at a time for each."""

    __tablename__ = "held_place"
    __table_args__ = (
        Index("uq_held_place_open", "referral_id", unique=True, sqlite_where=OPEN, postgresql_where=OPEN),
        Index("ix_held_place_course", "course_id", "ended_at"),
    )

    id: str = Field(primary_key=True, max_length=32)
    waiting_id: str = Field(foreign_key="waiting.id", index=True, max_length=32)
    referral_id: str = Field(foreign_key="referral.id", max_length=32)
    course_id: str = Field(foreign_key="course.id", max_length=32)
    offer_token: str = Field(foreign_key="offer.token", max_length=32)
    held_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    outcome: HoldEnd | None = Field(default=None, sa_type=word(HoldEnd, "held_place.outcome"))


def waiting_of(session: Session, referral_id: str) -> Waiting | None:
    """Where this referral stands on the list, while it does."""
    found = select(Waiting).where(Waiting.referral_id == referral_id, Waiting.state == WaitingState.WAITING)
    return session.exec(found).first()


def on_the_list(session: Session) -> list[Waiting]:
    """Everybody who waits, the first first."""
    found = select(Waiting).where(Waiting.state == WaitingState.WAITING)
    return list(session.exec(found.order_by(col(Waiting.joined_at), col(Waiting.id))))


def hold_of(session: Session, referral_id: str) -> Hold | None:
    """The place that is kept for this referral now."""
    return session.exec(select(Hold).where(Hold.referral_id == referral_id, col(Hold.ended_at).is_(None))).first()


def open_holds(session: Session) -> list[Hold]:
    """Every place that is kept for somebody, the first to end first."""
    return list(session.exec(select(Hold).where(col(Hold.ended_at).is_(None)).order_by(col(Hold.expires_at))))


def kept_before(session: Session, waiting_id: str) -> set[str]:
    """The courses of which somebody on the list was offered a place before."""
    return all_kept_before(session, [waiting_id]).get(waiting_id, set())


def all_kept_before(session: Session, waiting_ids: Collection[str]) -> dict[str, set[str]]:
    """The same, of many at once."""
    found: dict[str, set[str]] = {}
    kept = select(Hold.waiting_id, Hold.course_id).where(col(Hold.waiting_id).in_(waiting_ids))
    for waiting_id, course_id in session.exec(kept):
        found.setdefault(waiting_id, set()).add(course_id)
    return found


def end_hold(session: Session, hold: Hold, outcome: HoldEnd, now: datetime) -> None:
    """The place is free for others, or booked."""
    hold.ended_at, hold.outcome = now, outcome
    session.add(hold)


def settle(session: Session, referral_id: str, course_id: str, now: datetime) -> None:
    """They have a place: nothing is kept for them any more, and they no longer wait."""
    hold, row = hold_of(session, referral_id), waiting_of(session, referral_id)
    if hold is not None:
        end_hold(session, hold, HoldEnd.TAKEN if hold.course_id == course_id else HoldEnd.ENDED, now)
    if row is not None:
        row.state, row.ended_at = WaitingState.PLACED, now
        session.add(row)
