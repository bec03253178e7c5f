"""The audit log: who did what to which record, and when."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from storage.types import Instant, Sealed


class Audit(SQLModel, table=True):
    __table_args__ = (Index("ix_audit_subject", "subject_kind", "subject_id"),)

    id: str = Field(primary_key=True, max_length=32)
    at: datetime = Field(sa_type=Instant, index=True)
    actor: str = Field(max_length=80)  # "person", "assistant", "system", "worker:<id>"
    action: str = Field(max_length=80)  # "book", "move", "verify", …
    subject_kind: str = Field(max_length=40)
    subject_id: str = Field(max_length=32)
    detail: str | None = Field(default=None, sa_type=Sealed("audit.detail"))  # JSON
