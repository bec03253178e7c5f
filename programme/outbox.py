"""The outbox: what is to be said becomes a row in the transaction that decided it, and is delivered from there."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from sqlmodel import Session

from programme import case, setting
from programme.answers import ButtonSpec, Fact, Rendered, Situation
from programme.context import Context
from programme.rules import delivery, london
from storage import message as messages
from storage.booking import active_booking
from storage.conversation import Conversation
from storage.enums import CaseReason, Channel, OutState, Sender, Urgency
from storage.identity import ChannelIdentity
from storage.message import ButtonToken, MessageOut
from storage.referral import Referral

MATCHING_WORD = "matching_word"  # also in what the programme sends them: shows that this chat is the programme's
CLAIM = timedelta(seconds=30)  # a claimed message that was neither marked nor given back is tried again


@dataclass(frozen=True)
class Reply:
    """What a rule or the dialogue wants said. `unique_key`: said once, ever. `first`: before all that waits."""

    answer: str
    values: Mapping[str, Any] = field(default_factory=dict)
    buttons: Sequence[ButtonSpec] = ()
    unique_key: str | None = None
    first: bool = False
    attachment: str | None = None


@dataclass(frozen=True)
class Parcel:
    """A message on its way out, opened, with where it goes. `external`: Telegram's chat id."""

    id: str
    conversation_id: str
    external: str
    answer: str | None
    sender: Sender
    text: str
    buttons: tuple[Mapping[str, str], ...]
    attachment: str | None
    tries: int
    created_at: datetime


def situation_of(session: Session, conversation: Conversation, facts: Mapping[str, Fact], now: datetime) -> Situation:
    """Where the person of this conversation stands at `now`."""
    booked = bool(conversation.referral_id and active_booking(session, conversation.referral_id))
    verified = conversation.referral_id is not None
    return Situation(conversation.channel.value, verified, booked, setting.is_open(facts, now))


def say(
    session: Session,
    ctx: Context,
    conversation: Conversation,
    replies: Sequence[Reply],
    reply_to_id: str | None = None,
) -> list[MessageOut]:
    """Writes the replies for this (locked) conversation; what was already said under its unique key is left out."""
    if not replies:
        return []
    now = ctx.clock()
    facts, today = setting.facts(session), london.today(now)
    situation = situation_of(session, conversation, facts, now)
    written = []
    for reply in replies:
        if reply.unique_key and messages.out_by_unique_key(session, reply.unique_key):
            continue
        rendered = _render(ctx, _own(session, ctx, conversation, reply), situation, facts, today)
        if rendered.unanswered:
            case.open_unanswered(session, ctx, rendered.unanswered, reply_to_id)
        written.append(_write(session, ctx, conversation, reply, rendered, reply_to_id, now))
    return written


def _render(ctx: Context, reply: Reply, situation: Situation, facts: Mapping[str, Fact], today: date) -> Rendered:
    return ctx.answers.render(reply.answer, reply.values, situation, facts, today, reply.buttons)


def _own(session: Session, ctx: Context, conversation: Conversation, reply: Reply) -> Reply:
    """With the matching word, where an answer can say it: for who came by a personal link, or proved who they are."""
    known = conversation.referral_id or conversation.linked_referral_id
    if known is None or MATCHING_WORD not in ctx.answers.needs(reply.answer):
        return reply
    return replace(reply, values={**reply.values, MATCHING_WORD: session.get_one(Referral, known).matching_word})


def _write(
    session: Session,
    ctx: Context,
    conversation: Conversation,
    reply: Reply,
    rendered: Rendered,
    reply_to_id: str | None,
    now: datetime,
) -> MessageOut:
    tokens = [ctx.new_token() for _ in rendered.buttons]
    buttons = [{"title": b.title, "payload": token} for b, token in zip(rendered.buttons, tokens, strict=True)]
    row = messages.add_out(
        session,
        MessageOut(
            id=ctx.new_id(),
            conversation_id=conversation.id,
            seq=0,
            reply_to_id=reply_to_id,
            sender=Sender.NOTICE if rendered.answer.startswith("notice_") else Sender.ASSISTANT,
            answer=rendered.answer,
            text=rendered.text,
            buttons=json.dumps(buttons),
            unique_key=reply.unique_key,
            first=reply.first,
            attachment=reply.attachment,
            created_at=now,
            next_try_at=now,
        ),
        conversation,
    )
    for button, token in zip(rendered.buttons, tokens, strict=True):
        session.add(
            ButtonToken(
                token=token,
                conversation_id=conversation.id,
                message_id=row.id,
                title=button.title,
                choice=json.dumps({"intent": button.intent, "values": dict(button.values)}),
                created_at=now,
            )
        )
    return row


