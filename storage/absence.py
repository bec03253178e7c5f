"""Sessions that somebody missed: what was made of it, and why it was, as far as they said."""

from collections.abc import Collection
from datetime import date, datetime

from sqlmodel import Field, Session, col, select

from storage.enums import AbsenceStep
from storage.row import Row
from storage.types import Instant, Sealed, word


class Absence(Row, table=True):
    """One for each place that was missed, whether its list says so or the person did."""

    id: str = Field(primary_key=True, max_length=32)
    referral_id: str = Field(foreign_key="referral.id", index=True, max_length=32)
    booking_id: str = Field(foreign_key="booking.id", unique=True, max_length=32)
    session_id: str | None = Field(default=None, foreign_key="session.id", max_length=32)  # None: they told us
    late: bool = False  # came, and was turned away
    noted_at: datetime = Field(sa_type=Instant, index=True)
    step: AbsenceStep = Field(sa_type=word(AbsenceStep, "absence.step"))
    until: date | None = None  # the last London day on which the next session may begin; None: any day
    why: str | None = Field(default=None, sa_type=Sealed("absence.why"))  # one of programme.rules.attendance.WHYS
    why_at: datetime | None = Field(default=None, sa_type=Instant)
    put_right_at: datetime | None = Field(default=None, sa_type=Instant)  # the list says now that they were there


def absence_of(session: Session, booking_id: str) -> Absence | None:
    """What was made of it that this place was missed."""
    return session.exec(select(Absence).where(Absence.booking_id == booking_id)).first()


def absences_of(session: Session, referral_id: str) -> list[Absence]:
    """Every session that this person missed, the newest first."""
    found = select(Absence).where(Absence.referral_id == referral_id)
    return list(session.exec(found.order_by(col(Absence.noted_at).desc(), col(Absence.id))))


def newest_of(session: Session, referral_ids: Collection[str]) -> dict[str, Absence]:
    """The session that each of these people missed last, by referral."""
    found = select(Absence).where(col(Absence.referral_id).in_(referral_ids), col(Absence.put_right_at).is_(None))
    return {row.referral_id: row for row in session.exec(found.order_by(col(Absence.noted_at)))}


def noted_from(session: Session, start: datetime) -> list[Absence]:
    """What the lists have said since `start`."""
    found = select(Absence).where(Absence.noted_at >= start, col(Absence.session_id).is_not(None))
    return list(session.exec(found))
