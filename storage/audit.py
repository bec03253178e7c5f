"""The audit log: who did what to which record, and when."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, Session, col, select

from storage.row import Row
from storage.types import Instant, Sealed


class Audit(Row, table=True):
    __table_args__ = (Index("ix_audit_subject", "subject_kind", "subject_id"),)

    id: str = Field(primary_key=True, max_length=32)
    at: datetime = Field(sa_type=Instant, index=True)
    actor: str = Field(max_length=80)  # "person", "assistant", "system", "worker:<id>"
    action: str = Field(max_length=80)  # "book", "move", "verify", …
    subject_kind: str = Field(max_length=40)
    subject_id: str = Field(max_length=32)
    detail: str | None = Field(default=None, sa_type=Sealed("audit.detail"))  # JSON


def record(
    session: Session,
    *,
    id: str,
    at: datetime,
    actor: str,
    action: str,
    subject_kind: str,
    subject_id: str,
    detail: str | None = None,
) -> None:
    """Writes down who did what to which record. `detail` is JSON and is sealed."""
    session.add(
        Audit(id=id, at=at, actor=actor, action=action, subject_kind=subject_kind, subject_id=subject_id, detail=detail)
    )


def audit_of(session: Session, subject_kind: str, subject_id: str) -> list[Audit]:
    """What was done to a record, in order."""
    found = select(Audit).where(Audit.subject_kind == subject_kind, Audit.subject_id == subject_id)
    return list(session.exec(found.order_by(col(Audit.at), col(Audit.id))))
