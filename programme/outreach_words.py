"""How a reminder or a nudge is said: which answer, and what it tells."""

from datetime import timedelta
from typing import Any

from sqlmodel import Session

from programme import booked, booking
from programme.context import Context
from programme.occasion import Occasion
from programme.rules import london
from programme.rules.booking import Verdict
from storage.booking import Booking
from storage.enums import OutreachKind
from storage.referral import Referral


def words(session: Session, ctx: Context, occasion: Occasion, referral: Referral) -> tuple[str, dict[str, Any]]:
    """The answer's name for a chat, and its values."""
    if occasion.kind is OutreachKind.NUDGE or occasion.booking_id is None or occasion.starts_at is None:
        return "notice_nudge", {"book_by": referral.book_by}
    held = session.get_one(Booking, occasion.booking_id)
    view = booked.view(session, held)
    ends_at = occasion.ends_at or occasion.starts_at
    values = {
        **view.values(),
        "starts_at": occasion.starts_at.isoformat(),
        "ends_at": ends_at.isoformat(),
        "move_by": _move_by(session, ctx, referral, held),
    }
    is_today = london.today(occasion.starts_at) == london.today(ctx.clock())
    if view.online:
        return ("notice_reminder_today_online" if is_today else "notice_reminder_online"), values
    return ("notice_reminder_today" if is_today else "notice_reminder"), values


def _move_by(session: Session, ctx: Context, referral: Referral, held: Booking) -> str | None:
    """Until when they can move their place themselves; None: no more, or nobody has said how long."""
    hours = booking.cutoff(session, ctx)
    if hours is None or booking.may_move_from(session, ctx, referral, held) is not Verdict.YES:
        return None
    return (min(booked.view(session, held).starts) - timedelta(hours=hours)).isoformat()
