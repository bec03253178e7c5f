"""Both sides of a conversation in order, as staff read it: who said what and when, and whether it arrived."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from storage.account import Account
from storage.conversation import Conversation
from storage.enums import Channel, MessageKind, OutState, Sender
from storage.message import MessageIn, MessageOut

PERSON = "person"  # beside the words of Sender


@dataclass(frozen=True)
class Line:
    """One message. `side`: person, assistant, worker or notice; `by`: a worker's name; `mine`: by whoever looks.

    `text` is empty where it is `hidden`. `tapped`: a button; `danger`: the kind of crisis card that it brought. Of what
    went out `arrived` is waiting, sent, seen, delivered, failed or blocked, since `arrived_at`; `titles`: its buttons.
    """

    id: str
    side: str
    at: datetime
    text: str
    by: str | None = None
    mine: bool = False
    hidden: bool = False
    tapped: bool = False
    unreadable: bool = False
    danger: str | None = None
    answer: str | None = None
    titles: tuple[str, ...] = ()
    arrived: str | None = None
    arrived_at: datetime | None = None


def read(session: Session, conversation: Conversation, account_id: str, most: int) -> tuple[tuple[Line, ...], bool]:
    """The latest messages, at most so many, the oldest first; and whether there are earlier ones."""
    came = _latest_in(session, conversation.id, most + 1)
    went = _latest_out(session, conversation.id, most + 1)
    names = _names(session, {row.account_id for row in went if row.account_id})
    lines = [(row.received_at, 0, row.seq, _in(row)) for row in came]
    lines += [(row.created_at, 1, row.seq, _out(row, conversation.channel, names, account_id)) for row in went]
    lines.sort(key=lambda line: line[:3])
    return tuple(line for *_, line in lines[-most:]), len(lines) > most


def _latest_in(session: Session, conversation_id: str, most: int) -> list[MessageIn]:
    found = select(MessageIn).where(MessageIn.conversation_id == conversation_id)
    return list(session.exec(found.order_by(col(MessageIn.seq).desc()).limit(most)))


def _latest_out(session: Session, conversation_id: str, most: int) -> list[MessageOut]:
    found = select(MessageOut).where(
        MessageOut.conversation_id == conversation_id, MessageOut.state != OutState.DROPPED
    )
    return list(session.exec(found.order_by(col(MessageOut.seq).desc()).limit(most)))


def _names(session: Session, account_ids: Collection[str]) -> dict[str, str]:
    return {row.id: row.name for row in session.exec(select(Account).where(col(Account.id).in_(account_ids)))}


def _in(row: MessageIn) -> Line:
    hidden = row.sensitive_at is not None
    return Line(
        id=row.id,
        side=PERSON,
        at=row.received_at,
        text="" if hidden else row.text or "",
        hidden=hidden,
        tapped=row.choice is not None,
        unreadable=row.kind is MessageKind.OTHER,
        danger=row.danger,
    )


def _out(row: MessageOut, channel: Channel, names: dict[str, str], account_id: str) -> Line:
    arrived, since = _arrived(row, channel)
    return Line(
        id=row.id,
        side=row.sender.value,
        at=row.created_at,
        text=row.text,
        by=names.get(row.account_id or ""),
        mine=row.sender is Sender.WORKER and row.account_id == account_id,
        answer=row.answer,
        titles=tuple(button["title"] for button in json.loads(row.buttons)),
        arrived=arrived,
        arrived_at=since,
    )


def _arrived(row: MessageOut, channel: Channel) -> tuple[str, datetime | None]:
    """A page says that it has shown a message; Telegram says only that it has taken it."""
    if row.state is OutState.DELIVERED:
        return ("seen" if channel is Channel.WEB else "delivered"), row.delivered_at
    return row.state.value, row.sent_at
