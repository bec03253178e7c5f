"""Alerts: that somebody waits, written down to be sent to the workers' own group and post."""

from collections.abc import Mapping

from sqlmodel import Session

from programme import setting
from programme.answers import Fact
from programme.context import Context
from storage.alert import Alert
from storage.enums import AlertKind, Urgency
from storage.row import add_unless_there

# The setting that holds where each kind goes: empty, or not there, and no alert of this kind is written.
WAYS: Mapping[AlertKind, str] = {AlertKind.TELEGRAM: "alert_telegram_chat", AlertKind.EMAIL: "alert_email"}


def raise_alert(session: Session, ctx: Context, subject: str, urgency: Urgency) -> list[AlertKind]:
    """Writes an alert for each way out that is set up, once for a subject. Which ways it was written for just now.

    `subject`: "request:<id>" somebody waits · "danger:<id>" one who waits is in danger · "late:<id>" nobody has
    answered yet · "escalation:<id>" for the on-call contact, each with a request's id, and ":<seconds>" behind it
    where the same request began to wait anew.
    """
    facts = setting.facts(session)
    return [kind for kind in ways(facts) if _write(session, ctx, subject, urgency, kind)]


def ways(facts: Mapping[str, Fact]) -> list[AlertKind]:
    """The kinds of alert that are set up. Also after the setting's review date: nobody is left alone over a date."""
    return [kind for kind, key in WAYS.items() if key in facts and facts[key].value.strip()]


def _write(session: Session, ctx: Context, subject: str, urgency: Urgency, kind: AlertKind) -> bool:
    row = Alert(id=ctx.new_id(), subject=subject, urgency=urgency, kind=kind, raised_at=ctx.clock())
    return add_unless_there(session, row, ["subject", "kind"])
