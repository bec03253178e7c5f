"""A worker's own words: written once, by the one worker who has the conversation; their draft; who is typing."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlmodel import Session, col, or_, select, update

from programme import audit
from programme import owner as owners
from programme.context import Context
from programme.transcript import TYPING_LASTS
from storage import handoff as handoffs
from storage import message as messages
from storage.conversation import Conversation
from storage.enums import Channel, OutState, Owner, Sender
from storage.identity import ChannelIdentity
from storage.message import MessageOut
from storage.note import Draft
from storage.row import lock_one

LONGEST = 4000  # characters
LONGEST_ID = 64
TYPING_EVERY = timedelta(seconds=3)
__all__ = ["TYPING_LASTS"]  # how long a sign of typing counts
Side = Literal["person", "worker"]


class EmptyReplyError(ValueError):
    """There is nothing to send."""


class TooLongError(ValueError):
    """That is too long for one message. Please send it in two parts."""


@dataclass(frozen=True)
class Undelivered:
    """A worker's message that has not arrived. `state`: waiting, failed or blocked; `failure`: a code."""

    message_id: str
    conversation_id: str
    written_at: datetime
    state: OutState
    failure: str | None


def say(ctx: Context, conversation_id: str, account_id: str, text: str, client_id: str) -> str:
    """Sends a worker's words, once for each `client_id` (the browser's own, at most 64 characters); the message's id.

    Raises NotYoursError, EmptyReplyError, TooLongError: nothing was sent, and the draft stays.
    """
    text, now = text.strip(), ctx.clock()
    if not text:
        raise EmptyReplyError(EmptyReplyError.__doc__)
    if len(text) > LONGEST or not 0 < len(client_id) <= LONGEST_ID:
        raise TooLongError(TooLongError.__doc__)
    key = f"worker:{conversation_id}:{client_id}"
    with ctx.database.writing() as session:
        conversation = lock_one(session, Conversation, conversation_id)
        sent = messages.out_by_unique_key(session, key)
        if sent is not None and sent.account_id == account_id:
            return sent.id
        request = owners.held(session, conversation_id, account_id)
        row = MessageOut(
            id=ctx.new_id(),
            conversation_id=conversation_id,
            sender=Sender.WORKER,
            text=text,
            unique_key=key,
            account_id=account_id,
            created_at=now,
            next_try_at=now,
        )
        messages.add_out(session, row, conversation)
        conversation.worker_typing_at = None
        session.add(conversation)
        handoffs.note_reply(session, request.id, now)
        handoffs.beat(session, conversation_id, account_id, now)
        _put_draft(session, ctx, conversation_id, account_id, "")
        owners.log(session, ctx, conversation_id, "reply", audit.worker(account_id), {"message": row.id})
        return row.id


def save_draft(ctx: Context, conversation_id: str, account_id: str, text: str) -> None:
    """Keeps what was begun: it outlives a closed browser and a lost shift. Empty: there is none any more."""
    with ctx.database.writing() as session:
        lock_one(session, Conversation, conversation_id)
        _put_draft(session, ctx, conversation_id, account_id, text[: LONGEST * 2])


def draft(ctx: Context, conversation_id: str, account_id: str) -> str:
    """What this worker has begun to write here."""
    with ctx.database.reading() as session:
        row = _draft(session, conversation_id, account_id)
        return row.text if row else ""


def _put_draft(session: Session, ctx: Context, conversation_id: str, account_id: str, text: str) -> None:
    row = _draft(session, conversation_id, account_id)
    if not text.strip():
        if row is not None:
            session.delete(row)
        return
    row = row or Draft(
        id=ctx.new_id(), conversation_id=conversation_id, account_id=account_id, text="", written_at=ctx.clock()
    )
    row.text, row.written_at = text, ctx.clock()
    session.add(row)


def _draft(session: Session, conversation_id: str, account_id: str) -> Draft | None:
    found = select(Draft).where(Draft.conversation_id == conversation_id, Draft.account_id == account_id)
    return session.exec(found).first()


def typing(ctx: Context, conversation_id: str, side: Side) -> bool:
    """One side is typing, noted every three seconds at most; a worker only where one has the conversation.

    Whether it was noted, so that the other side is told.
    """
    now = ctx.clock()
    name = f"{side}_typing_at"
    typed_at = col(getattr(Conversation, name))
    where = [col(Conversation.id) == conversation_id, or_(typed_at.is_(None), typed_at <= now - TYPING_EVERY)]
    if side == "worker":
        where.append(col(Conversation.owner) == Owner.WORKER)
    with ctx.database.writing() as session:
        noted = update(Conversation).where(*where).values({name: now}).returning(col(Conversation.id))
        return session.execute(noted).first() is not None


def typing_on(ctx: Context, channel: Channel) -> dict[str, datetime]:
    """Where a worker is typing just now on a channel that knows its people by an address (Telegram's chat id), and
    since when that is known."""
    found = (
        select(ChannelIdentity, Conversation.worker_typing_at)
        .join(Conversation, col(Conversation.identity_id) == ChannelIdentity.id)
        .where(
            Conversation.channel == channel,
            Conversation.owner == Owner.WORKER,
            col(Conversation.worker_typing_at) > ctx.clock() - TYPING_LASTS,
        )
    )
    with ctx.database.reading() as session:
        rows = session.exec(found).all()
    return {identity.external: at for identity, at in rows if identity.external and at is not None}


def undelivered(ctx: Context, conversation_id: str | None = None) -> list[Undelivered]:
    """Workers' messages that have not arrived, of one conversation or of all, the oldest first. A web page that is
    closed takes its messages when it comes back: they wait."""
    found = select(MessageOut).where(
        MessageOut.sender == Sender.WORKER,
        col(MessageOut.state).in_([OutState.WAITING, OutState.FAILED, OutState.BLOCKED]),
    )
    if conversation_id is not None:
        found = found.where(MessageOut.conversation_id == conversation_id)
    with ctx.database.reading() as session:
        rows = session.exec(found.order_by(col(MessageOut.created_at), col(MessageOut.seq)))
        return [Undelivered(row.id, row.conversation_id, row.created_at, row.state, row.failure) for row in rows]
