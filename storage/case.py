"""Cases: something that a worker must look at, with a reason, an urgency and a due time."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from storage.enums import CaseReason, Urgency
from storage.types import Instant, Sealed, word


class Case(SQLModel, table=True):
    """At most one open case for the same `subject` (see programme/case.py), by a partial unique index."""

    __tablename__ = "worker_case"
    __table_args__ = (
        Index(
            "uq_worker_case_open",
            "reason",
            "subject",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    id: str = Field(primary_key=True, max_length=32)
    reason: CaseReason = Field(sa_type=word(CaseReason, "worker_case.reason"))
    subject: str = Field(max_length=80)  # "referral:<id>" or "conversation:<id>"
    urgency: Urgency = Field(sa_type=word(Urgency, "worker_case.urgency"))
    conversation_id: str | None = Field(default=None, foreign_key="conversation.id", index=True, max_length=32)
    referral_id: str | None = Field(default=None, foreign_key="referral.id", index=True, max_length=32)
    detail: str | None = Field(
        default=None, sa_type=Sealed("worker_case.detail")
    )  # JSON, what the worker needs to know
    opened_at: datetime = Field(sa_type=Instant)
    due_at: datetime = Field(sa_type=Instant, index=True)
    closed_at: datetime | None = Field(default=None, sa_type=Instant)
