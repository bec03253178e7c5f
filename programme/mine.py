"""Mine: the conversations that one worker has; those who wait for an answer on top, of them the most urgent first."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from programme import transcript
from programme.context import Context
from programme.rules import handoff as rules
from storage import handoff as handoffs
from storage import message as messages
from storage.conversation import Conversation
from storage.enums import Channel, OutState, Sender, Urgency
from storage.handoff import HandoffRequest
from storage.message import MessageIn, MessageOut
from storage.person import Person
from storage.referral import Referral


@dataclass(frozen=True)
class Mine:
    """One conversation. `unanswered_since`: since when a message waits for the worker's answer; `last_words`: what the
    person wrote last; `undelivered`: how many of the worker's messages have failed."""

    conversation_id: str
    name: str | None
    channel: Channel
    urgency: Urgency
    language: str | None
    last_words: str | None
    last_at: datetime
    unanswered_since: datetime | None
    undelivered: int


def listed(ctx: Context, account_id: str) -> list[Mine]:
    """What this worker has taken and not given back: who waits for an answer first, of them the most urgent."""
    with ctx.database.reading() as session:
        rows = [_row(session, ctx, request) for request in handoffs.taken_by(session, account_id)]
    rows.sort(key=lambda row: row.last_at, reverse=True)
    # Stable: the newest first among those alike.
    return sorted(rows, key=lambda row: (row.unanswered_since is None, rules.rank(row.urgency)))


def _row(session: Session, ctx: Context, request: HandoffRequest) -> Mine:
    conversation = session.get_one(Conversation, request.conversation_id)
    came = messages.latest_in(session, conversation.id, 1)
    went = _written(session, conversation.id)
    last_went = max((row.created_at for row in went), default=None)
    last_at = max([request.requested_at, *(row.received_at for row in came), *([last_went] if last_went else [])])
    return Mine(
        conversation_id=conversation.id,
        name=_name(session, conversation),
        channel=conversation.channel,
        urgency=request.urgency,
        language=conversation.language,
        last_words=transcript.words_of(ctx, came[0]) if came else request.last_words,
        last_at=last_at,
        unanswered_since=_unanswered(session, conversation.id, last_went) if came else request.requested_at,
        undelivered=sum(row.state in (OutState.FAILED, OutState.BLOCKED) for row in went),
    )


def _written(session: Session, conversation_id: str) -> list[MessageOut]:
    found = select(MessageOut).where(MessageOut.conversation_id == conversation_id, MessageOut.sender == Sender.WORKER)
    return list(session.exec(found))


def _unanswered(session: Session, conversation_id: str, last_went: datetime | None) -> datetime | None:
    """When the first message came that no worker has written after. Without a word from a worker: the last one."""
    found = select(MessageIn.received_at).where(MessageIn.conversation_id == conversation_id)
    if last_went is None:
        return session.exec(found.order_by(col(MessageIn.seq).desc())).first()
    return session.exec(found.where(MessageIn.received_at > last_went).order_by(col(MessageIn.seq))).first()


def _name(session: Session, conversation: Conversation) -> str | None:
    if conversation.referral_id is None:
        return None
    return session.get_one(Person, session.get_one(Referral, conversation.referral_id).person_id).name
