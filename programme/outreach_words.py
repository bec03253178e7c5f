"""How a reminder or a nudge is said: which answer, and what it tells."""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from programme import booked
from programme.occasion import Occasion
from programme.rules import london
from storage.booking import Booking
from storage.enums import OutreachKind
from storage.referral import Referral


def words(session: Session, occasion: Occasion, referral: Referral, now: datetime) -> tuple[str, dict[str, Any]]:
    """The answer's name for a chat, and its values."""
    if occasion.kind is OutreachKind.NUDGE or occasion.booking_id is None or occasion.starts_at is None:
        return "notice_nudge", {"book_by": referral.book_by}
    view = booked.view(session, session.get_one(Booking, occasion.booking_id))
    ends_at = occasion.ends_at or occasion.starts_at
    values = {**view.values(), "starts_at": occasion.starts_at.isoformat(), "ends_at": ends_at.isoformat()}
    is_today = london.today(occasion.starts_at) == london.today(now)
    if view.online:
        return ("notice_reminder_today_online" if is_today else "notice_reminder_online"), values
    return ("notice_reminder_today" if is_today else "notice_reminder"), values
