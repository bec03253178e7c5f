"""What the dialogue has not heard: what a person and workers wrote to each other while the assistant was silent."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlmodel import Session, col, or_, select

from programme.context import Context
from programme.turn import Turn
from storage.booking import Booking
from storage.conversation import Conversation
from storage.enums import Sender, TurnEnd
from storage.message import MessageIn, MessageOut

MOST = 30  # messages, the last ones: it is to be in step, not to keep a second record


@dataclass(frozen=True)
class Line:
    by: Literal["person", "worker"]
    text: str


@dataclass(frozen=True)
class Meanwhile:
    """`lines`: in order. `settled`: something was said or booked: what the assistant had been asking is past."""

    lines: tuple[Line, ...] = ()
    settled: bool = False


def heard(ctx: Context, turn: Turn) -> Meanwhile:
    """What was said and done before this turn, since the dialogue last heard anything."""
    if turn.out_of_step_since is None:
        return Meanwhile()
    with ctx.database.reading() as session:
        lines = _lines(session, turn.conversation_id, turn.out_of_step_since)
        return Meanwhile(lines, bool(lines) or _booked(session, turn.conversation_id, turn.out_of_step_since))


def _lines(session: Session, conversation_id: str, since: datetime) -> tuple[Line, ...]:
    """Without what was marked as sensitive: nobody needs it here."""
    heard = select(MessageIn).where(
        MessageIn.conversation_id == conversation_id,
        MessageIn.ended_as == TurnEnd.LEFT_TO_WORKER,
        col(MessageIn.sensitive_at).is_(None),
        MessageIn.received_at >= since,
    )
    said = select(MessageOut).where(
        MessageOut.conversation_id == conversation_id,
        MessageOut.sender == Sender.WORKER,
        MessageOut.created_at >= since,
    )
    theirs = session.exec(heard.order_by(col(MessageIn.seq).desc()).limit(MOST))
    ours = session.exec(said.order_by(col(MessageOut.seq).desc()).limit(MOST))
    found = [(row.received_at, row.seq, Line("person", row.text)) for row in theirs if row.text]
    found += [(row.created_at, row.seq, Line("worker", row.text)) for row in ours]
    return tuple(line for _, _, line in sorted(found, key=lambda each: each[:2])[-MOST:])


def _booked(session: Session, conversation_id: str, since: datetime) -> bool:
    """Whether a place was booked, moved or cancelled since then."""
    referral_id = session.get_one(Conversation, conversation_id).referral_id
    if referral_id is None:
        return False
    changed = or_(col(Booking.made_at) >= since, col(Booking.ended_at) >= since)
    return session.exec(select(Booking.id).where(Booking.referral_id == referral_id, changed)).first() is not None
