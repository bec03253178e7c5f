"""What somebody tells the assistant and a worker must act on: a case, with what was said."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlmodel import Session

from programme import case
from programme.context import Context
from programme.outbox import Reply
from storage import message as messages
from storage.case import Case
from storage.conversation import Conversation
from storage.enums import CaseReason, MessageKind, Urgency
from storage.message import MessageIn
from storage.row import lock_one

MOST_SAID = 20  # of one case
LOOKED_BACK = 20  # messages
OFFENCE = "disclose_offence"
URGENCIES: Mapping[CaseReason, Urgency] = MappingProxyType(
    {
        CaseReason.MORE_TIME: Urgency.DEADLINE,
        CaseReason.WAITING_LIST: Urgency.DEADLINE,
        CaseReason.COURT_LETTER: Urgency.DEADLINE,
        CaseReason.MISSED_SESSION: Urgency.DEADLINE,
        CaseReason.ATTENDANCE_DISPUTED: Urgency.DEADLINE,
        CaseReason.RUNNING_LATE: Urgency.ASKED,
        CaseReason.TECHNICAL_PROBLEM: Urgency.STUCK,
        CaseReason.WRONG_PERSON: Urgency.STUCK,
        CaseReason.UNDER_18: Urgency.STUCK,
        CaseReason.DECLINED: Urgency.STUCK,
        CaseReason.COMPLAINT: Urgency.COMPLAINT,
    }
)


@dataclass(frozen=True)
class Said:
    """What was said in a turn: its words, or `why`, what was tapped."""

    turn: str | None
    words: str | None = None
    why: str | None = None

    def packed(self) -> dict[str, str]:
        parts = {"turn": self.turn, "words": self.words, "why": self.why}
        return {key: value for key, value in parts.items() if value}


def note(ctx: Context, conversation_id: str, reason: CaseReason, said: Said, now: bool = False) -> None:
    """Opens the case, or adds to the open one, once for a turn. `now`: due at once."""
    with ctx.database.writing() as session:
        write(session, ctx, lock_one(session, Conversation, conversation_id), reason, said, now)


def write(
    session: Session,
    ctx: Context,
    conversation: Conversation,
    reason: CaseReason,
    said: Said,
    now: bool = False,
    facts: Mapping[str, Any] | None = None,
) -> Case:
    """`note` inside a transaction; `facts`: what else the worker must know."""
    opened = case.open_for(session, ctx, reason, URGENCIES.get(reason, Urgency.ROUTINE), conversation)
    detail = json.loads(opened.detail or "{}") | dict(facts or {})
    before = [each for each in detail.get("said", []) if said.turn is None or each.get("turn") != said.turn]
    detail["said"] = [*before, said.packed()][-MOST_SAID:]
    opened.detail = json.dumps(detail)
    if now:
        opened.due_at = min(opened.due_at, ctx.clock())
    session.add(opened)
    return opened


def last_words(ctx: Context, conversation_id: str, intent: str) -> str | None:
    """What was said when this intent was last understood in words, among the latest messages."""
    with ctx.database.reading() as session:
        return words_of(session, conversation_id, intent)


def words_of(session: Session, conversation_id: str, intent: str) -> str | None:
    """`last_words` inside a transaction."""
    for row in messages.latest_in(session, conversation_id, LOOKED_BACK):
        understood = json.loads(row.understood or "{}").get("intent") or {}
        if row.kind == MessageKind.TEXT and understood.get("name") == intent and row.sensitive_at is None:
            return row.text
    return None


def hide(ctx: Context, turn: str) -> None:
    """Marks a message as one that only those who need it may read."""
    with ctx.database.writing() as session:
        row = session.get(MessageIn, turn)
        if row is not None:
            _mark(session, ctx, row)


def hide_told(
    session: Session, ctx: Context, conversation: Conversation, row: MessageIn, understood: Mapping[str, Any] | None
) -> list[Reply]:
    """Hides a message that tells of an offence beside what it is about, opens the case, and gives what stops it kindly.

    A message that is about the offence, and nothing else, has a rule of its own.
    """
    if OFFENCE not in (understood or {}).get("told", []):
        return []
    _mark(session, ctx, row)
    write(session, ctx, conversation, CaseReason.OFFENCE_TOLD, Said(row.id))
    return [Reply(f"utter_{OFFENCE}")]


def _mark(session: Session, ctx: Context, row: MessageIn) -> None:
    if row.sensitive_at is None:
        row.sensitive_at = ctx.clock()
        session.add(row)
