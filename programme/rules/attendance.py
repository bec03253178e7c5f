"""Coming, being late and having missed it: what may be said and done without a worker."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from programme.rules import deadline, london, referral

Times = Sequence[tuple[datetime, datetime]]  # (starts, ends) of each session, in UTC and in order


class Missed(StrEnum):
    """What follows where somebody says that they missed their session."""

    AGAIN = "again"  # the next one may be chosen at once
    WORKER = "worker"
    NOT_YET = "not_yet"  # their session is still to come
    ON_NOW = "on_now"  # it has begun and is not over
    NOTHING = "nothing"  # there is none that they could have missed


def after_missing(
    *,
    referral_state: str,
    sessions: Times,
    missed: int,
    chances: int | None,
    deadlines: deadline.Deadlines,
    now: datetime,
) -> Missed:
    """`sessions`: of the place that is held, none where none is; `missed`: places lost this way before; `chances`: how
    often a missed session may be made up for without a worker, None where that is not known."""
    allowed = chances is not None and missed < chances and deadline.state(deadlines, london.today(now)) == "open"
    if not sessions:
        return _without_place(referral_state, allowed)
    if min(starts for starts, _ in sessions) > now:
        return Missed.NOT_YET
    if min(ends for _, ends in sessions) > now:
        return Missed.ON_NOW
    may = len(sessions) == 1 and "missed" in (referral_state, referral.next_state(referral_state, "miss"))
    return Missed.AGAIN if may and allowed else Missed.WORKER


def _without_place(referral_state: str, allowed: bool) -> Missed:
    if referral_state == "second_chance":
        return Missed.AGAIN
    if referral_state == "missed":
        return Missed.AGAIN if allowed else Missed.WORKER
    return Missed.NOTHING if referral.may_book(referral_state) else Missed.WORKER


OPENS = timedelta(hours=1)


def may_mark(starts: datetime, now: datetime) -> bool:
    """Whether a session's list can be filled in: from an hour before it starts, and then for good."""
    return now >= starts - OPENS


def is_over(sessions: Times, now: datetime) -> bool:
    """Whether the last session has ended."""
    return bool(sessions) and max(ends for _, ends in sessions) <= now


def is_today(sessions: Times, now: datetime) -> bool:
    """Whether one of the sessions is held on this London day and has not ended."""
    today = london.today(now)
    return any(london.today(starts) == today and ends > now for starts, ends in sessions)
