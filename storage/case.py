"""Cases: something that a worker must look at, with a reason, an urgency and a due time."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field, Session, col, select

from storage.enums import CaseReason, Urgency
from storage.row import Row, add_unless_there
from storage.types import Instant, Sealed, word

OPEN = text("closed_at IS NULL")


class Case(Row, table=True):
    """At most one open case for the same `subject` (see programme/case.py), by a partial unique index."""

    __tablename__ = "worker_case"
    __table_args__ = (
        Index(
            "uq_worker_case_open",
            "reason",
            "subject",
            unique=True,
            sqlite_where=OPEN,
            postgresql_where=OPEN,
        ),
        Index("ix_worker_case_open", "due_at", sqlite_where=OPEN, postgresql_where=OPEN),
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
    closed_by: str | None = Field(default=None, max_length=32)  # an account
    outcome: str | None = Field(default=None, max_length=32)


def open_case(session: Session, case: Case) -> Case:
    """Opens a case unless one with the same reason and subject is open. Returns the open one; its id says which."""
    if add_unless_there(session, case, ["reason", "subject"], OPEN):
        opened = session.get(Case, case.id)
    else:
        opened = open_case_of(session, case.reason, case.subject)
    return opened if opened is not None else open_case(session, case)  # the earlier one was closed just now


def open_case_of(session: Session, reason: CaseReason, subject: str) -> Case | None:
    """The open case with this reason and subject."""
    return session.exec(
        select(Case).where(Case.reason == reason, Case.subject == subject, col(Case.closed_at).is_(None))
    ).first()


def open_cases(session: Session) -> list[Case]:
    """Every open case, the earliest due first."""
    return list(session.exec(select(Case).where(col(Case.closed_at).is_(None)).order_by(col(Case.due_at))))


def cases_of_referral(session: Session, referral_id: str) -> list[Case]:
    """Every case of a referral, open or closed, the newest first."""
    return list(session.exec(select(Case).where(Case.referral_id == referral_id).order_by(col(Case.opened_at).desc())))


def cases_of_conversation(session: Session, conversation_id: str) -> list[Case]:
    """Every open case of a conversation whose person was not known when it was opened."""
    found = select(Case).where(
        Case.conversation_id == conversation_id, col(Case.referral_id).is_(None), col(Case.closed_at).is_(None)
    )
    return list(session.exec(found))


def open_cases_in(session: Session, conversation_id: str, reason: CaseReason) -> list[Case]:
    """The open cases with this reason that began in this conversation."""
    found = select(Case).where(
        Case.conversation_id == conversation_id, Case.reason == reason, col(Case.closed_at).is_(None)
    )
    return list(session.exec(found))


def open_because(session: Session, reason: CaseReason) -> list[Case]:
    """The open cases with this reason, the oldest first."""
    found = select(Case).where(Case.reason == reason, col(Case.closed_at).is_(None))
    return list(session.exec(found.order_by(col(Case.opened_at), col(Case.id))))
