"""Requests for a person."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field, Session, col, select

from storage.enums import HandoffState, Urgency
from storage.row import Row, add_unless_there
from storage.types import Instant, Sealed, word

OPEN = text("state IN ('waiting', 'taken')")


class HandoffRequest(Row, table=True):
    """One open request a conversation: asked twice is one request."""

    __tablename__ = "handoff_request"
    __table_args__ = (
        Index(
            "uq_handoff_request_waiting",
            "conversation_id",
            unique=True,
            sqlite_where=OPEN,
            postgresql_where=OPEN,
        ),
    )

    id: str = Field(primary_key=True, max_length=32)
    conversation_id: str = Field(foreign_key="conversation.id", max_length=32)
    reason: str = Field(max_length=64)  # the intent or rule that asked
    urgency: Urgency = Field(sa_type=word(Urgency, "handoff_request.urgency"))
    last_words: str | None = Field(default=None, sa_type=Sealed("handoff_request.last_words"))
    state: HandoffState = Field(
        default=HandoffState.WAITING, sa_type=word(HandoffState, "handoff_request.state"), index=True
    )
    requested_at: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    account_id: str | None = Field(default=None, index=True, max_length=32)  # the worker who has it, or had it last
    wanted_account_id: str | None = Field(default=None, max_length=32)  # whom it waits for first
    taken_at: datetime | None = Field(default=None, sa_type=Instant)
    first_reply_at: datetime | None = Field(default=None, sa_type=Instant)
    beat_at: datetime | None = Field(default=None, sa_type=Instant)  # the worker was last heard
    warned_at: datetime | None = Field(default=None, sa_type=Instant)
    escalated_at: datetime | None = Field(default=None, sa_type=Instant)
    told_at: datetime | None = Field(default=None, sa_type=Instant)  # the person was told that it takes longer
    outcome: str | None = Field(default=None, max_length=32)
    outcome_note: str | None = Field(default=None, sa_type=Sealed("handoff_request.outcome_note"))


def open_request(session: Session, request: HandoffRequest) -> HandoffRequest:
    """Records a request for a person unless the conversation has one. Returns the open one; its id says which."""
    if add_unless_there(session, request, ["conversation_id"], OPEN):
        opened = session.get(HandoffRequest, request.id)
    else:
        opened = open_request_of(session, request.conversation_id)
    return opened if opened is not None else open_request(session, request)  # the earlier one ended just now


def open_request_of(session: Session, conversation_id: str) -> HandoffRequest | None:
    """The conversation's request that is waiting or taken."""
    return session.exec(
        select(HandoffRequest).where(
            HandoffRequest.conversation_id == conversation_id,
            col(HandoffRequest.state).in_([HandoffState.WAITING, HandoffState.TAKEN]),
        )
    ).first()
