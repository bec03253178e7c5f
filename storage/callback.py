"""Callbacks: somebody asked to be rung."""

from datetime import datetime

from sqlmodel import Field, Session, col, select

from storage.enums import CallbackOutcome
from storage.row import Row
from storage.types import Instant, Sealed, word


class Callback(Row, table=True):
    id: str = Field(primary_key=True, max_length=32)
    conversation_id: str | None = Field(default=None, foreign_key="conversation.id", max_length=32)
    referral_id: str | None = Field(default=None, foreign_key="referral.id", max_length=32)
    number: str = Field(sa_type=Sealed("callback.number"))  # E.164
    good_time: str | None = Field(default=None, sa_type=Sealed("callback.good_time"))  # in the person's words
    due_at: datetime = Field(sa_type=Instant, index=True)
    tries: int = 0
    tried_at: datetime | None = Field(default=None, sa_type=Instant)
    outcome: CallbackOutcome | None = Field(default=None, sa_type=word(CallbackOutcome, "callback.outcome"))
    outcome_note: str | None = Field(default=None, sa_type=Sealed("callback.outcome_note"))
    closed_by: str | None = Field(default=None, max_length=32)  # an account
    asked_at: datetime = Field(sa_type=Instant)
    closed_at: datetime | None = Field(default=None, sa_type=Instant)


def open_callbacks(session: Session) -> list[Callback]:
    """Those that nobody has finished, the earliest due first."""
    found = select(Callback).where(col(Callback.closed_at).is_(None))
    return list(session.exec(found.order_by(col(Callback.due_at), col(Callback.id))))


def open_callback_of(session: Session, conversation_id: str) -> Callback | None:
    """The conversation's callback that nobody has finished."""
    return session.exec(
        select(Callback).where(Callback.conversation_id == conversation_id, col(Callback.closed_at).is_(None))
    ).first()


def closed_since(session: Session, since: datetime) -> list[Callback]:
    """Those that were finished since then, the latest first."""
    found = select(Callback).where(col(Callback.closed_at) >= since)
    return list(session.exec(found.order_by(col(Callback.closed_at).desc(), col(Callback.id))))


def of_conversation(session: Session, conversation_id: str) -> list[Callback]:
    """Every callback of a conversation, the newest first."""
    found = select(Callback).where(Callback.conversation_id == conversation_id)
    return list(session.exec(found.order_by(col(Callback.asked_at).desc(), col(Callback.id))))
