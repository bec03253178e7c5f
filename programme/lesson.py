"""Lessons: what a message really meant, said by whoever reads it. The word of somebody who may train counts at the next
training, anybody else's waits on the trainers' list."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from programme import audit, examples
from programme.context import Context
from programme.intent import guide
from programme.rules import alike, role
from programme.rules.mask import mask
from storage import lesson as lessons
from storage import miss as misses
from storage.account import Account
from storage.conversation import Conversation
from storage.enums import LessonState
from storage.lesson import Lesson
from storage.message import MessageIn
from storage.miss import Miss
from storage.person import Person
from storage.referral import Referral
from storage.row import lock_row

MOST = 300  # misses on the page at a time


class NotToLearnError(ValueError):
    """Nothing can be learnt from this message: it was a button, or its words are hidden."""


class NoIntentError(LookupError):
    """There is no such intent in the guide."""


class OtherMeaningError(ValueError):
    """These words are an example of another intent already. One text cannot mean two things."""

    def __init__(self, intent: str) -> None:
        super().__init__(self.__doc__)
        self.intent = intent


@dataclass(frozen=True)
class Waiting:
    """A message that waits for a trainer. `guesses`: (intent, probability), best first; `said`: what the person or a
    colleague said it meant; `back`: a trainer could not tell, and somebody else should look."""

    id: str
    text: str
    guesses: tuple[tuple[str, float], ...]
    step: str | None
    said: str | None
    missed_at: datetime
    back: bool


def waiting(ctx: Context) -> list[list[Waiting]]:
    """What waits, like ones together: the largest group first, the newest first in each."""
    with ctx.database.reading() as session:
        rows = misses.open_misses(session, MOST)
        back = _sent_back(session)
        found = [
            Waiting(row.id, row.text, _guesses(row), row.step, row.intent, row.missed_at, row.id in back)
            for row in rows
        ]
    return [[found[place] for place in places] for places in alike.group([one.text for one in found])]


def teach(ctx: Context, miss_ids: Sequence[str], intent: str, account_id: str) -> int:
    """These messages mean `intent`: they join the next training. How many still waited.

    Raises NoIntentError, OtherMeaningError (then none is taught).
    """
    if intent not in guide():
        raise NoIntentError(NoIntentError.__doc__)
    with ctx.database.writing() as session:
        rows = _open(session, miss_ids)
        taught = {examples.plain(one.text): one.intent for one in lessons.lessons_in_use(session)}
        for row in rows:
            words = examples.plain(row.text)
            earlier = examples.known().get(words) or taught.get(words)
            if earlier not in (None, intent):
                raise OtherMeaningError(str(earlier))
        for row in rows:
            row.intent = intent
            _settle(session, ctx, row, LessonState.LABELLED, account_id)
        return len(rows)


def put_aside(ctx: Context, miss_ids: Sequence[str], account_id: str) -> int:
    """These are not ours: nothing is learnt from them. How many still waited."""
    with ctx.database.writing() as session:
        rows = _open(session, miss_ids)
        for row in rows:
            _settle(session, ctx, row, LessonState.NOT_OURS, account_id)
        return len(rows)


def send_back(ctx: Context, miss_ids: Sequence[str], account_id: str) -> int:
    """One trainer cannot tell: they stay on the list, marked for somebody else."""
    with ctx.database.writing() as session:
        rows = _open(session, miss_ids)
        for row in rows:
            _settle(session, ctx, row, LessonState.SENT_BACK, account_id)
            row.settled_at = None
        return len(rows)


def undo(ctx: Context, lesson_id: str, account_id: str) -> bool:
    """Takes one of these back: the message waits again. False where it was taken back before."""
    with ctx.database.writing() as session:
        lesson = lock_row(session, Lesson, lesson_id)
        if lesson is None or lesson.undone_at is not None:
            return False
        lesson.undone_at = ctx.clock()
        session.add(lesson)
        miss = session.get(Miss, lesson.miss_id) if lesson.miss_id else None
        if miss is not None:
            miss.settled_at = None
            session.add(miss)
        _log(session, ctx, account_id, "lesson:undone", lesson)
        return True


def _open(session: Session, miss_ids: Sequence[str]) -> list[Miss]:
    rows = [lock_row(session, Miss, key) for key in sorted(set(miss_ids))]
    return [row for row in rows if row is not None and row.settled_at is None]


def _settle(session: Session, ctx: Context, miss: Miss, state: LessonState, account_id: str) -> None:
    miss.settled_at = ctx.clock()
    for earlier in _of_miss(session, miss.id):
        earlier.undone_at = ctx.clock()
        session.add(earlier)
    lesson = Lesson(
        id=ctx.new_id(),
        miss_id=miss.id,
        message_in_id=miss.message_in_id,
        text=miss.text,
        state=state,
        intent=miss.intent if state is LessonState.LABELLED else None,
        account_id=account_id,
        taught_at=ctx.clock(),
    )
    session.add_all([miss, lesson])
    _log(session, ctx, account_id, f"lesson:{state.value}", lesson)


def _log(session: Session, ctx: Context, account_id: str, action: str, lesson: Lesson) -> None:
    audit.note(
        session,
        ctx,
        audit.worker(account_id),
        action,
        "lesson",
        lesson.id,
        {"intent": lesson.intent} if lesson.intent else None,
    )


def _of_miss(session: Session, miss_id: str) -> list[Lesson]:
    return list(session.exec(select(Lesson).where(Lesson.miss_id == miss_id, col(Lesson.undone_at).is_(None))))


def _sent_back(session: Session) -> set[str | None]:
    found = select(Lesson.miss_id).where(Lesson.state == LessonState.SENT_BACK, col(Lesson.undone_at).is_(None))
    return set(session.exec(found))


def _guesses(row: Miss) -> tuple[tuple[str, float], ...]:
    ranking = [(one["name"], float(one["confidence"])) for one in json.loads(row.ranking)]
    return tuple(one for one in ranking if one[0] in guide())[:3]


def correct(ctx: Context, message_in_id: str, intent: str, account_id: str) -> None:
    """This message meant `intent`: on the trainers' list, masked; from somebody who may train a lesson, in place of an
    earlier one. Raises NotToLearnError."""
    now = ctx.clock()
    with ctx.database.writing() as session:
        row = session.get_one(MessageIn, message_in_id)
        if row.choice or not row.text or row.sensitive_at is not None:
            raise NotToLearnError(NotToLearnError.__doc__)
        text = mask(row.text, _names(session, row.conversation_id))
        misses.add_miss(
            session,
            Miss(id=ctx.new_id(), message_in_id=row.id, text=text, ranking=_ranking(row), missed_at=row.received_at),
        )
        miss = misses.misses_of(session, [row.id])[0]
        miss.intent, miss.settled_at = intent, None
        if role.may(session.get_one(Account, account_id).role.value, role.Permission.TRAIN):
            for earlier in _in_use(session, row.id):
                earlier.undone_at = now
                session.add(earlier)
            miss.settled_at = now
            session.add(
                Lesson(
                    id=ctx.new_id(),
                    miss_id=miss.id,
                    message_in_id=row.id,
                    text=text,
                    state=LessonState.LABELLED,
                    intent=intent,
                    account_id=account_id,
                    taught_at=now,
                )
            )
        session.add(miss)
        audit.note(
            session, ctx, audit.worker(account_id), "corrected", "message_in", row.id, {"intent": intent}, at=now
        )


def _in_use(session: Session, message_in_id: str) -> list[Lesson]:
    found = select(Lesson).where(Lesson.message_in_id == message_in_id, col(Lesson.undone_at).is_(None))
    return list(session.exec(found))


def _ranking(row: MessageIn) -> str:
    return json.dumps((json.loads(row.understood) if row.understood else {}).get("ranking", []))


def _names(session: Session, conversation_id: str) -> list[str]:
    conversation = session.get_one(Conversation, conversation_id)
    referral = session.get(Referral, conversation.referral_id or conversation.linked_referral_id or "")
    return [session.get_one(Person, referral.person_id).name] if referral else []
