"""Trainings that are asked for on a page: one at a time, done by whichever process has the lease, told as it goes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from programme import audit
from programme.context import Context
from storage import lesson as lessons
from storage.enums import RunKind, RunState
from storage.lesson import TrainingRun
from storage.row import lock_row

SILENT = timedelta(minutes=2)  # a run whose process was not heard for so long has ended with it
LATEST = 10
LONGEST_PHASE = 200


class BusyError(RuntimeError):
    """Something is running already. It has to end first."""


@dataclass(frozen=True)
class Run:
    """`progress`: per cent; `result`: what the command gave, as launch's commands give it."""

    id: str
    kind: RunKind
    state: RunState
    progress: int
    phase: str
    model: str | None
    asked_at: datetime
    ended_at: datetime | None
    result: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        return self.state in (RunState.DONE, RunState.FAILED)


def ask(ctx: Context, kind: RunKind, account_id: str, model: str | None = None) -> str:
    """Asks for a run; its id. Raises BusyError."""
    with ctx.database.writing() as session:
        _end_silent(session, ctx)
        if _unended(session):
            raise BusyError(BusyError.__doc__)
        row = TrainingRun(id=ctx.new_id(), account_id=account_id, kind=kind, model=model, asked_at=ctx.clock())
        session.add(row)
        audit.note(
            session,
            ctx,
            audit.worker(account_id),
            f"training:{kind.value}",
            "training_run",
            row.id,
            {"model": model} if model else None,
        )
        return row.id


def begin(ctx: Context) -> Run | None:
    """The run that waits, begun; None where none waits, or another is running."""
    with ctx.database.writing() as session:
        _end_silent(session, ctx)
        rows = _unended(session)
        if not rows or any(row.state is RunState.RUNNING for row in rows):
            return None
        row = rows[0]
        row.state, row.began_at, row.beat_at = RunState.RUNNING, ctx.clock(), ctx.clock()
        session.add(row)
        return _view(row)


def tell(ctx: Context, run_id: str, progress: int, phase: str) -> bool:
    """How far it is. False where it was given up meanwhile: then it must stop."""
    with ctx.database.writing() as session:
        row = lock_row(session, TrainingRun, run_id)
        if row is None or row.state is not RunState.RUNNING:
            return False
        row.progress, row.phase, row.beat_at = max(row.progress, progress), phase[:LONGEST_PHASE], ctx.clock()
        session.add(row)
        return True


def end(ctx: Context, run_id: str, well: bool, result: Mapping[str, Any], model: str | None = None) -> None:
    """It has ended, well or not, with what it gave."""
    with ctx.database.writing() as session:
        row = lock_row(session, TrainingRun, run_id)
        if row is None or row.state is not RunState.RUNNING:
            return
        row.state, row.ended_at = RunState.DONE if well else RunState.FAILED, ctx.clock()
        row.result, row.model = json.dumps(result), model or row.model
        row.progress = 100 if well else row.progress
        session.add(row)


def latest(ctx: Context) -> list[Run]:
    """The latest runs, the newest first; one whose process fell silent counts as failed."""
    with ctx.database.reading() as session:
        rows = lessons.latest_runs(session, LATEST)
        return [_view(row, silent=_is_silent(row, ctx.clock())) for row in rows]


def _view(row: TrainingRun, silent: bool = False) -> Run:
    return Run(
        id=row.id,
        kind=row.kind,
        state=RunState.FAILED if silent else row.state,
        progress=row.progress,
        phase=row.phase or "",
        model=row.model,
        asked_at=row.asked_at,
        ended_at=row.ended_at or (row.beat_at if silent else None),
        result=json.loads(row.result) if row.result else {},
    )


def _unended(session: Session) -> list[TrainingRun]:
    found = select(TrainingRun).where(col(TrainingRun.state).in_([RunState.WAITING, RunState.RUNNING]))
    return list(session.exec(found.order_by(col(TrainingRun.asked_at), col(TrainingRun.id)).with_for_update()))


def _is_silent(row: TrainingRun, now: datetime) -> bool:
    return row.state is RunState.RUNNING and row.beat_at is not None and now - row.beat_at > SILENT


def _end_silent(session: Session, ctx: Context) -> None:
    for row in _unended(session):
        if _is_silent(row, ctx.clock()):
            row.state, row.ended_at = RunState.FAILED, ctx.clock()
            session.add(row)
    session.flush()
