"""Since last shift: what a lead must know who comes in: danger and who acted, what waited, what is due, what failed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlmodel import Session, col, select

from programme import callback, look, setting
from programme.callback import CallbackView
from programme.context import Context
from programme.happened import CaseRow, DeadlineRow, FailedRow, RequestRow, Work
from programme.rules import london
from programme.rules.danger import DANGERS
from storage.account import Shift
from storage.enums import CaseReason

Span = Literal["shift", "day", "week"]
SPANS: tuple[Span, ...] = ("shift", "day", "week")
DAY, WEEK = timedelta(days=1), timedelta(days=7)
LONGEST = timedelta(days=31)  # a shift that ended longer ago is not looked back to
MOST = 100  # rows of a part; `more` says that there are others
NIGHT = 3  # o'clock in London: who waits over it has waited overnight


@dataclass(frozen=True)
class Since:
    """`start`: from when on; `own_shift`: it is the end of the viewer's last shift. `more`: parts with other rows.

    Each part has what happened since `start`, and what is open still however old it is.
    """

    span: Span
    start: datetime
    own_shift: bool
    danger: tuple[CaseRow, ...]
    waited: tuple[RequestRow, ...]
    escalated: tuple[RequestRow, ...]
    callbacks: tuple[CallbackView, ...]
    deadlines: tuple[DeadlineRow, ...]
    failed: tuple[FailedRow, ...]
    complaints: tuple[CaseRow, ...]
    more: frozenset[str]


def read(ctx: Context, account_id: str, span: Span = "shift", quiet: bool = False) -> Since:
    """All of it, as it stands now. `quiet`: the page renews itself, which is no new look at these people."""
    now = ctx.clock()
    with ctx.database.reading() as session:
        start, own_shift = _start(session, account_id, span, now)
        work = Work(session, now, start, setting.opening_hours(setting.facts(session)))
        danger = work.cases([CaseReason(each) for each in DANGERS])
        requests = work.requests()
        deadlines, failed, complaints = work.deadlines(), work.failed(), work.cases([CaseReason.COMPLAINT])
    waited = [row for row in requests if row.closed or over_a_night(row.since, row.until or now)]
    escalated = [row for row in requests if row.escalated_at is not None and row.escalated_at >= start]
    due = [each for each in callback.listing(ctx) if london.today(each.due_at) <= london.today(now)]
    if not quiet:
        look.note(ctx, account_id, "page", "since")
    parts: dict[str, Sequence[object]] = {
        "danger": danger,
        "waited": waited,
        "escalated": escalated,
        "callbacks": due,
        "deadlines": deadlines,
        "failed": failed,
        "complaints": complaints,
    }
    return Since(
        span=span,
        start=start,
        own_shift=own_shift,
        danger=tuple(danger[:MOST]),
        waited=tuple(waited[:MOST]),
        escalated=tuple(escalated[:MOST]),
        callbacks=tuple(due[:MOST]),
        deadlines=tuple(deadlines[:MOST]),
        failed=tuple(failed[:MOST]),
        complaints=tuple(complaints[:MOST]),
        more=frozenset(name for name, rows in parts.items() if len(rows) > MOST),
    )


def over_a_night(since: datetime, until: datetime) -> bool:
    """Whether 3am of a London night lies between the two."""
    clock = london.local(since)
    night = clock.replace(hour=NIGHT, minute=0, second=0, microsecond=0)
    if night <= clock:
        night += DAY  # on London's calendar: the clock's change moves it with the night
    return night <= until


def _start(session: Session, account_id: str, span: Span, now: datetime) -> tuple[datetime, bool]:
    """From when on; whether that is the end of the viewer's last shift."""
    if span == "shift":
        ended = session.exec(
            select(Shift.ended_at)
            .where(Shift.account_id == account_id, col(Shift.ended_at).is_not(None))
            .order_by(col(Shift.ended_at).desc())
            .limit(1)
        ).first()
        if ended is not None and ended >= now - LONGEST:
            return ended, True
    return now - (WEEK if span == "week" else DAY), False
