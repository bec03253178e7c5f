"""What may be booked, moved and cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from programme.rules import deadline, london, referral

ACTIVE = "active"  # what is over never comes back: a new booking is made


class Verdict(StrEnum):
    """Yes, or why not."""

    YES = "yes"
    NOT_VERIFIED = "not_verified"
    NOT_OPEN = "not_open"
    ALREADY_BOOKED = "already_booked"
    DEADLINE_UNKNOWN = "deadline_unknown"
    DEADLINE_PAST = "deadline_past"
    AFTER_DEADLINE = "after_deadline"
    STARTED = "started"
    FULL = "full"
    NOT_ACTIVE = "not_active"
    RULE_UNKNOWN = "rule_unknown"
    TOO_LATE = "too_late"
    TOO_MANY_MOVES = "too_many_moves"
    SAME_COURSE = "same_course"


def may_book(
    *,
    verified: bool,
    referral_state: str,
    has_active: bool,
    deadlines: deadline.Deadlines,
    starts: Sequence[datetime],
    places_left: int,
    now: datetime,
) -> Verdict:
    """Whether this person may book the course whose sessions start at these UTC instants."""
    if not verified:
        return Verdict.NOT_VERIFIED
    if not referral.may_book(referral_state):
        return Verdict.NOT_OPEN
    if has_active:
        return Verdict.ALREADY_BOOKED
    return _may_take(deadlines, starts, places_left, now)


def _may_take(deadlines: deadline.Deadlines, starts: Sequence[datetime], places_left: int, now: datetime) -> Verdict:
    today = london.today(now)
    state = deadline.state(deadlines, today)
    if state != "open":
        return Verdict.DEADLINE_PAST if state == "past" else Verdict.DEADLINE_UNKNOWN
    if not starts or min(starts) <= now:
        return Verdict.STARTED
    if not deadline.course_fits(deadlines, [london.today(start) for start in starts], today):
        return Verdict.AFTER_DEADLINE
    return Verdict.YES if places_left > 0 else Verdict.FULL


def _may_change(state: str, starts: Sequence[datetime], now: datetime, cutoff_hours: int | None) -> Verdict:
    if state != ACTIVE:
        return Verdict.NOT_ACTIVE
    if not starts or min(starts) <= now:
        return Verdict.STARTED
    if cutoff_hours is None:
        return Verdict.RULE_UNKNOWN
    if min(starts) - now < timedelta(hours=cutoff_hours):
        return Verdict.TOO_LATE
    return Verdict.YES


def may_move(
    *,
    referral_state: str,
    state: str,
    starts: Sequence[datetime],
    now: datetime,
    cutoff_hours: int | None,
    moves: int,
    most_moves: int | None,
) -> Verdict:
    """Whether a booking may be moved away from the course it is on.

    `cutoff_hours`: hours that must be left before the first session; `moves`: how often it was moved; None for a
    setting that is not filled in: RULE_UNKNOWN, and a worker is offered.
    """
    if not referral.may_book(referral_state):
        return Verdict.NOT_OPEN
    verdict = _may_change(state, starts, now, cutoff_hours)
    if verdict is not Verdict.YES:
        return verdict
    if most_moves is None:
        return Verdict.RULE_UNKNOWN
    return Verdict.TOO_MANY_MOVES if moves >= most_moves else Verdict.YES


def may_move_to(
    *,
    course_id: str,
    new_course_id: str,
    deadlines: deadline.Deadlines,
    starts: Sequence[datetime],
    places_left: int,
    now: datetime,
) -> Verdict:
    """Whether the course that a booking is moved to may be taken: like booking it, and not the same one."""
    if course_id == new_course_id:
        return Verdict.SAME_COURSE
    return _may_take(deadlines, starts, places_left, now)


def may_cancel(*, state: str, starts: Sequence[datetime], now: datetime, cutoff_hours: int | None) -> Verdict:
    """Whether the person may cancel by themselves; arguments as for `may_move`."""
    return _may_change(state, starts, now, cutoff_hours)
