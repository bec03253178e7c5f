"""Misses: a message that was not understood is kept for the trainers, masked; a tap on a guess says what it meant."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from programme.context import Context
from programme.rules.mask import mask
from storage import miss as misses
from storage.conversation import Conversation
from storage.enums import MessageKind
from storage.message import MessageIn
from storage.miss import Miss
from storage.person import Person
from storage.referral import Referral

NOT_UNDERSTOOD = "nlu_fallback"
GUESS = "guess"  # what a tap on a guess carries: the turn that was missed
EXAMPLE = "utter_example_"  # the answer that repeats a step's question, with the step behind it


@dataclass(frozen=True)
class MissView:
    """As a trainer sees it. `ranking`: (intent, probability), best first; `intent`: what it turned out to mean."""

    id: str
    text: str
    ranking: tuple[tuple[str, float], ...]
    step: str | None
    intent: str | None
    missed_at: datetime


def record(
    session: Session,
    ctx: Context,
    conversation: Conversation,
    row: MessageIn,
    understood: Mapping[str, Any] | None,
    answers: Sequence[str],
) -> None:
    """Writes a miss where the dialogue did not understand a typed message; `answers`: the names of what was replied."""
    if row.kind != MessageKind.TEXT or row.choice or not row.text or row.sensitive_at is not None:
        return
    if (understood or {}).get("intent", {}).get("name") != NOT_UNDERSTOOD:
        return
    ranking = [one for one in (understood or {}).get("ranking", []) if one.get("name") != NOT_UNDERSTOOD]
    step = next((answer.removeprefix(EXAMPLE) for answer in answers if answer.startswith(EXAMPLE)), None)
    misses.add_miss(
        session,
        Miss(
            id=ctx.new_id(),
            message_in_id=row.id,
            text=mask(row.text, names_in(session, conversation)),
            ranking=json.dumps(ranking),
            step=step,
            missed_at=ctx.clock(),
        ),
    )


def note_guess(session: Session, turn_id: str, intent: str) -> None:
    """The person tapped a guess at what `turn_id` had meant: the likely label. It stays on the list until settled."""
    for miss in misses.misses_of(session, [turn_id]):
        miss.intent = intent
        session.add(miss)


def listed(ctx: Context, limit: int = 200) -> list[MissView]:
    """What waits for a trainer, the newest first."""
    with ctx.database.reading() as session:
        return [
            MissView(
                id=miss.id,
                text=miss.text,
                ranking=tuple((one["name"], float(one["confidence"])) for one in json.loads(miss.ranking)),
                step=miss.step,
                intent=miss.intent,
                missed_at=miss.missed_at,
            )
            for miss in misses.open_misses(session, limit)
        ]


def settle(ctx: Context, miss_id: str, intent: str | None) -> bool:
    """A trainer has labelled it, or put it aside (None); whether it was still open."""
    with ctx.database.writing() as session:
        miss = session.get(Miss, miss_id)
        if miss is None or miss.settled_at is not None:
            return False
        miss.intent, miss.settled_at = intent, ctx.clock()
        session.add(miss)
        return True


def names_in(session: Session, conversation: Conversation) -> list[str]:
    """The names that are known in a conversation: what is masked first."""
    referral_id = conversation.referral_id or conversation.linked_referral_id
    referral = session.get(Referral, referral_id) if referral_id else None
    person = session.get(Person, referral.person_id) if referral else None
    return [person.name] if person else []
