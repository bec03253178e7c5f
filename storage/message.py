"""Messages in and out, and the tokens of the buttons that were sent."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, Index, UniqueConstraint, and_, func, or_, text, update
from sqlalchemy.orm import aliased
from sqlmodel import Field, Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from storage.conversation import Conversation
from storage.enums import Channel, MessageKind, OutState, Sender, TurnEnd, TurnState
from storage.row import Row, is_writing, lock_row
from storage.types import Instant, Sealed, word


class NoConversationError(LookupError):
    """A message belongs to a conversation that is not there."""


WAITS = text("state = 'waiting'")


class MessageIn(Row, table=True):
    """What a person sent, stored under its channel's own id before anything acts on it. Its id is the turn's id."""

    __tablename__ = "message_in"
    __table_args__ = (
        UniqueConstraint("conversation_id", "channel_message_id"),
        UniqueConstraint("conversation_id", "seq"),
        Index("ix_message_in_state", "state", "received_at"),
    )

    id: str = Field(primary_key=True, max_length=32)
    conversation_id: str = Field(foreign_key="conversation.id", max_length=32)
    seq: int = 0  # given by `add_in`
    channel_message_id: str = Field(max_length=64)  # the page's uuid; Telegram's update id
    kind: MessageKind = Field(sa_type=word(MessageKind, "message_in.kind"))
    text: str | None = Field(
        default=None, sa_type=Sealed("message_in.text")
    )  # words; for a choice, the button's title; for other, what it was
    choice: str | None = Field(
        default=None, sa_type=Sealed("message_in.choice")
    )  # JSON {"intent", "values"} of the tapped button
    state: TurnState = Field(default=TurnState.WAITING, sa_type=word(TurnState, "message_in.state"))
    ended_as: TurnEnd | None = Field(default=None, sa_type=word(TurnEnd, "message_in.ended_as"))
    tries: int = 0
    danger: str | None = Field(default=None, max_length=32)  # the crisis card's kind, once it was sent for this message
    understood: str | None = Field(
        default=None, sa_type=Sealed("message_in.understood")
    )  # JSON: intent, confidence, ranking
    received_at: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    sensitive_at: datetime | None = Field(
        default=None, sa_type=Instant
    )  # since when its text is hidden from whoever does not need it


class MessageOut(Row, table=True):
    """The outbox: what is to be said, written in the transaction that decided it."""

    __tablename__ = "message_out"
    __table_args__ = (
        UniqueConstraint("conversation_id", "seq"),
        Index("ix_message_out_due", "state", "next_try_at"),
        Index("ix_message_out_waiting", "conversation_id", "seq", sqlite_where=WAITS, postgresql_where=WAITS),
    )

    id: str = Field(primary_key=True, max_length=32)
    conversation_id: str = Field(foreign_key="conversation.id", max_length=32)
    seq: int = 0  # given by `add_out`
    reply_to_id: str | None = Field(default=None, foreign_key="message_in.id", index=True, max_length=32)
    sender: Sender = Field(sa_type=word(Sender, "message_out.sender"))
    answer: str | None = Field(default=None, max_length=100)  # key in nlu/answers/
    text: str = Field(sa_type=Sealed("message_out.text"))
    buttons: str = Field(default="[]", sa_type=Sealed("message_out.buttons"))  # JSON [{"title", "payload"}]
    attachment: str | None = Field(
        default=None, max_length=80
    )  # "calendar:<calendar token>", where the channel sends files
    unique_key: str | None = Field(default=None, unique=True, max_length=120)  # said once, ever: "booked:<booking id>"
    first: bool = False  # danger goes before all else
    state: OutState = Field(default=OutState.WAITING, sa_type=word(OutState, "message_out.state"))
    tries: int = 0
    next_try_at: datetime | None = Field(default=None, sa_type=Instant)
    channel_message_id: str | None = Field(default=None, max_length=64)  # Telegram's message id, to clear its buttons
    failure: str | None = Field(default=None, max_length=100)  # a code, never a text of the person's
    created_at: datetime = Field(sa_type=Instant)
    sent_at: datetime | None = Field(default=None, sa_type=Instant)
    delivered_at: datetime | None = Field(default=None, sa_type=Instant)
    account_id: str | None = Field(default=None, max_length=32)  # the worker who wrote it
    useful_until: datetime | None = Field(default=None, sa_type=Instant)  # from then on no channel sends it any more


class ButtonToken(Row, table=True):
    """A button that was sent: what its tap means. Only looked up within its own conversation."""

    __tablename__ = "button_token"

    token: str = Field(primary_key=True, max_length=32)
    conversation_id: str = Field(foreign_key="conversation.id", index=True, max_length=32)
    message_id: str = Field(foreign_key="message_out.id", index=True, max_length=32)
    title: str = Field(sa_type=Sealed("button_token.title"))
    choice: str = Field(sa_type=Sealed("button_token.choice"))  # JSON {"intent", "values"}
    created_at: datetime = Field(sa_type=Instant)


def add_in(session: Session, message: MessageIn, locked: Conversation | None = None) -> MessageIn:
    """Stores what came in, giving it its `seq`. Returns `message`, or the earlier row where this was seen before.

    Seen before: same conversation, same `channel_message_id`. The conversation must be there. `locked`: it, from a
    caller that has locked it and found that this is new.
    """
    conversation = locked or _locked(session, message.conversation_id)
    earlier = None if locked else in_by_channel_id(session, message.conversation_id, message.channel_message_id)
    if earlier is not None:
        return earlier
    message.seq, conversation.next_in_seq = conversation.next_in_seq, conversation.next_in_seq + 1
    conversation.last_in_at = message.received_at
    session.add(message)
    session.flush()
    return message


def add_out(session: Session, message: MessageOut, locked: Conversation | None = None) -> MessageOut:
    """Puts a message in the outbox, giving it its `seq`. Returns `message`, or the earlier with its `unique_key`.

    `locked`: the conversation, from a caller that has locked it.
    """
    conversation = locked or _locked(session, message.conversation_id)
    earlier = out_by_unique_key(session, message.unique_key) if message.unique_key else None
    if earlier is not None:
        return earlier
    message.seq, conversation.next_out_seq = conversation.next_out_seq, conversation.next_out_seq + 1
    session.add(message)
    session.flush()
    return message


def in_by_channel_id(session: Session, conversation_id: str, channel_message_id: str) -> MessageIn | None:
    """The incoming message with the channel's own id."""
    return session.exec(
        select(MessageIn).where(
            MessageIn.conversation_id == conversation_id, MessageIn.channel_message_id == channel_message_id
        )
    ).first()


