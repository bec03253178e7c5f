"""Misses: messages that were not understood, kept for the trainers, masked."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, Session, col, select

from storage.row import Row, add_unless_there
from storage.types import Instant, Sealed


class Miss(Row, table=True):
    """One message that was not understood: at most one for each message that came in."""

    __table_args__ = (Index("ix_miss_missed_at", "missed_at"),)

    id: str = Field(primary_key=True, max_length=32)
    message_in_id: str = Field(foreign_key="message_in.id", unique=True, max_length=32)
    text: str = Field(sa_type=Sealed("miss.text"))  # masked: no names, numbers, references or dates
    ranking: str = Field(sa_type=Sealed("miss.ranking"))  # JSON [{"name", "confidence"}, …], best first
    step: str | None = Field(default=None, max_length=32)  # what the dialogue had asked for
    intent: str | None = Field(default=None, max_length=64)  # what it meant: by a tap on a guess, or by a trainer
    missed_at: datetime = Field(sa_type=Instant)
    settled_at: datetime | None = Field(default=None, sa_type=Instant)


def add_miss(session: Session, miss: Miss) -> bool:
    """Writes a miss unless its message has one; whether it was written."""
    return add_unless_there(session, miss, ["message_in_id"])


def open_misses(session: Session, limit: int) -> list[Miss]:
    """Misses that nobody has settled, the newest first."""
    found = select(Miss).where(col(Miss.settled_at).is_(None))
    return list(session.exec(found.order_by(col(Miss.missed_at).desc(), col(Miss.id)).limit(limit)))


def misses_of(session: Session, message_in_ids: Collection[str]) -> list[Miss]:
    """The misses of these messages."""
    return list(session.exec(select(Miss).where(col(Miss.message_in_id).in_(message_in_ids))))
