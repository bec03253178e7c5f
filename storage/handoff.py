"""Requests for a person."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from storage.enums import HandoffState, Urgency
from storage.types import Instant, Sealed, word


class HandoffRequest(SQLModel, table=True):
    """One open request a conversation: asked twice is one request."""

    __tablename__ = "handoff_request"
    __table_args__ = (
        Index(
            "uq_handoff_request_waiting",
            "conversation_id",
            unique=True,
            sqlite_where=text("state IN ('waiting', 'taken')"),
            postgresql_where=text("state IN ('waiting', 'taken')"),
        ),
    )

    id: str = Field(primary_key=True, max_length=32)
    conversation_id: str = Field(foreign_key="conversation.id", max_length=32)
    reason: str = Field(max_length=64)  # the intent or rule that asked
    urgency: Urgency = Field(sa_type=word(Urgency, "handoff_request.urgency"))
    last_words: str | None = Field(default=None, sa_type=Sealed("handoff_request.last_words"))
    state: HandoffState = Field(default=HandoffState.WAITING, sa_type=word(HandoffState, "handoff_request.state"))
    requested_at: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
