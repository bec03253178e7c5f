"""Feedback: one tap, and a line if they like, after a worker has helped."""

from datetime import datetime

from sqlmodel import Field, Session, col, select

from storage.enums import Rating
from storage.message import MessageOut
from storage.row import Row
from storage.types import Instant, Sealed, word


class Feedback(Row, table=True):
    id: str = Field(primary_key=True, max_length=32)
    conversation_id: str = Field(foreign_key="conversation.id", max_length=32)
    request_id: str | None = Field(default=None, foreign_key="handoff_request.id", max_length=32)
    rating: Rating = Field(sa_type=word(Rating, "feedback.rating"))
    words: str | None = Field(default=None, sa_type=Sealed("feedback.words"))
    given_at: datetime = Field(sa_type=Instant)


def of_request(session: Session, request_id: str) -> Feedback | None:
    """What was said of one request for a person."""
    return session.exec(select(Feedback).where(Feedback.request_id == request_id)).first()


def of_conversation(session: Session, conversation_id: str) -> list[Feedback]:
    """What was said in a conversation, the newest first."""
    found = select(Feedback).where(Feedback.conversation_id == conversation_id)
    return list(session.exec(found.order_by(col(Feedback.given_at).desc(), col(Feedback.id))))


def was_asked(session: Session, conversation_id: str, answer: str, since: datetime) -> bool:
    """Whether this was said in a conversation since then."""
    asked = select(MessageOut.id).where(
        MessageOut.conversation_id == conversation_id,
        MessageOut.answer == answer,
        col(MessageOut.created_at) > since,
    )
    return session.exec(asked.limit(1)).first() is not None


def is_last(session: Session, conversation_id: str, answer: str) -> bool:
    """Whether this was said last in a conversation."""
    found = select(MessageOut.answer).where(MessageOut.conversation_id == conversation_id)
    return session.exec(found.order_by(col(MessageOut.seq).desc()).limit(1)).first() == answer
