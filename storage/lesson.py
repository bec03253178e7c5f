"""Lessons: what trainers said a message means; and the trainings that were asked for."""

from datetime import datetime

from sqlalchemy import Text
from sqlmodel import Field, Session, col, select

from storage.enums import LessonState, RunKind, RunState
from storage.row import Row
from storage.types import Instant, Sealed, word


class Lesson(Row, table=True):
    """One message and what it means, by a trainer: it joins the next training until it is undone."""

    id: str = Field(primary_key=True, max_length=32)
    miss_id: str | None = Field(default=None, foreign_key="miss.id", max_length=32)
    message_in_id: str | None = Field(default=None, foreign_key="message_in.id", max_length=32)
    text: str = Field(sa_type=Sealed("lesson.text"))  # masked
    state: LessonState = Field(sa_type=word(LessonState, "lesson.state"))
    intent: str | None = Field(default=None, max_length=64)
    account_id: str = Field(max_length=32)
    taught_at: datetime = Field(sa_type=Instant)
    undone_at: datetime | None = Field(default=None, sa_type=Instant)


class TrainingRun(Row, table=True):
    """What was asked for on the page and takes minutes. `beat_at`: the process that does it was last heard."""

    __tablename__ = "training_run"

    id: str = Field(primary_key=True, max_length=32)
    account_id: str = Field(foreign_key="account.id", max_length=32)
    kind: RunKind = Field(sa_type=word(RunKind, "training_run.kind"))
    state: RunState = Field(default=RunState.WAITING, sa_type=word(RunState, "training_run.state"))
    progress: int = 0  # per cent
    phase: str | None = Field(default=None, max_length=200)  # what it is at, in words of the command
    model: str | None = Field(default=None, max_length=80)  # its file's name: asked for, or made
    result: str | None = Field(default=None, sa_type=Text)  # JSON, what the command gave; no message of anybody's
    asked_at: datetime = Field(sa_type=Instant)
    began_at: datetime | None = Field(default=None, sa_type=Instant)
    beat_at: datetime | None = Field(default=None, sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)


def lessons_in_use(session: Session) -> list[Lesson]:
    """Those that say an intent and were not undone, the oldest first."""
    found = select(Lesson).where(Lesson.state == LessonState.LABELLED, col(Lesson.undone_at).is_(None))
    return list(session.exec(found.order_by(col(Lesson.taught_at), col(Lesson.id))))


def latest_runs(session: Session, limit: int) -> list[TrainingRun]:
    """The latest trainings, the newest first."""
    return list(session.exec(select(TrainingRun).order_by(col(TrainingRun.asked_at).desc()).limit(limit)))
