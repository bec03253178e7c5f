"""Where a jump ahead lands: days on, at the next message that is due, or when the session is over; never at night."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from programme import booked, outreach_due, setting
from programme.context import Context
from programme.outreach_due import Pace
from programme.rules import attendance
from programme.rules import outreach as rules
from programme.second_chance import AWAY
from storage import booking as bookings
from storage.attendance import Attendance
from storage.booking import Booking
from storage.enums import ReferralState, TurnState
from storage.message import MessageIn
from storage.referral import Referral

DAYS = {"one_day": 1, "three_days": 3}
AFTER = timedelta(seconds=5)  # the moment itself is still before it
OVER = timedelta(minutes=10)  # after a session's end


@dataclass(frozen=True)
class Ahead:
    """What lies ahead of one person: `step` ("3d", "after24h") is said at `due`; `over`: when their session is over."""

    step: str | None
    due: datetime | None
    over: datetime | None


def ahead_of(ctx: Context, referral_id: str) -> Ahead:
    """The next message that the settings plan for this person, and the end of their session."""
    now = ctx.clock()
    with ctx.database.reading() as session:
        referral, of = session.get_one(Referral, referral_id), outreach_due.pace(setting.facts(session), now)
        held = bookings.active_booking(session, referral_id)
        if held is None:
            return _first(_nudges(referral, of), now, None)
        sessions = booked.view(session, held).sessions
        over = sessions[-1][1] + OVER
        planned = [] if held.confirmed_at else rules.reminders(sessions, of.days, of.hours, held.made_at, of.quiet)
        steps = [*(step for _, step in planned), *_missed(session, referral, held)]
        return _first(steps, now, over if over > now else None)


def land(ctx: Context, how: str, ahead: Ahead) -> datetime | None:
    """The moment to jump to; None where there is nothing of the kind ahead. In quiet hours it is their end instead."""
    now = ctx.clock()
    if how in DAYS:
        wanted: datetime | None = now + timedelta(days=DAYS[how])
    else:
        wanted = ahead.due + AFTER if how == "next" and ahead.due else ahead.over if how == "over" else None
    if wanted is None:
        return None
    with ctx.database.reading() as session:
        return rules.next_loud(outreach_due.pace(setting.facts(session), now).quiet, wanted)


def is_busy(ctx: Context) -> bool:
    """Whether a message is being answered just now: a jump would take the time for it away."""
    with ctx.database.reading() as session:
        return _unended(session)


def _unended(session: Session) -> bool:
    return session.exec(select(MessageIn.id).where(MessageIn.state != TurnState.ENDED).limit(1)).first() is not None


def _missed(session: Session, referral: Referral, held: Booking) -> list[rules.Step]:
    """The word about a missed session, once the list has stood for a while and so is no slip."""
    if referral.state is not ReferralState.MISSED:
        return []
    found = select(Attendance.marked_at).where(
        Attendance.booking_id == held.id, col(Attendance.undone_at).is_(None), col(Attendance.mark).in_(AWAY)
    )
    settled = [marked_at + attendance.SETTLES for marked_at in session.exec(found)]
    return [rules.Step("missed", at, at + attendance.SETTLES) for at in settled]


def _nudges(referral: Referral, of: Pace) -> list[rules.Step]:
    if referral.state not in outreach_due.NUDGED:
        return []
    return rules.nudges(referral.created_at, referral.book_by, of.after_hours, of.before_days, of.quiet)


def _first(steps: Collection[rules.Step], now: datetime, over: datetime | None) -> Ahead:
    coming = sorted((step for step in steps if step.due > now), key=lambda step: step.due)
    return Ahead(coming[0].name, coming[0].due, over) if coming else Ahead(None, None, over)