def mark_seen(ctx: Context, conversation_id: str, message_id: str) -> None:
    """The page has shown all messages up to this one: only now are they delivered."""
    with ctx.database.reading() as session:  # pages tell it again and again: what changes nothing writes nothing
        seq = messages.out_seq(session, conversation_id, message_id)
        if seq is None or not messages.is_unseen(session, conversation_id, seq):
            return
    now = ctx.clock()
    with ctx.database.writing() as session:
        messages.mark_seen(session, conversation_id, seq, now)


def claim(
    ctx: Context, channel: Channel, limit: int = 30, first_only: bool = False, besides: Collection[str] = ()
) -> list[Parcel]:
    """Messages that are due on a channel: one a conversation, in order, danger first, claimed for half a minute.

    `first_only`: danger and nothing else. `besides`: ids of conversations that are left alone.
    """
    now = ctx.clock()
    with ctx.database.writing() as session:
        parcels = []
        for row in messages.due_out(session, channel, now, limit, first_only, besides):
            row.next_try_at = now + CLAIM
            row.tries += 1
            session.add(row)
            conversation = session.get_one(Conversation, row.conversation_id)
            parcels.append(_parcel(row, session.get_one(ChannelIdentity, conversation.identity_id)))
        return parcels


def _parcel(row: MessageOut, identity: ChannelIdentity) -> Parcel:
    return Parcel(
        id=row.id,
        conversation_id=row.conversation_id,
        external=identity.external or "",
        answer=row.answer,
        sender=row.sender,
        text=row.text,
        buttons=tuple(json.loads(row.buttons)),
        attachment=row.attachment,
        tries=row.tries,
        created_at=row.created_at,
    )


def delivered(ctx: Context, message_id: str, channel_message_id: str | None) -> None:
    """The channel took the message."""
    _mark(ctx, message_id, OutState.DELIVERED, channel_message_id=channel_message_id)


def failed(
    ctx: Context, parcel: Parcel, failure: str, rng: Random, retry_after: timedelta | None = None, final: bool = False
) -> None:
    """The channel did not take it: tried again later, or given up. `failure`: a code, no words of the person's."""
    now = ctx.clock()
    again = None if final else delivery.next_try(parcel.tries, parcel.created_at, now, rng, retry_after=retry_after)
    with ctx.database.writing() as session:
        row = session.get_one(MessageOut, parcel.id)
        row.failure = failure
        row.next_try_at = again
        if again is None:
            row.state = OutState.FAILED
            _not_delivered(session, ctx, row)
        session.add(row)


def blocked(ctx: Context, parcel: Parcel) -> None:
    """The person has blocked us on this channel: noted on the message and on the identity."""
    now = ctx.clock()
    with ctx.database.writing() as session:
        row = session.get_one(MessageOut, parcel.id)
        row.state, row.failure = OutState.BLOCKED, "blocked"
        _not_delivered(session, ctx, row)
        conversation = session.get_one(Conversation, parcel.conversation_id)
        identity = session.get_one(ChannelIdentity, conversation.identity_id)
        identity.blocked_at = now
        session.add_all([row, identity])


def _not_delivered(session: Session, ctx: Context, row: MessageOut) -> None:
    """A message is given up for good: a worker must find another way to reach the person."""
    conversation = session.get_one(Conversation, row.conversation_id)
    detail = {"message": row.id, "answer": row.answer, "failure": row.failure}
    case.open_for(session, ctx, CaseReason.NOT_DELIVERED, Urgency.STUCK, conversation, detail)


def _mark(ctx: Context, message_id: str, state: OutState, channel_message_id: str | None = None) -> None:
    now = ctx.clock()
    with ctx.database.writing() as session:
        row = session.get_one(MessageOut, message_id)
        row.state, row.channel_message_id, row.sent_at, row.delivered_at = state, channel_message_id, now, now
        session.add(row)