def next_waiting_in(session: Session, conversation_id: str) -> MessageIn | None:
    """The first message of a conversation whose handling has not ended.

    It may be `handling`: then whoever holds the conversation's lease now takes over from one who died.
    """
    return session.exec(_unended(conversation_id).limit(1)).first()


def unended_in(session: Session, conversation_id: str) -> list[MessageIn]:
    """All messages of a conversation whose handling has not ended, in order."""
    return list(session.exec(_unended(conversation_id)))


def latest_in(session: Session, conversation_id: str, limit: int) -> list[MessageIn]:
    """The latest messages of a conversation, the newest first."""
    found = select(MessageIn).where(MessageIn.conversation_id == conversation_id)
    return list(session.exec(found.order_by(col(MessageIn.seq).desc()).limit(limit)))


def last_texts(session: Session, conversation_ids: Collection[str]) -> dict[str, MessageIn]:
    """The last message in words of each of these conversations that has one, by the conversation's id."""
    theirs = [col(MessageIn.conversation_id).in_(conversation_ids), col(MessageIn.kind) == MessageKind.TEXT]
    last = (
        select(col(MessageIn.conversation_id).label("conversation_id"), func.max(MessageIn.seq).label("seq"))
        .where(*theirs)
        .group_by(col(MessageIn.conversation_id))
        .subquery()
    )
    same = and_(col(MessageIn.conversation_id) == last.c.conversation_id, col(MessageIn.seq) == last.c.seq)
    return {row.conversation_id: row for row in session.exec(select(MessageIn).join(last, same))}


def conversations_waiting(session: Session, now: datetime, limit: int) -> list[str]:
    """Ids of conversations that have an unended message and that nobody holds, the longest waiting first."""
    free = or_(col(Conversation.lease_holder).is_(None), col(Conversation.lease_expires_at) <= now)
    found = (
        select(MessageIn.conversation_id)
        .join(Conversation)
        .where(col(MessageIn.state).in_([TurnState.WAITING, TurnState.HANDLING]), free)
        .group_by(col(MessageIn.conversation_id))
        .order_by(func.min(MessageIn.received_at))
    )
    return list(session.exec(found.limit(limit)))


def after(session: Session, conversation_id: str, seq: int) -> list[MessageOut]:
    """What was said in a conversation after this number, in order; 0 for all of it."""
    found = select(MessageOut).where(MessageOut.conversation_id == conversation_id, MessageOut.seq > seq)
    return list(session.exec(found.order_by(col(MessageOut.seq))))


