"""What became of a wish to book, move or cancel, and what a worker must look at where a rule said no."""

from dataclasses import dataclass
from enum import StrEnum

from sqlmodel import Session

from programme import booked, case
from programme.booked import BookingView
from programme.context import Context
from programme.rules.booking import Verdict
from storage.booking import Booking
from storage.conversation import Conversation
from storage.enums import CaseReason, Urgency


class Done(StrEnum):
    """What became of a wish to book, move or cancel; all but the first three change nothing."""

    BOOKED = "booked"
    MOVED = "moved"
    CANCELLED = "cancelled"
    SAME = "same"  # a second tap: it was done before
    CHANGED = "changed"  # what was asked about is no longer what is held
    ALREADY_BOOKED = "already_booked"
    TAKEN = "taken"  # the last place went meanwhile
    EXPIRED = "expired"  # the offer is too old, not of this person, or of a course that ends too late by now
    STARTED = "started"
    DEADLINE = "deadline"  # past or unknown: a worker must check
    NOT_OPEN = "not_open"  # the referral is over, or waits for a worker: a worker must check
    TOO_LATE = "too_late"  # after the cut-off: a worker is offered
    TOO_MANY_MOVES = "too_many_moves"
    NOT_BOOKED = "not_booked"
    NOT_VERIFIED = "not_verified"


WHY_NOT = {
    Verdict.NOT_VERIFIED: Done.NOT_VERIFIED,
    Verdict.NOT_OPEN: Done.NOT_OPEN,
    Verdict.ALREADY_BOOKED: Done.ALREADY_BOOKED,
    Verdict.DEADLINE_UNKNOWN: Done.DEADLINE,
    Verdict.DEADLINE_PAST: Done.DEADLINE,
    Verdict.AFTER_DEADLINE: Done.EXPIRED,
    Verdict.STARTED: Done.STARTED,
    Verdict.FULL: Done.TAKEN,
    Verdict.NOT_ACTIVE: Done.NOT_BOOKED,
    Verdict.RULE_UNKNOWN: Done.TOO_LATE,
    Verdict.TOO_LATE: Done.TOO_LATE,
    Verdict.TOO_MANY_MOVES: Done.TOO_MANY_MOVES,
    Verdict.SAME_COURSE: Done.SAME,
}
# What a worker must look at; the case's detail says which verdict it was.
_CASES = {
    Verdict.NOT_OPEN: CaseReason.NOT_OPEN,
    Verdict.DEADLINE_UNKNOWN: CaseReason.DEADLINE_UNKNOWN,
    Verdict.DEADLINE_PAST: CaseReason.DEADLINE_PAST,
    Verdict.TOO_LATE: CaseReason.CUT_OFF,
    Verdict.TOO_MANY_MOVES: CaseReason.CUT_OFF,
    Verdict.RULE_UNKNOWN: CaseReason.CUT_OFF,  # a setting is empty: not the person's doing
}


@dataclass(frozen=True)
class Result:
    done: Done
    booking: BookingView | None = None


def refuse(
    session: Session, ctx: Context, conversation: Conversation, verdict: Verdict, held: Booking | None
) -> Result:
    """A rule's no as it is told; a worker's case with it, where one can help."""
    done = WHY_NOT[verdict]
    reason = _CASES.get(verdict)
    if reason is not None:
        case.open_for(session, ctx, reason, Urgency.DEADLINE, conversation, {"why": verdict.value})
    return Result(done, booked.view(session, held) if held else None)
