"""Alerts: that somebody waits, told to the workers' own group and post. Nothing of the person is in them."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, Session, col, select

from storage.enums import AlertKind, AlertState, Urgency
from storage.row import Row
from storage.types import Instant, word


class Alert(Row, table=True):
    """Raised once for a subject ("request:<id>", "escalation:<id>") on each way out."""

    __table_args__ = (UniqueConstraint("subject", "kind"),)

    id: str = Field(primary_key=True, max_length=32)
    subject: str = Field(max_length=80)
    urgency: Urgency = Field(sa_type=word(Urgency, "alert.urgency"))
    kind: AlertKind = Field(sa_type=word(AlertKind, "alert.kind"))
    state: AlertState = Field(default=AlertState.WAITING, sa_type=word(AlertState, "alert.state"), index=True)
    tries: int = 0
    raised_at: datetime = Field(sa_type=Instant)
    next_try_at: datetime | None = Field(default=None, sa_type=Instant)
    sent_at: datetime | None = Field(default=None, sa_type=Instant)
    failure: str | None = Field(default=None, max_length=100)


def waiting_alerts(session: Session, kind: AlertKind) -> list[Alert]:
    """Those still to be sent on one way out, the oldest first."""
    found = select(Alert).where(Alert.kind == kind, Alert.state == AlertState.WAITING)
    return list(session.exec(found.order_by(col(Alert.raised_at), col(Alert.id))))
