"""Danger: the crisis card and its case, staying with the person afterwards, and a worker's all-clear."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlmodel import Session, col, or_, select

from programme import audit, case, outbox, request
from programme import owner as owners
from programme.context import Context
from programme.outbox import Reply
from programme.rules.danger import DANGERS
from storage import message as messages
from storage.case import Case
from storage.conversation import Conversation
from storage.enums import CaseReason, Urgency
from storage.row import lock_one

CARD, STAY = "utter_danger_", "notice_still_here"
# What may be written straight after a card and asks for nothing: the assistant stays then, and offers no booking.
ASKS_NOTHING = frozenset(
    {"greet", "thank", "goodbye", "affirm", "deny", "unsure", "ask_repeat", "insult", "out_of_scope", "nlu_fallback"}
    | {"share_low_mood", "ask_capabilities", "ask_bot", "go_back"}
)


class NotADangerError(LookupError):
    """There is no open case of danger with this id."""


def send_card(session: Session, ctx: Context, conversation: Conversation, turn_id: str, danger: str) -> None:
    """The crisis card, once for a turn, before all that waits; a case of the highest urgency, and a request for a
    worker that none goes before; nudges pause.

    Whoever owns the conversation: while a worker has it the card goes out too.
    """
    card = Reply(f"utter_danger_{danger}", unique_key=f"danger:{turn_id}", first=True)
    outbox.say(session, ctx, conversation, [card], turn_id)
    case.open_danger(session, ctx, conversation, danger, turn_id)
    conversation.paused_at = conversation.paused_at or ctx.clock()
    session.add(conversation)
    request.join(session, ctx, conversation, danger, Urgency.DANGER, cause="danger", actor=owners.RULE)


def stay(
    session: Session, conversation: Conversation, understood: Mapping[str, Any] | None, replies: Sequence[Reply]
) -> Sequence[Reply]:
    """The replies; or, where a card was the last thing said and the person asks for nothing, that we are still here."""
    meant = ((understood or {}).get("intent") or {}).get("name")
    if conversation.paused_at is None or meant not in ASKS_NOTHING:
        return replies
    last = messages.after(session, conversation.id, conversation.next_out_seq - 2)
    said = last[-1].answer if last else None
    return [Reply(STAY)] if said == STAY or (said or "").startswith(CARD) else replies


def clear(ctx: Context, case_id: str, worker: str) -> bool:
    """A worker has looked: the case is closed. Says whether nudges go on: only where no other danger of theirs is open.

    Raises NotADangerError. What the person taps ("I'm safe") does not do this: only somebody who has looked can.
    """
    with ctx.database.writing() as session:
        row = lock_one(session, Case, case_id) if session.get(Case, case_id) else None
        if row is None or row.reason.value not in DANGERS or row.closed_at is not None:
            raise NotADangerError(NotADangerError.__doc__)
        row.closed_at = ctx.clock()
        session.add(row)
        session.flush()
        audit.note(session, ctx, worker, "danger:cleared", "case", row.id)
        theirs = [col(Case.conversation_id) == row.conversation_id]
        if row.referral_id is not None:
            theirs.append(col(Case.referral_id) == row.referral_id)
        still = select(Case).where(
            or_(*theirs), col(Case.closed_at).is_(None), col(Case.reason).in_([CaseReason(each) for each in DANGERS])
        )
        if session.exec(still).first() is not None:
            return False
        for conversation in _conversations(session, row):
            conversation.paused_at = None
            session.add(conversation)
        return True


def _conversations(session: Session, row: Case) -> list[Conversation]:
    """All that this case speaks for: a person may write on the web page and in Telegram."""
    theirs = [col(Conversation.id) == row.conversation_id]
    if row.referral_id is not None:
        theirs.append(col(Conversation.referral_id) == row.referral_id)
    return list(session.exec(select(Conversation).where(or_(*theirs)).with_for_update()))
