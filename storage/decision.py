"""Decisions on non-attendance: who decided what of whom, why, on what evidence, and who agreed."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field, Session, col, select

from storage.enums import DecisionState, Finding
from storage.row import Row
from storage.types import Instant, Sealed, word

STANDS = text("state IN ('proposed', 'final')")


class Decision(Row, table=True):
    """At most one that stands for a referral, by a partial unique index."""

    __table_args__ = (
        Index("uq_decision_standing", "referral_id", unique=True, sqlite_where=STANDS, postgresql_where=STANDS),
    )

    id: str = Field(primary_key=True, max_length=32)
    referral_id: str = Field(foreign_key="referral.id", index=True, max_length=32)
    finding: Finding = Field(sa_type=word(Finding, "decision.finding"))
    state: DecisionState = Field(sa_type=word(DecisionState, "decision.state"), index=True)
    reason: str = Field(sa_type=Sealed("decision.reason"))
    evidence: str = Field(sa_type=Sealed("decision.evidence"))  # JSON: the pack as it was when it was decided
    decided_by: str = Field(max_length=32)  # an account
    decided_at: datetime = Field(sa_type=Instant)
    second_by: str | None = Field(default=None, max_length=32)  # who agreed, or refused
    second_at: datetime | None = Field(default=None, sa_type=Instant)
    second_reason: str | None = Field(default=None, sa_type=Sealed("decision.second_reason"))
    overturned_by: str | None = Field(default=None, max_length=32)
    overturned_at: datetime | None = Field(default=None, sa_type=Instant)
    overturned_reason: str | None = Field(default=None, sa_type=Sealed("decision.overturned_reason"))


def standing_decision(session: Session, referral_id: str) -> Decision | None:
    """The one that waits for a second worker, or is final."""
    found = select(Decision).where(
        Decision.referral_id == referral_id, col(Decision.state).in_([DecisionState.PROPOSED, DecisionState.FINAL])
    )
    return session.exec(found).first()


def decisions_of(session: Session, referral_id: str) -> list[Decision]:
    """Every decision on a referral, the newest first."""
    found = select(Decision).where(Decision.referral_id == referral_id)
    return list(session.exec(found.order_by(col(Decision.decided_at).desc(), col(Decision.id))))


def decisions_in(session: Session, state: DecisionState) -> list[Decision]:
    """Those in a state, the oldest first."""
    found = select(Decision).where(Decision.state == state)
    return list(session.exec(found.order_by(col(Decision.decided_at), col(Decision.id))))


def final_findings(session: Session, only: str | None = None) -> list[tuple[str, Finding, datetime, datetime | None]]:
    """What was found for good: of whom, what, when it was decided, and agreed to. `only`: of this referral."""
    found = select(Decision.referral_id, Decision.finding, col(Decision.decided_at), col(Decision.second_at)).where(
        Decision.state == DecisionState.FINAL
    )
    rows = session.exec(found if only is None else found.where(Decision.referral_id == only)).all()
    return [(of, Finding(finding), at, second_at) for of, finding, at, second_at in rows]
