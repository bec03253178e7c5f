"""Lessons: what a message really meant, said by whoever reads it. The word of somebody who may train counts at the next
training, anybody else's waits on the trainers' list."""

import json

from sqlmodel import Session, col, select

from programme.context import Context
from programme.rules import role
from programme.rules.mask import mask
from storage import miss as misses
from storage.account import Account
from storage.audit import record
from storage.conversation import Conversation
from storage.enums import LessonState
from storage.lesson import Lesson
from storage.message import MessageIn
from storage.miss import Miss
from storage.person import Person
from storage.referral import Referral


class NotToLearnError(ValueError):
    """Nothing can be learnt from this message: it was a button, or its words are hidden."""


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
        record(
            session,
            id=ctx.new_id(),
            at=now,
            actor=f"worker:{account_id}",
            action="corrected",
            subject_kind="message_in",
            subject_id=row.id,
            detail=json.dumps({"intent": intent}),
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
