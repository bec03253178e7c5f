"""Feedback: one tap, and a line if they like, after a worker has helped."""

from datetime import datetime

from sqlmodel import Field

from storage.enums import Rating
from storage.row import Row
from storage.types import Instant, Sealed, word


class Feedback(Row, table=True):
    id: str = Field(primary_key=True, max_length=32)
    conversation_id: str = Field(foreign_key="conversation.id", max_length=32)
    request_id: str | None = Field(default=None, foreign_key="handoff_request.id", max_length=32)
    rating: Rating = Field(sa_type=word(Rating, "feedback.rating"))
    words: str | None = Field(default=None, sa_type=Sealed("feedback.words"))
    given_at: datetime = Field(sa_type=Instant)
