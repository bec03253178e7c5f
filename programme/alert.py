"""Alerts: that somebody waits, written down and then sent to the workers' own group and post."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import func
from sqlmodel import Session, select

from programme import setting
from programme.answers import Fact
from programme.context import Context
from programme.first_reply import ON_CALL
from programme.rules import alert as rules
from programme.rules import delivery
from storage import alert as alerts
from storage.alert import Alert
from storage.enums import AlertKind, AlertState, HandoffState, Urgency
from storage.handoff import HandoffRequest
from storage.row import add_unless_there

CLAIM = timedelta(seconds=30)  # a claimed line that was neither sent nor given back is tried again
BACK_OFF = delivery.Policy(first=timedelta(seconds=2), longest=timedelta(minutes=2))
TRIES = 12
LATE = ("late:", "escalation:")

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


@dataclass(frozen=True)
class Line:
    """One line to the workers. `to`: a Telegram chat's id, or addresses with commas between. No case data is in it."""

    alerts: tuple[str, ...]
    kind: AlertKind
    to: str
    title: str
    text: str
    tries: int


def claim(ctx: Context, kind: AlertKind, link: str) -> Line | None:
    """The line that is due on one way out, claimed for half a minute; None: nothing is. `link`: where they answer.

    What was raised for somebody who no longer waits is dropped.
    """
    now = ctx.clock()
    with ctx.database.writing() as session:
        facts = setting.facts(session)
        to = facts[WAYS[kind]].value.strip() if kind in ways(facts) else ""
        rows = {row.id: row for row in _worth_sending(session, alerts.waiting_alerts(session, kind), bool(to))}
        waiting = [rules.Waiting(row.id, row.urgency is Urgency.DANGER, row.next_try_at) for row in rows.values()]
        chosen = [rows[one.id] for one in rules.next_line(waiting, _last_line_at(session, kind), now)]
        for row in chosen:
            row.next_try_at, row.tries = now + CLAIM, row.tries + 1
            session.add(row)
        if not chosen:
            return None
        title, text = _words(ctx, facts, chosen, link)
        return Line(tuple(row.id for row in chosen), kind, to, title, text, chosen[0].tries)


def sent(ctx: Context, line: Line) -> None:
    """The line is out."""
    _settle(ctx, line, AlertState.SENT, None, None)


def not_sent(
    ctx: Context, line: Line, failure: str, rng: Random, retry_after: timedelta | None = None, final: bool = False
) -> None:
    """It is tried again later, or given up where that is of no use. `failure`: a code."""
    wait = delivery.delay(line.tries, rng, retry_after, BACK_OFF)
    again = None if final or line.tries >= TRIES else ctx.clock() + wait
    _settle(ctx, line, AlertState.WAITING if again else AlertState.FAILED, failure, again)


def _settle(ctx: Context, line: Line, state: AlertState, failure: str | None, again: datetime | None) -> None:
    now = ctx.clock()
    with ctx.database.writing() as session:
        for key in line.alerts:
            row = session.get_one(Alert, key)
            row.state, row.failure, row.next_try_at = state, failure, again
            row.sent_at = now if state is AlertState.SENT else None
            session.add(row)


def _worth_sending(session: Session, rows: Sequence[Alert], wanted: bool) -> list[Alert]:
    """Alerts of requests that still wait; the others are dropped, and all where nobody is to be told."""
    kept = []
    for row in rows:
        request = session.get(HandoffRequest, row.subject.split(":")[1])
        if wanted and (request is None or _waits(request, row)):
            kept.append(row)
        else:
            row.state = AlertState.DROPPED
            session.add(row)
    return kept


def _waits(request: HandoffRequest, row: Alert) -> bool:
    """For somebody to come; or, once a reply is late, for the worker who came to write."""
    if request.state is HandoffState.TAKEN and row.subject.startswith(LATE):
        return request.first_reply_at is None
    return request.state is HandoffState.WAITING


def _last_line_at(session: Session, kind: AlertKind) -> datetime | None:
    found = select(func.max(Alert.sent_at)).where(Alert.kind == kind, Alert.urgency != Urgency.DANGER)
    return session.exec(found).one()


def _words(ctx: Context, facts: Mapping[str, Fact], chosen: Sequence[Alert], link: str) -> tuple[str, str]:
    """Title and line: how many wait and how urgent it is, and where; never who, or why."""
    waiting = len({row.subject.split(":")[1] for row in chosen})
    late = any(row.subject.startswith(LATE) for row in chosen)
    escalated = any(row.subject.startswith("escalation:") for row in chosen)
    if any(row.urgency is Urgency.DANGER for row in chosen):
        about = "danger_late" if late else "danger"
    elif late:
        about = "late_one" if waiting == 1 else "late"
    else:
        about = "one" if waiting == 1 else "several"
    values = {"count": waiting, "link": link}
    text = ctx.answers.label(f"label_alert_{about}", values)
    on_call = facts[ON_CALL].value.strip() if ON_CALL in facts else ""
    if escalated and on_call:
        text = f"{text} {ctx.answers.label('label_alert_on_call', {'on_call': on_call})}"
    return ctx.answers.label(f"label_alert_{about}_title", values), text
