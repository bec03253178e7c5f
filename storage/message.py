"""Messages in and out, and the tokens of the buttons that were sent."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from storage.enums import MessageKind, OutState, Sender, TurnEnd, TurnState
from storage.types import Instant, Sealed, word


class MessageIn(SQLModel, table=True):
    """What a person sent, stored under its channel's own id before anything acts on it. Its id is the turn's id."""

    __tablename__ = "message_in"
    __table_args__ = (
        UniqueConstraint("conversation_id", "channel_message_id"),
        UniqueConstraint("conversation_id", "seq"),
        Index("ix_message_in_state", "state", "received_at"),
    )

    id: str = Field(primary_key=True, max_length=32)
    conversation_id: str = Field(foreign_key="conversation.id", max_length=32)
    seq: int
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


class MessageOut(SQLModel, table=True):
    """The outbox: what is to be said, written in the transaction that decided it."""

    __tablename__ = "message_out"
    __table_args__ = (
        UniqueConstraint("conversation_id", "seq"),
        Index("ix_message_out_due", "state", "next_try_at"),
    )

    id: str = Field(primary_key=True, max_length=32)
    conversation_id: str = Field(foreign_key="conversation.id", max_length=32)
    seq: int
    reply_to_id: str | None = Field(default=None, foreign_key="message_in.id", max_length=32)
    sender: Sender = Field(sa_type=word(Sender, "message_out.sender"))
    answer: str | None = Field(default=None, max_length=100)  # key in nlu/answers/
    text: str = Field(sa_type=Sealed("message_out.text"))
    buttons: str = Field(default="[]", sa_type=Sealed("message_out.buttons"))  # JSON [{"title", "payload"}]
    attachment: str | None = Field(default=None, max_length=80)  # "calendar:<calendar token>", where the channel sends files
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


class ButtonToken(SQLModel, table=True):
    """A button that was sent: what its tap means. Only looked up within its own conversation."""

    __tablename__ = "button_token"

    token: str = Field(primary_key=True, max_length=32)
    conversation_id: str = Field(foreign_key="conversation.id", index=True, max_length=32)
    message_id: str = Field(foreign_key="message_out.id", index=True, max_length=32)
    title: str = Field(sa_type=Sealed("button_token.title"))
    choice: str = Field(sa_type=Sealed("button_token.choice"))  # JSON {"intent", "values"}
    created_at: datetime = Field(sa_type=Instant)
