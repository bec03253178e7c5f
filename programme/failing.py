"""What we failed to do for somebody, found in the rows and not in anybody's memory."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlmodel import Session, col, select

from programme.context import Context
from programme.outreach import NO_CONTACT
from storage import case as cases
from storage.booking import Booking, Offer
from storage.callback import Callback
from storage.enums import CallbackOutcome, CourseState, HandoffState, OutreachState, OutState, WaitingState
from storage.handoff import HandoffRequest
from storage.message import MessageOut
from storage.outreach import Outreach
from storage.referral import Referral
from storage.session import Course, CourseSession
from storage.waiting import Hold, Waiting

WENT = (OutreachState.SENT, OutreachState.DELIVERED, OutreachState.SEEN)
Kind = Literal[
    "nothing_sent",
    "no_offer",
    "deadline_missing",
    "not_delivered",
    "no_contact",
    "no_place_offered",
    "nobody_came",
    "came_late",
    "case_late",
    "call_not_made",
    "session_cancelled",
]


@dataclass(frozen=True)
class Failing:
    """`at`: when it happened, or None where it is what never did; `about`: the case's reason, or the failure's code."""

    kind: Kind
    at: datetime | None = None
    about: str = ""


def read(session: Session, ctx: Context, referral: Referral, conversation_ids: tuple[str, ...]) -> tuple[Failing, ...]:
    """Everything of the kind, what never happened first, then by time."""
    never = _never(session, referral, conversation_ids)
    found = [
        *_not_delivered(session, conversation_ids),
        *_asked_in_vain(session, conversation_ids),
        *_late_cases(session, ctx, referral.id),
        *_calls(session, ctx, referral.id),
        *_cancelled(session, referral.id),
        *_unreached(session, referral.id),
        *_waited_in_vain(session, referral.id),
    ]
    return (*never, *sorted(found, key=lambda each: each.at or ctx.clock()))


def _never(session: Session, referral: Referral, conversation_ids: tuple[str, ...]) -> list[Failing]:
    said = select(MessageOut.id).where(col(MessageOut.conversation_id).in_(conversation_ids))
    posted = select(Outreach.id).where(Outreach.referral_id == referral.id, col(Outreach.state).in_(WENT))
    offered = select(Offer.token).where(Offer.referral_id == referral.id)
    missing = referral.book_by is None or referral.finish_by is None
    found: list[tuple[bool, Kind]] = [
        (not any(session.exec(each.limit(1)).first() for each in (said, posted)), "nothing_sent"),
        (session.exec(offered.limit(1)).first() is None, "no_offer"),
        (missing, "deadline_missing"),
    ]
    return [Failing(kind) for holds, kind in found if holds]


def _not_delivered(session: Session, conversation_ids: tuple[str, ...]) -> list[Failing]:
    lost = select(MessageOut).where(
        col(MessageOut.conversation_id).in_(conversation_ids),
        col(MessageOut.state).in_([OutState.FAILED, OutState.BLOCKED]),
    )
    return [Failing("not_delivered", row.created_at, row.failure or row.state.value) for row in session.exec(lost)]


def _unreached(session: Session, referral_id: str) -> list[Failing]:
    """A text message, an e-mail or a letter that did not arrive; that we knew no number and no address."""
    found = select(Outreach).where(
        Outreach.referral_id == referral_id, col(Outreach.state).in_([OutreachState.FAILED, OutreachState.BLOCKED])
    )
    rows = session.exec(found.where(col(Outreach.message_id).is_(None))).all()
    return [
        Failing("no_contact", row.created_at)
        if row.failure == NO_CONTACT
        else Failing("not_delivered", row.created_at, row.failure or row.state.value)
        for row in rows
    ]


def _waited_in_vain(session: Session, referral_id: str) -> list[Failing]:
    """They were on the waiting list, and nothing was ever offered to them from it, nor found by themselves."""
    offered = select(Hold.waiting_id).where(Hold.referral_id == referral_id)
    rows = select(Waiting).where(
        Waiting.referral_id == referral_id,
        col(Waiting.state).in_([WaitingState.WAITING, WaitingState.ENDED]),
        col(Waiting.id).not_in(offered),
    )
    return [Failing("no_place_offered", row.joined_at) for row in session.exec(rows)]


def _asked_in_vain(session: Session, conversation_ids: tuple[str, ...]) -> list[Failing]:
    asked = select(HandoffRequest).where(col(HandoffRequest.conversation_id).in_(conversation_ids))
    found = []
    for row in session.exec(asked):
        if row.state is HandoffState.EXPIRED:
            found.append(Failing("nobody_came", row.requested_at, row.reason))
        elif row.escalated_at is not None:
            found.append(Failing("came_late", row.requested_at, row.reason))
    return found


def _late_cases(session: Session, ctx: Context, referral_id: str) -> list[Failing]:
    rows = cases.cases_of_referral(session, referral_id)
    return [
        Failing("case_late", row.due_at, row.reason.value)
        for row in rows
        if (row.closed_at or ctx.clock()) > row.due_at
    ]


def _calls(session: Session, ctx: Context, referral_id: str) -> list[Failing]:
    """They asked to be rung, and nobody rang by then; a call that nobody answered is none of ours."""
    rows = session.exec(select(Callback).where(Callback.referral_id == referral_id))
    return [
        Failing("call_not_made", row.due_at)
        for row in rows
        if row.outcome is not CallbackOutcome.CANCELLED
        and (row.tried_at or row.closed_at or ctx.clock()) > row.due_at
        and not row.tries
    ]


def _cancelled(session: Session, referral_id: str) -> list[Failing]:
    rows = select(Course.first_starts_at).join(Booking, col(Booking.course_id) == col(Course.id))
    off = rows.where(Booking.referral_id == referral_id, Course.state == CourseState.CANCELLED)
    alone = (
        select(CourseSession.starts_at)
        .join(Booking, col(Booking.course_id) == col(CourseSession.course_id))
        .where(Booking.referral_id == referral_id, col(CourseSession.cancelled_at) >= col(Booking.made_at))
    )
    found = {*session.exec(off), *session.exec(alone)}
    return [Failing("session_cancelled", starts_at) for starts_at in sorted(found)]
