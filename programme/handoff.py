"""Asking for a person: one open request a conversation, told truthfully; the assistant goes on helping meanwhile."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from programme import setting
from programme.context import Context
from programme.rules import handoff as rules
from programme.rules import hours
from storage import handoff as handoffs
from storage.audit import record
from storage.conversation import Conversation
from storage.enums import HandoffState, Owner, Urgency
from storage.handoff import HandoffRequest
from storage.row import lock_one


@dataclass(frozen=True)
class Asked:
    """`new`: not asked before. `open_now`: workers are there. `opens_at`: UTC, when they are next; None: not known."""

    new: bool
    open_now: bool
    opens_at: datetime | None


def ask(
    ctx: Context, conversation_id: str, reason: str, urgency: Urgency = Urgency.ASKED, last_words: str | None = None
) -> Asked:
    """Records the request, once, and puts the conversation in the queue."""
    now = ctx.clock()
    with ctx.database.writing() as session:
        conversation = lock_one(session, Conversation, conversation_id)
        waiting = handoffs.open_request_of(session, conversation_id)
        if waiting is None:
            session.add(_request(ctx, conversation_id, reason, urgency, last_words))
            _change(session, ctx, conversation, "asked")
        opening = setting.opening_hours(setting.facts(session))
        return Asked(waiting is None, hours.is_open(opening, now), hours.next_opening(opening, now))


def withdraw(ctx: Context, conversation_id: str) -> bool:
    """The person no longer wants to wait; False where nobody was waiting."""
    with ctx.database.writing() as session:
        conversation = lock_one(session, Conversation, conversation_id)
        waiting = handoffs.open_request_of(session, conversation_id)
        if waiting is None or waiting.state != HandoffState.WAITING:
            return False
        waiting.state, waiting.ended_at = HandoffState.CANCELLED, ctx.clock()
        session.add(waiting)
        _change(session, ctx, conversation, "withdrawn")
        return True


def owner(ctx: Context, conversation_id: str) -> Owner:
    """Who answers this conversation now."""
    with ctx.database.reading() as session:
        return session.get_one(Conversation, conversation_id).owner


def _request(
    ctx: Context, conversation_id: str, reason: str, urgency: Urgency, last_words: str | None
) -> HandoffRequest:
    return HandoffRequest(
        id=ctx.new_id(),
        conversation_id=conversation_id,
        reason=reason,
        urgency=urgency,
        last_words=last_words,
        requested_at=ctx.clock(),
    )


def _change(
    session: Session, ctx: Context, conversation: Conversation, cause: rules.Cause, actor: str = "person"
) -> None:
    """What the table allows, and a line of it in the audit log."""
    changed = rules.next_owner(conversation.owner.value, cause)
    if changed is None:
        return
    conversation.owner = Owner(changed)
    session.add(conversation)
    record(
        session,
        id=ctx.new_id(),
        at=ctx.clock(),
        actor=actor,
        action=f"owner:{cause}",
        subject_kind="conversation",
        subject_id=conversation.id,
    )
