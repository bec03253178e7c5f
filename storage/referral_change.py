"""How a referral came to stand where it stands: each change of its state, with who, when and why."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, Session, col, select

from storage.enums import ReferralState
from storage.row import Row
from storage.types import Instant, Sealed, word


class ReferralChange(Row, table=True):
    __tablename__ = "referral_change"
    __table_args__ = (Index("ix_referral_change_now", "now", "at"),)

    id: str = Field(primary_key=True, max_length=32)
    referral_id: str = Field(foreign_key="referral.id", index=True, max_length=32)
    at: datetime = Field(sa_type=Instant)
    event: str = Field(max_length=32)  # programme/rules/referral.py's word, or "refer" for the first
    was: ReferralState | None = Field(default=None, sa_type=word(ReferralState, "referral_change.was"))
    now: ReferralState = Field(sa_type=word(ReferralState, "referral_change.now"))
    actor: str = Field(max_length=80)  # "person", "system", "worker:<id>", …
    why: str | None = Field(default=None, sa_type=Sealed("referral_change.why"))  # in somebody's own words


def changes_of(session: Session, referral_id: str) -> list[ReferralChange]:
    """A referral's changes, the oldest first."""
    found = select(ReferralChange).where(ReferralChange.referral_id == referral_id)
    return list(session.exec(found.order_by(col(ReferralChange.at), col(ReferralChange.id))))