def out_seq(session: Session, conversation_id: str, message_id: str) -> int | None:
    """The number of an outgoing message, if it is one of this conversation's."""
    return session.exec(
        select(MessageOut.seq).where(MessageOut.id == message_id, MessageOut.conversation_id == conversation_id)
    ).first()


def out_by_unique_key(session: Session, unique_key: str) -> MessageOut | None:
    """The message that was said once under this key."""
    return session.exec(select(MessageOut).where(MessageOut.unique_key == unique_key)).first()


def replies_to(session: Session, message_in_id: str) -> list[MessageOut]:
    """What was said in answer to an incoming message, in order."""
    found = select(MessageOut).where(MessageOut.reply_to_id == message_in_id)
    return list(session.exec(found.order_by(col(MessageOut.seq))))


def due_out(
    session: Session,
    channel: Channel,
    now: datetime,
    limit: int,
    first_only: bool = False,
    besides: Collection[str] = (),
) -> list[MessageOut]:
    """What may be sent now on a channel: at most one message a conversation, its next one. Danger first.

    A message that waits for its next try holds back those after it, but never one that is `first`; one that is of no
    use any more is left out and holds back nothing. `first_only`: nothing else. `besides`: ids of conversations to be
    left alone.
    """
    earlier = aliased(MessageOut)
    ahead = (
        select(earlier.id)
        .where(
            earlier.conversation_id == MessageOut.conversation_id,
            earlier.state == OutState.WAITING,
            or_(col(earlier.useful_until).is_(None), col(earlier.useful_until) > now),
            or_(
                and_(col(earlier.first), ~col(MessageOut.first)),
                and_(col(earlier.first) == col(MessageOut.first), col(earlier.seq) < MessageOut.seq),
            ),
        )
        .exists()
    )
    due = or_(col(MessageOut.next_try_at).is_(None), col(MessageOut.next_try_at) <= now)
    useful = or_(col(MessageOut.useful_until).is_(None), col(MessageOut.useful_until) > now)
    found = (
        select(MessageOut)
        .join(Conversation)
        .where(MessageOut.state == OutState.WAITING, due, useful, Conversation.channel == channel, ~ahead)
        .order_by(col(MessageOut.first).desc(), col(MessageOut.created_at), col(MessageOut.seq))
    )
    if first_only:
        found = found.where(col(MessageOut.first))
    if besides:
        found = found.where(col(MessageOut.conversation_id).not_in(besides))
    if is_writing(session):  # what another process is claiming just now is left to it; says nothing on SQLite
        found = found.with_for_update(skip_locked=True, of=MessageOut)
    return list(session.exec(found.limit(limit)))


def is_unseen(session: Session, conversation_id: str, seq: int) -> bool:
    """Whether `mark_seen` up to this number would mark anything."""
    return session.exec(select(MessageOut.id).where(*_unseen(conversation_id, seq)).limit(1)).first() is not None


def mark_seen(session: Session, conversation_id: str, seq: int, now: datetime) -> None:
    """Marks messages up to this number delivered: the page has shown them. What failed or was dropped stays so."""
    session.exec(
        update(MessageOut).where(*_unseen(conversation_id, seq)).values(state=OutState.DELIVERED, delivered_at=now)
    )


def button(session: Session, conversation_id: str, token: str) -> ButtonToken | None:
    """The button with this token, if it was sent in this conversation."""
    return session.exec(
        select(ButtonToken).where(ButtonToken.token == token, ButtonToken.conversation_id == conversation_id)
    ).first()


def _unseen(conversation_id: str, seq: int) -> list[ColumnElement[bool]]:
    return [
        col(MessageOut.conversation_id) == conversation_id,
        col(MessageOut.seq) <= seq,
        col(MessageOut.state).in_([OutState.WAITING, OutState.SENT]),
    ]


def _unended(conversation_id: str) -> SelectOfScalar[MessageIn]:
    return (
        select(MessageIn)
        .where(
            MessageIn.conversation_id == conversation_id,
            col(MessageIn.state).in_([TurnState.WAITING, TurnState.HANDLING]),
        )
        .order_by(col(MessageIn.seq))
    )


def _locked(session: Session, conversation_id: str) -> Conversation:
    conversation = lock_row(session, Conversation, conversation_id)
    if conversation is None:
        raise NoConversationError(NoConversationError.__doc__)
    return conversation
