"""What a channel that shows messages reads: the rows after the last it has, and which turns have ended."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, or_, select

from programme.context import Context
from storage import message as messages
from storage.conversation import Conversation
from storage.enums import OutState, Owner, Sender, TurnState
from storage.message import MessageIn

TYPING_LASTS = timedelta(seconds=6)  # after the last sign that a side is typing
JUST_NOW = timedelta(minutes=1)  # a turn that ended while the line was down is told again


@dataclass(frozen=True)
class Line:
    """A message as it is shown. `re`: the channel's own id of the message that it answers."""

    id: str
    seq: int
    re: str | None
    sender: Sender
    text: str
    buttons: tuple[dict[str, Any], ...]
    answer: str | None
    at: datetime


@dataclass(frozen=True)
class News:
    lines: tuple[Line, ...]
    ended: tuple[str, ...]  # channel's own ids, of those that were asked about
    owner: Owner
    typing_at: datetime | None = None  # a worker is typing now: since when it is known


def position(ctx: Context, conversation_id: str, message_id: str | None) -> int:
    """The sequence number of the last message that the page has; 0 for none, or for one that is not of here."""
    if not message_id:
        return 0
    with ctx.database.reading() as session:
        return messages.out_seq(session, conversation_id, message_id) or 0


def unfinished(ctx: Context, conversation_id: str) -> list[str]:
    """Channel's own ids of turns that have not ended, or ended just now: their end is still to be told."""
    since = ctx.clock() - JUST_NOW
    with ctx.database.reading() as session:
        found = select(MessageIn.channel_message_id).where(
            MessageIn.conversation_id == conversation_id,
            or_(MessageIn.state != TurnState.ENDED, col(MessageIn.ended_at) > since),
        )
        return list(session.exec(found.order_by(col(MessageIn.seq))))


def news(ctx: Context, conversation_id: str, seq: int, asked: Collection[str]) -> News:
    """All that is to be shown after `seq`, in one look, so that a turn's end never comes before its replies."""
    with ctx.database.reading() as session:
        conversation = session.exec(select(Conversation).where(Conversation.id == conversation_id)).one()
        typing_at = _typing_at(conversation, ctx.clock())
        ended = _ended(session, conversation_id, asked) if asked else ()
        rows = [row for row in messages.after(session, conversation_id, seq) if row.state != OutState.DROPPED]
        wanted = {row.reply_to_id for row in rows if row.reply_to_id}
        found = select(MessageIn.id, MessageIn.channel_message_id).where(col(MessageIn.id).in_(wanted))
        own_ids = dict(session.exec(found).all()) if wanted else {}
        lines = tuple(
            Line(
                row.id,
                row.seq,
                own_ids.get(row.reply_to_id or ""),
                row.sender,
                row.text,
                tuple(json.loads(row.buttons)),
                row.answer,
                row.created_at,
            )
            for row in rows
        )
    return News(lines, ended, conversation.owner, typing_at)


def _typing_at(conversation: Conversation, now: datetime) -> datetime | None:
    at = conversation.worker_typing_at
    fresh = at is not None and now - at < TYPING_LASTS
    return at if fresh and conversation.owner is Owner.WORKER else None


def _ended(session: Session, conversation_id: str, asked: Collection[str]) -> tuple[str, ...]:
    found = select(MessageIn.channel_message_id).where(
        MessageIn.conversation_id == conversation_id,
        col(MessageIn.channel_message_id).in_(asked),
        MessageIn.state == TurnState.ENDED,
    )
    return tuple(session.exec(found.order_by(col(MessageIn.seq))))


def words_of(ctx: Context, row: MessageIn) -> str:
    """What a person wrote, as it is shown to whoever has no need to read what was marked as sensitive."""
    if row.sensitive_at is not None:
        return ctx.answers.label("label_hidden_text")
    return row.text or ""
