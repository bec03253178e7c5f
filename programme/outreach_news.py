"""What somebody is told once, since something has happened: by the way that reminders go, and never in quiet hours."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from programme import happening, second_chance
from programme.context import Context
from programme.occasion import Occasion
from programme.outbox import Reply
from storage import absence as absences
from storage import booking as bookings
from storage.absence import Absence
from storage.conversation import Conversation
from storage.enums import AbsenceStep, OutreachKind, Owner
from storage.referral import Referral

LASTS = timedelta(days=7)
KINDS = (OutreachKind.MISSED,)


def due(session: Session, now: datetime) -> dict[str, str]:
    """What may be due, by its key, with the referral's id; it is looked at again under its lock."""
    return {missed_key(row.id): row.referral_id for row in absences.noted_from(session, now - LASTS)}


def wanted(session: Session, referral: Referral, chats: Collection[Conversation], now: datetime) -> list[Occasion]:
    """What this person is to be told of now. Nothing while they may be in danger, or a worker talks with them."""
    missed = _missed(session, referral, now)
    if not missed or any(chat.paused_at is not None or chat.owner is not Owner.BOT for chat in chats):
        return []
    in_danger = happening.open_cases(session, referral.id).get(referral.id, set()) & happening.DANGER
    return [] if in_danger else missed


def missed_key(absence_id: str) -> str:
    """How the occasion of a missed session is written."""
    return f"missed:{absence_id}"


def replies(session: Session, ctx: Context, conversation: Conversation, occasion: Occasion, key: str) -> list[Reply]:
    """What is said in a chat; one `key` each."""
    row = session.get_one(Absence, occasion.key.rpartition(":")[2])
    return second_chance.replies(session, ctx, conversation, row, key)


def letter(session: Session, occasion: Occasion, is_text: bool) -> tuple[str, dict[str, Any]]:
    """The answer's name for a text message or an e-mail, and its values."""
    row = session.get_one(Absence, occasion.key.rpartition(":")[2])
    values = second_chance.values(session, row)
    if row.step is AbsenceStep.DATES:
        return ("notice_text_missed" if is_text else "notice_mail_missed"), values
    return ("notice_text_missed_worker" if is_text else "notice_mail_missed_worker"), values


def _missed(session: Session, referral: Referral, now: datetime) -> list[Occasion]:
    """What a list says of the place that they had last; not once they have another one, or the list was put right."""
    held = bookings.bookings_of(session, referral.id)
    row = absences.absence_of(session, held[0].id) if held else None
    if row is None or row.session_id is None or row.put_right_at is not None or now >= row.noted_at + LASTS:
        return []
    until = row.noted_at + LASTS
    return [Occasion(missed_key(row.id), OutreachKind.MISSED, referral.id, until, row.booking_id)]
