"""What has happened to people so far, one small function a question, for whoever reads many referrals at once.

Each is answered from what is stored today: the ledger of what we tried, the lists of sessions, and the changes of a
referral's state.
"""

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func
from sqlalchemy.orm import aliased
from sqlalchemy.sql import Select
from sqlmodel import Session, col, or_, select

from programme.rules import london
from programme.rules.danger import DANGERS
from storage.absence import Absence
from storage.attendance import Attendance
from storage.booking import Booking
from storage.case import Case
from storage.conversation import Conversation
from storage.enums import BookingState, CaseReason, Mark, OutreachState, OutState, ReferralState
from storage.message import MessageOut
from storage.outreach import AGAIN, Outreach
from storage.referral import Referral
from storage.referral_change import ReferralChange
from storage.session import CourseSession

DANGER = frozenset(CaseReason(each) for each in DANGERS)
# Nobody gets here whom nothing reached, nor by a decision of ours. A second chance is none of these: who has one after
# a missed session was seen before, and one after a decision that was overturned may be somebody whom nothing reached.
MET = (
    ReferralState.REACHED,
    ReferralState.VERIFIED,
    ReferralState.BOOKED,
    ReferralState.ATTENDED,
    ReferralState.COMPLETED,
    ReferralState.MISSED,
)
CAME = (ReferralState.ATTENDED, ReferralState.COMPLETED)
ARRIVED = (OutreachState.DELIVERED, OutreachState.SEEN)  # as far as a way can tell; one that only took it has not
GOING = (OutreachState.WAITING, OutreachState.SENT)
LOST = (OutreachState.FAILED, OutreachState.BLOCKED)
Only = str | None  # a referral's id; None for everybody


def reached(session: Session, only: Only = None) -> set[str]:
    """Whom something of ours got through to, or who wrote to us: by their states so far, a personal link that was
    opened, a message, text message or e-mail that is known to have arrived. What was only sent, or printed, is not."""
    known = select(Referral.id).where(or_(col(Referral.state).in_(MET), col(Referral.verified_at).is_not(None)))
    before = select(ReferralChange.referral_id).where(col(ReferralChange.now).in_(MET))
    opened = select(Conversation.linked_referral_id).where(col(Conversation.linked_referral_id).is_not(None))
    delivered = (
        select(Conversation.referral_id)
        .join(MessageOut)
        .where(col(Conversation.referral_id).is_not(None), MessageOut.state == OutState.DELIVERED)
    )
    arrived = select(Outreach.referral_id).where(_arrived())
    if only is not None:
        known = known.where(Referral.id == only)
        before = before.where(ReferralChange.referral_id == only)
        opened = opened.where(Conversation.linked_referral_id == only)
        delivered = delivered.where(Conversation.referral_id == only)
        arrived = arrived.where(Outreach.referral_id == only)
    found = (known, before.distinct(), opened, delivered.distinct(), arrived.distinct())
    return set[str]().union(*(_ids(session, each) for each in found))


def not_delivered(session: Session) -> set[str]:
    """Who has blocked us, has a message in a chat that was given up, or something else of ours that got through by no
    way, and not by a contact that was put in since."""
    lost = select(Conversation.referral_id).join(MessageOut)
    lost = lost.where(col(MessageOut.state).in_([OutState.FAILED, OutState.BLOCKED]))
    through = select(Outreach.occasion).where(_arrived())
    later = aliased(Outreach)
    anew = select(later.id).where(
        later.referral_id == Outreach.referral_id, later.created_at >= Outreach.created_at, later.id != Outreach.id
    )
    anew = anew.where(col(later.occasion).contains(f":{AGAIN}:"), col(later.state).in_([*GOING, *ARRIVED]))
    tried = select(Outreach.referral_id).where(col(Outreach.state).in_(LOST), col(Outreach.occasion).not_in(through))
    tried = tried.where(~anew.exists())
    return _ids(session, lost.distinct()) | _ids(session, tried.distinct())


def missed(session: Session, only: Only = None) -> set[str]:
    """Whose session went by without them, now or before another chance, by its list or as they told us. A list that was
    put right says nothing against anybody."""
    now = select(Referral.id).where(Referral.state == ReferralState.MISSED)
    right = select(Absence.booking_id).where(col(Absence.put_right_at).is_not(None))
    before = select(Booking.referral_id).where(col(Booking.state) == BookingState.MISSED, col(Booking.id).not_in(right))
    listed = _listed(Mark.ABSENT, Mark.LATE)
    if only is not None:
        now, before = now.where(Referral.id == only), before.where(Booking.referral_id == only)
        listed = listed.where(col(Booking.referral_id) == only)
    return _ids(session, now) | _ids(session, before) | _ids(session, listed)


def attended(session: Session) -> set[str]:
    """Who came to a session at least."""
    now = select(Referral.id).where(col(Referral.state).in_(CAME))
    return _ids(session, now) | _ids(session, _listed(Mark.ATTENDED))


def completed(session: Session, only: Only = None) -> dict[str, date | None]:
    """Who has completed the course, with the London day of the last session that they came to; else the day on which it
    was written down, None where nothing says when."""
    found = select(Referral.id).where(Referral.state == ReferralState.COMPLETED)
    came = (
        select(Booking.referral_id, func.max(CourseSession.starts_at))
        .join(Attendance, col(Attendance.booking_id) == col(Booking.id))
        .join(CourseSession, col(CourseSession.id) == col(Attendance.session_id))
        .where(Attendance.mark == Mark.ATTENDED, col(Attendance.undone_at).is_(None))
        .where(col(CourseSession.cancelled_at).is_(None))
        .group_by(col(Booking.referral_id))
    )
    written = (
        select(ReferralChange.referral_id, func.max(ReferralChange.at))
        .where(ReferralChange.now == ReferralState.COMPLETED)
        .group_by(col(ReferralChange.referral_id))
    )
    if only is not None:
        found = found.where(Referral.id == only)
        came, written = came.where(Booking.referral_id == only), written.where(ReferralChange.referral_id == only)
    days = {of: london.today(at) for rows in (written, came) for of, at in session.exec(rows)}
    return {each: days.get(each) for each in sorted(_ids(session, found))}


def open_cases(session: Session, only: Only = None) -> dict[str, set[CaseReason]]:
    """Why a worker must look, by referral: those opened in a conversation that is theirs included."""
    own = func.coalesce(col(Case.referral_id), col(Conversation.referral_id))
    found = select(own, Case.reason).outerjoin(Conversation, col(Case.conversation_id) == col(Conversation.id))
    found = found.where(col(Case.closed_at).is_(None), own.is_not(None))
    if only is not None:
        found = found.where(own == only)
    reasons: dict[str, set[CaseReason]] = {}
    for of, reason in session.exec(found):
        reasons.setdefault(of, set()).add(CaseReason(reason))
    return reasons


def _arrived() -> ColumnElement[bool]:
    return or_(col(Outreach.state).in_(ARRIVED), col(Outreach.seen_at).is_not(None))


def _listed(*marks: Mark) -> Select[Any]:
    found = select(Booking.referral_id).join(Attendance, col(Attendance.booking_id) == col(Booking.id))
    return found.where(col(Attendance.mark).in_(marks), col(Attendance.undone_at).is_(None)).distinct()


def _ids(session: Session, found: Select[Any]) -> set[str]:
    return {each for each in session.scalars(found) if each}
