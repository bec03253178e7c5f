"""The case card: where a person stands, as it is told to themselves once it is known who asks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlmodel import Session

from programme import booked, case, second_chance
from programme.booked import BookingView
from programme.context import Context
from programme.rules import attendance, deadline, london
from programme.rules.deadline import Deadlines
from storage import booking as bookings
from storage import case as cases
from storage.absence import newest_of
from storage.conversation import Conversation
from storage.enums import CaseReason, ReferralState, Urgency
from storage.referral import Referral
from storage.row import lock_one


class Standing(StrEnum):
    """Where somebody stands."""

    BOOKED = "booked"
    SESSION_OVER = "session_over"  # and no list says yet whether they were there
    NOT_BOOKED = "not_booked"
    MISSED = "missed"
    ATTENDED = "attended"
    COMPLETED = "completed"
    DEADLINE_UNKNOWN = "deadline_unknown"
    DEADLINE_PAST = "deadline_past"
    CLOSED = "closed"


@dataclass(frozen=True)
class CaseCard:
    """`open`: why workers have to look, the newest first; dates are London's."""

    standing: Standing
    booking: BookingView | None
    book_by: date | None
    finish_by: date | None
    open: tuple[CaseReason, ...]

    def values(self) -> dict[str, Any]:
        """The values that answers about it use."""
        dates = {"book_by": self.book_by, "finish_by": self.finish_by}
        known = {key: day.isoformat() for key, day in dates.items() if day}
        return {**(self.booking.values() if self.booking else {}), **known}


BY_STATE: Mapping[ReferralState, Standing] = {
    ReferralState.MISSED: Standing.MISSED,
    ReferralState.ATTENDED: Standing.ATTENDED,
    ReferralState.COMPLETED: Standing.COMPLETED,
    ReferralState.RETURNED: Standing.CLOSED,
    ReferralState.WITHDRAWN: Standing.CLOSED,
    ReferralState.CLOSED: Standing.CLOSED,
}
BY_DEADLINE = {"unknown": Standing.DEADLINE_UNKNOWN, "past": Standing.DEADLINE_PAST, "open": Standing.NOT_BOOKED}
REASONS = {
    Standing.DEADLINE_UNKNOWN: CaseReason.DEADLINE_UNKNOWN,
    Standing.DEADLINE_PAST: CaseReason.DEADLINE_PAST,
}


def read(ctx: Context, conversation_id: str) -> CaseCard | None:
    """The card of whoever proved here who they are, else None. A deadline that is missing or over opens a case."""
    with ctx.database.writing() as session:
        conversation = lock_one(session, Conversation, conversation_id)
        if conversation.referral_id is None:
            return None
        referral = session.get_one(Referral, conversation.referral_id)
        held = bookings.active_booking(session, referral.id)
        view = booked.view(session, held) if held else None
        standing = stands_at(ctx, referral, view)
        if standing in REASONS:
            case.open_for(session, ctx, REASONS[standing], Urgency.DEADLINE, conversation)
        return CaseCard(standing, view, referral.book_by, referral.finish_by, _open(session, referral.id))


def stands(ctx: Context, conversation_id: str, view: BookingView | None) -> Standing:
    """Where the person of this conversation, who is known, stands; `view`: the place that they hold."""
    with ctx.database.reading() as session:
        referral_id = session.get_one(Conversation, conversation_id).referral_id
        return stands_at(ctx, session.get_one(Referral, referral_id), view) if referral_id else Standing.NOT_BOOKED


def missed(ctx: Context, conversation_id: str) -> dict[str, str]:
    """When the session was for which somebody without a place has another chance, as answers use it: `listed_at` where
    a list says so, `told_at` where they did; empty where there is none."""
    with ctx.database.reading() as session:
        referral_id = session.get_one(Conversation, conversation_id).referral_id
        if referral_id is None or session.get_one(Referral, referral_id).state is not ReferralState.SECOND_CHANCE:
            return {}
        row = newest_of(session, [referral_id]).get(referral_id)
        key = "told_at" if row is None or row.session_id is None else "listed_at"
        return {key: second_chance.missed_at(session, row).isoformat()} if row is not None else {}


def stands_at(ctx: Context, referral: Referral, view: BookingView | None) -> Standing:
    """Where this person stands today; `view`: the place that they hold."""
    if referral.state in BY_STATE:
        return BY_STATE[referral.state]
    if view is not None:
        return Standing.SESSION_OVER if attendance.is_over(view.sessions, ctx.clock()) else Standing.BOOKED
    days = Deadlines(referral.book_by, referral.finish_by)
    return BY_DEADLINE[deadline.state(days, london.today(ctx.clock()))]


def _open(session: Session, referral_id: str) -> tuple[CaseReason, ...]:
    rows = [row for row in cases.cases_of_referral(session, referral_id) if row.closed_at is None]
    return tuple(dict.fromkeys(row.reason for row in rows))
