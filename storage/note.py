"""Notes and drafts: what a worker writes that no person reads. Nothing here is ever a message."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, Session, col, select

from storage.row import Row
from storage.types import Instant, Sealed


class Note(Row, table=True):
    """About a conversation, or about a referral that has none."""

    id: str = Field(primary_key=True, max_length=32)
    conversation_id: str | None = Field(default=None, foreign_key="conversation.id", index=True, max_length=32)
    referral_id: str | None = Field(default=None, foreign_key="referral.id", index=True, max_length=32)
    account_id: str = Field(foreign_key="account.id", max_length=32)
    text: str = Field(sa_type=Sealed("note.text"))
    written_at: datetime = Field(sa_type=Instant)


class Draft(Row, table=True):
    """A reply that was begun and not sent: it outlives a closed browser."""

    __table_args__ = (UniqueConstraint("conversation_id", "account_id"),)

    id: str = Field(primary_key=True, max_length=32)
    conversation_id: str = Field(foreign_key="conversation.id", max_length=32)
    account_id: str = Field(foreign_key="account.id", max_length=32)
    text: str = Field(sa_type=Sealed("draft.text"))
    written_at: datetime = Field(sa_type=Instant)


def notes_of(session: Session, conversation_id: str) -> list[Note]:
    """The notes on a conversation, in order."""
    found = select(Note).where(Note.conversation_id == conversation_id)
    return list(session.exec(found.order_by(col(Note.written_at), col(Note.id))))
