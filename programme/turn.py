"""A turn: a message that comes in is stored before anything acts on it, handled in order by one process at a time under
a lease, and ended exactly once."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from programme import concern, feedback, miss, outbox, request
from programme import danger as dangers
from programme.context import Context
from programme.outbox import Reply
from programme.rules import step
from programme.rules.danger import DANGERS
from storage import conversation as conversations
from storage import message as messages
from storage.booking import active_booking
from storage.conversation import Conversation
from storage.enums import MessageKind, Owner, TurnEnd, TurnState
from storage.message import MessageIn
from storage.row import lock_one

LEASE_SECONDS = 4
JUST_SAID = 3  # messages in which a button may be meant by typing its title
LONGEST_TITLE = 80
RENEW_AFTER = 12  # turns; a long session makes each turn slower


class UnknownButtonError(LookupError):
    """This button was not sent in this conversation."""


class ClosedError(RuntimeError):
    """This conversation was left for good; it takes no more messages."""


class LeaseLostError(RuntimeError):
    """Another process has taken over this conversation; what was done here is not written."""


@dataclass(frozen=True)
class Incoming:
    """A message as a channel gives it. `text`: words, or for OTHER what it was; `payload`: a tapped button's token.

    `intent`: for a CHOICE that is a command of ours and not a button; `text` is then the command as typed.
    """

    channel_message_id: str
    kind: MessageKind
    text: str | None = None
    payload: str | None = None
    intent: str | None = None


@dataclass(frozen=True)
class Turn:
    """A message to be handled, with all that the dialogue is told about the person."""

    id: str
    conversation_id: str
    fence: int
    kind: MessageKind
    text: str
    intent: str | None
    values: Mapping[str, str]
    danger: str | None
    owner: Owner
    tries: int
    received_at: datetime
    renew: bool
    context: Mapping[str, Any]
    out_of_step_since: datetime | None = None  # the dialogue has not heard what was said since, while a worker had it


@dataclass(frozen=True)
class Accepted:
    """`begun`: the turn, where it was its time and its handling has begun with its storing."""

    turn: str
    new: bool
    ended: bool
    begun: Turn | None = None


def receive(
    ctx: Context, conversation_id: str, incoming: Incoming, danger: str | None = None, begin: bool = False
) -> Accepted:
    """Stores a message once. With `danger`, the crisis card and its case are written in the same transaction.

    `begin`: also begins its turn, where nobody works on the conversation and nothing waits before it.
    Raises UnknownButtonError for a payload that was not sent in this conversation.
    """
    with ctx.database.writing() as session:
        conversation = lock_one(session, Conversation, conversation_id)
        if conversation.closed_at is not None:
            raise ClosedError(ClosedError.__doc__)
        known = messages.in_by_channel_id(session, conversation_id, incoming.channel_message_id)
        if known:
            return Accepted(known.id, new=False, ended=known.state == TurnState.ENDED)
        title, choice = _button(session, conversation, incoming, danger)
        now = ctx.clock()
        fence = _begin_at_once(session, ctx, conversation, now) if begin else None
        row = messages.add_in(
            session,
            MessageIn(
                id=ctx.new_id(),
                conversation_id=conversation_id,
                seq=0,
                channel_message_id=incoming.channel_message_id,
                kind=incoming.kind,
                text=title or incoming.text,
                choice=choice,
                danger=danger,
                state=TurnState.WAITING if fence is None else TurnState.HANDLING,
                tries=0 if fence is None else 1,
                received_at=now,
            ),
            conversation,
        )
        if danger:
            dangers.send_card(session, ctx, conversation, row.id, danger)
        elif incoming.kind is MessageKind.TEXT and choice is None and not feedback.is_awaited(session, conversation.id):
            request.follow_up(session, ctx, conversation)
        begun = None if fence is None else _turn(session, conversation, row, fence)
        return Accepted(row.id, new=True, ended=False, begun=begun)


def _begin_at_once(session: Session, ctx: Context, conversation: Conversation, now: datetime) -> int | None:
    """The lease of a (locked) conversation that nobody holds and where nothing waits, its new fence; else None."""
    expires = conversation.lease_expires_at
    held = conversation.lease_holder is not None and expires is not None and expires > now
    if held or messages.next_waiting_in(session, conversation.id) is not None:
        return None
    conversation.fence += 1
    conversation.lease_holder, conversation.lease_expires_at = ctx.holder, now + timedelta(seconds=LEASE_SECONDS)
    return conversation.fence


def _button(
    session: Session, conversation: Conversation, incoming: Incoming, danger: str | None
) -> tuple[str | None, str | None]:
    """The title and the choice of a tapped button; words that are the title of a button just sent are a tap too."""
    if incoming.kind == MessageKind.TEXT and danger is None:
        return None, _typed_button(session, conversation, incoming.text or "")
    if incoming.kind != MessageKind.CHOICE:
        return None, None
    if incoming.intent:
        return None, json.dumps({"intent": incoming.intent, "values": {}})
    token = messages.button(session, conversation.id, incoming.payload or "")
    if token is None:
        raise UnknownButtonError(UnknownButtonError.__doc__)
    return token.title, token.choice


def _typed_button(session: Session, conversation: Conversation, text: str) -> str | None:
    if len(text) > LONGEST_TITLE:
        return None
    for row in reversed(messages.after(session, conversation.id, conversation.next_out_seq - 1 - JUST_SAID)):
        shown = json.loads(row.buttons)
        for button in shown:
            if _flat(button["title"]) == _flat(text):
                token = messages.button(session, conversation.id, button["payload"])
                return token.choice if token else None
        if shown:
            return None  # only the newest buttons: a word under an older message may mean something else now
    return None


def _flat(title: str) -> str:
    return step.plain(title).replace("'", "")


def begin_turn(ctx: Context, conversation_id: str) -> Turn | None:
    """Takes the lease and the oldest unended turn; None where there is none, or another process works here."""
    now = ctx.clock()
    with ctx.database.writing() as session:
        if messages.next_waiting_in(session, conversation_id) is None:
            return None
        fence = conversations.take_lease(session, conversation_id, ctx.holder, now, LEASE_SECONDS)
        if fence is None:
            return None
        row = messages.next_waiting_in(session, conversation_id)  # again: another process may have ended it meanwhile
        if row is None:
            conversations.release(session, conversation_id, fence)
            return None
        row.state, row.tries = TurnState.HANDLING, row.tries + 1
        session.add(row)
        return _turn(session, lock_one(session, Conversation, conversation_id), row, fence)


def _turn(session: Session, conversation: Conversation, row: MessageIn, fence: int) -> Turn:
    choice = json.loads(row.choice) if row.choice else {}
    booked = bool(conversation.referral_id and active_booking(session, conversation.referral_id))
    return Turn(
        id=row.id,
        conversation_id=conversation.id,
        fence=fence,
        kind=row.kind,
        text=row.text or "",
        intent=choice.get("intent"),
        values=choice.get("values", {}),
        danger=row.danger,
        owner=conversation.owner,
        tries=row.tries,
        received_at=row.received_at,
        renew=conversation.turns_since_renewal >= RENEW_AFTER or conversation.out_of_step_since is not None,
        out_of_step_since=conversation.out_of_step_since,
        context={
            "channel": conversation.channel.value,
            "verified": conversation.referral_id is not None,
            "linked": conversation.linked_referral_id is not None,
            "booked": booked,
        },
    )


def keep_lease(ctx: Context, turn: Turn) -> bool:
    """Holds the lease for as long as the dialogue takes; False where it is lost."""
    with ctx.database.writing() as session:
        return conversations.extend_lease(session, turn.conversation_id, turn.fence, ctx.clock(), LEASE_SECONDS)


def end_turn(
    ctx: Context,
    turn: Turn,
    ended_as: TurnEnd,
    replies: Sequence[Reply] = (),
    understood: Mapping[str, Any] | None = None,
    renewed: bool = False,
) -> bool:
    """Writes the replies and ends the turn, and lets the conversation go; says whether another message came after it.

    Raises LeaseLostError: nothing was written.
    Where the dialogue understood a danger that the phrase list did not see, its card goes out here. Where a worker has
    taken the conversation meanwhile, nothing else is said: nobody is talked over.
    """
    with ctx.database.writing() as session:
        conversation = lock_one(session, Conversation, turn.conversation_id)
        row = session.get_one(MessageIn, turn.id)
        if conversation.fence != turn.fence or row.state == TurnState.ENDED:
            raise LeaseLostError(LeaseLostError.__doc__)
        danger = (understood or {}).get("intent", {}).get("name")
        if conversation.owner is Owner.WORKER:
            replies, ended_as = (), TurnEnd.LEFT_TO_WORKER
        if turn.intent is None and turn.danger is None:
            replies = dangers.stay(session, conversation, understood, replies)
        if danger in DANGERS and turn.danger is None:
            row.danger = danger
            dangers.send_card(session, ctx, conversation, turn.id, danger)
        elif ended_as is TurnEnd.ANSWERED:
            replies = [*concern.hide_told(session, ctx, conversation, row, understood), *replies]
        row.state, row.ended_as, row.ended_at = TurnState.ENDED, ended_as, ctx.clock()
        row.understood = json.dumps(understood) if understood else None
        miss.record(session, ctx, conversation, row, understood, [reply.answer for reply in replies])
        if turn.intent and miss.GUESS in turn.values:
            miss.note_guess(session, turn.values[miss.GUESS], turn.intent)
        conversation.turns_since_renewal = 0 if renewed else conversation.turns_since_renewal + 1
        if renewed and conversation.out_of_step_since == turn.out_of_step_since:
            conversation.out_of_step_since = None
        conversation.lease_holder, conversation.lease_expires_at = None, None
        session.add_all([row, conversation])
        outbox.say(session, ctx, conversation, _without_cards(replies), turn.id)  # last: what it writes goes with this
        return conversation.next_in_seq > row.seq + 1


def _without_cards(replies: Sequence[Reply]) -> list[Reply]:
    """The card is sent by its own rule, so that it cannot be sent twice or be missed."""
    return [reply for reply in replies if not reply.answer.startswith(dangers.CARD)]


def waiting(ctx: Context, limit: int = 100) -> list[str]:
    """Conversations with turns that nobody is working on: after a start, a crash or a lost hint."""
    with ctx.database.reading() as session:
        return messages.conversations_waiting(session, ctx.clock(), limit)


def was_answered(ctx: Context, turn_id: str) -> bool:
    """Whether anything has been said in answer to this turn."""
    with ctx.database.reading() as session:
        return bool(messages.replies_to(session, turn_id))


def in_hand(ctx: Context, conversation_id: str) -> bool:
    """Whether a message of this conversation is still to be answered."""
    with ctx.database.reading() as session:
        return bool(messages.unended_in(session, conversation_id))
