"""Coming, being late and having missed it: what may be said and done without a worker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from programme.rules import deadline, london, referral

Times = Sequence[tuple[datetime, datetime]]  # (starts, ends) of each session, in UTC and in order


# What may get in the way, as people tell it with one tap.
WHYS = ("unwell", "work", "childcare", "travel", "fear", "forgot", "custody", "other")
SETTLES = timedelta(minutes=2)  # in which a wrong tap on a list is put right before anybody is told


@dataclass(frozen=True)
class Chances:
    """How often a missed session may be made up for without a worker, and within how many days of it the next one must
    begin; None where that is not known: then a worker decides."""

    times: int | None
    days: int | None

    def left(self, missed: int) -> bool:
        """Whether there is one for somebody who has `missed` so many before."""
        return self.times is not None and self.days is not None and missed < self.times

    def until(self, missed_on: date) -> date | None:
        """The last London day on which the next session may begin."""
        return missed_on + timedelta(days=self.days) if self.days is not None else None


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
    chances: Chances,
    deadlines: deadline.Deadlines,
    now: datetime,
) -> Missed:
    """`sessions`: of the place that is held, none where none is; `missed`: places lost this way before."""
    allowed = _is_left(missed, chances, deadlines, now)
    if not sessions:
        return _without_place(referral_state, allowed)
    if min(starts for starts, _ in sessions) > now:
        return Missed.NOT_YET
    if min(ends for _, ends in sessions) > now:
        return Missed.ON_NOW
    return _again_or_worker(referral_state, sessions, allowed)


def by_list(
    *,
    referral_state: str,
    sessions: Times,
    missed: int,
    chances: Chances,
    deadlines: deadline.Deadlines,
    now: datetime,
) -> Missed:
    """`after_missing` where the list of their session says so, be the session over or not: `AGAIN` or `WORKER`."""
    return _again_or_worker(referral_state, sessions, _is_left(missed, chances, deadlines, now))


def _is_left(missed: int, chances: Chances, deadlines: deadline.Deadlines, now: datetime) -> bool:
    return chances.left(missed) and deadline.state(deadlines, london.today(now)) == "open"


def _again_or_worker(referral_state: str, sessions: Times, allowed: bool) -> Missed:
    """What of a course of several sessions can be made up for, a worker must say."""
    may = len(sessions) == 1 and "missed" in (referral_state, referral.next_state(referral_state, "miss"))
    return Missed.AGAIN if allowed and may else Missed.WORKER


def _without_place(referral_state: str, allowed: bool) -> Missed:
    if referral_state == "second_chance":
        return Missed.AGAIN
    if referral_state == "missed":
        return Missed.AGAIN if allowed else Missed.WORKER
    return Missed.NOTHING if referral.may_book(referral_state) else Missed.WORKER


OPENS = timedelta(hours=1)


def is_told_from(*, late: bool, marked_at: datetime, ends: datetime, now: datetime) -> bool:
    """Whether somebody whom a list has as not there, or as late and turned away, may be told: once a wrong tap would
    have been put right, and not before who was not there could have come."""
    return now >= marked_at + SETTLES and (late or now >= ends)


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
