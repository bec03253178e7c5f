"""Canned replies: what the team says often, with places for the person's own facts. Nothing personal stands in them."""

from datetime import datetime

from sqlmodel import Field, Session, col, select

from storage.row import Row
from storage.types import Instant


class CannedReply(Row, table=True):
    __tablename__ = "canned_reply"

    id: str = Field(primary_key=True, max_length=32)
    title: str = Field(max_length=80)
    text: str = Field(max_length=2000)  # "{first_name}", "{session}" … are filled in (programme/canned_reply.py)
    account_id: str | None = Field(default=None, max_length=32)  # who wrote it last
    written_at: datetime = Field(sa_type=Instant)
    removed_at: datetime | None = Field(default=None, sa_type=Instant)


def canned_replies(session: Session) -> list[CannedReply]:
    """Those in use, by title."""
    found = select(CannedReply).where(col(CannedReply.removed_at).is_(None))
    return list(session.exec(found.order_by(col(CannedReply.title), col(CannedReply.id))))
