"""What has happened to people so far, one small function a question, for whoever reads many referrals at once.

Each is answered from what is stored today, so there is one place to widen when more is stored: attendance rows belong
into `missed`, `attended` and `completed`, the ledger of deliveries into `reached` and `not_delivered`.
"""

from datetime import date
from typing import Any

from sqlalchemy import func
from sqlalchemy.sql import Select
from sqlmodel import Session, col, or_, select

from programme.rules import london
from programme.rules.danger import DANGERS
from storage.audit import Audit
from storage.booking import Booking
from storage.case import Case
from storage.conversation import Conversation
from storage.enums import BookingState, CaseReason, OutState, ReferralState
from storage.message import MessageOut
from storage.referral import Referral

DANGER = frozenset(CaseReason(each) for each in DANGERS)
NEW = ReferralState.REFERRED
CAME = (ReferralState.ATTENDED, ReferralState.COMPLETED)
COMPLETE = ("complete", "state:completed")  # the audit log's words for it
Only = str | None  # a referral's id; None for everybody


def reached(session: Session, only: Only = None) -> set[str]:
    """Who had something of ours, or wrote to us: a state beyond the first, a personal link that was opened, a message
    that was delivered."""
    known = select(Referral.id).where(or_(Referral.state != NEW, col(Referral.verified_at).is_not(None)))
    opened = select(Conversation.linked_referral_id).where(col(Conversation.linked_referral_id).is_not(None))
    delivered = (
        select(Conversation.referral_id)
        .join(MessageOut)
        .where(col(Conversation.referral_id).is_not(None), MessageOut.state == OutState.DELIVERED)
    )
    if only is not None:
        known = known.where(Referral.id == only)
        opened = opened.where(Conversation.linked_referral_id == only)
        delivered = delivered.where(Conversation.referral_id == only)
    return _ids(session, known) | _ids(session, opened) | _ids(session, delivered.distinct())


def not_delivered(session: Session) -> set[str]:
    """Who has a message that was given up, or has blocked us."""
    lost = select(Conversation.referral_id).join(MessageOut)
    lost = lost.where(col(MessageOut.state).in_([OutState.FAILED, OutState.BLOCKED]))
    return _ids(session, lost.distinct())


def missed(session: Session, only: Only = None) -> set[str]:
    """Whose session went by without them, now or before another chance."""
    now = select(Referral.id).where(Referral.state == ReferralState.MISSED)
    before = select(Booking.referral_id).where(Booking.state == BookingState.MISSED)
    if only is not None:
        now, before = now.where(Referral.id == only), before.where(Booking.referral_id == only)
    return _ids(session, now) | _ids(session, before)


def attended(session: Session) -> set[str]:
    """Who came to a session at least."""
    return _ids(session, select(Referral.id).where(col(Referral.state).in_(CAME)))


def completed(session: Session, only: Only = None) -> dict[str, date | None]:
    """Who has completed the course, with the London day that it was written down; None where no line says when."""
    found = select(Referral.id).where(Referral.state == ReferralState.COMPLETED)
    if only is not None:
        found = found.where(Referral.id == only)
    ids = _ids(session, found)
    lines = (
        select(Audit.subject_id, func.max(Audit.at))
        .where(Audit.subject_kind == "referral", col(Audit.action).in_(COMPLETE), col(Audit.subject_id).in_(ids))
        .group_by(Audit.subject_id)
    )
    days = {of: london.today(at) for of, at in session.exec(lines)}
    return {each: days.get(each) for each in sorted(ids)}


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


def _ids(session: Session, found: Select[Any]) -> set[str]:
    return {each for each in session.scalars(found) if each}
