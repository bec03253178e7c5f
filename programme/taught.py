"""What trainers have taught: the latest of it, what no training has seen yet, and all of it as a file of examples."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from programme import examples
from programme.context import Context
from programme.intent import guide
from storage import lesson as lessons
from storage.account import Account
from storage.enums import LessonState, RunKind, RunState
from storage.lesson import Lesson, TrainingRun

LATEST = 100


@dataclass(frozen=True)
class Taught:
    """What a trainer said of a message. `trained`: a training that began later has ended."""

    id: str
    text: str
    state: LessonState
    intent: str | None
    by: str
    taught_at: datetime
    trained: bool


def latest(ctx: Context) -> list[Taught]:
    """What was taught, put aside or sent back and not undone, the newest first."""
    with ctx.database.reading() as session:
        found = select(Lesson).where(col(Lesson.undone_at).is_(None))
        rows = list(session.exec(found.order_by(col(Lesson.taught_at).desc(), col(Lesson.id)).limit(LATEST)))
        trained = _trained_until(session)
        names = {row.account_id: session.get(Account, row.account_id) for row in rows}
        return [
            Taught(
                row.id,
                row.text,
                row.state,
                row.intent,
                getattr(names[row.account_id], "name", ""),
                row.taught_at,
                trained is not None and row.taught_at < trained,
            )
            for row in rows
        ]


def untrained(ctx: Context) -> int:
    """How many lessons came after the last training that ended well."""
    with ctx.database.reading() as session:
        trained = _trained_until(session)
        return sum(trained is None or one.taught_at >= trained for one in lessons.lessons_in_use(session))


def export(ctx: Context) -> str:
    """All lessons in use, as a file of nlu/examples; "" where there is none. What is an example by now is left out."""
    with ctx.database.reading() as session:
        rows = [(one.intent or "", one.text) for one in lessons.lessons_in_use(session)]
    by_intent: dict[str, dict[str, str]] = {}
    for intent, text in rows:
        words = examples.plain(text)
        if words and words not in examples.known() and intent in guide():
            by_intent.setdefault(intent, {}).setdefault(words, _one_line(text))
    if not by_intent:
        return ""
    blocks = [
        f"- intent: {intent}\n  examples: |\n" + "".join(f"    - {text}\n" for text in sorted(texts.values()))
        for intent, texts in sorted(by_intent.items())
    ]
    return 'version: "3.1"\nnlu:\n' + "".join(blocks)


def _one_line(text: str) -> str:
    """As one line of an example: marks would be read as entities."""
    return " ".join(text.replace("[", " ").replace("]", " ").split())


def _trained_until(session: Session) -> datetime | None:
    """When the last training began that ended well: what was taught before it is in its model."""
    found = select(func.max(TrainingRun.began_at)).where(
        TrainingRun.kind == RunKind.TRAIN, TrainingRun.state == RunState.DONE
    )
    return session.exec(found).one()
