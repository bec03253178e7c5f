"""Who needs attention, why, and what the next best step is: the most pressing reason of each person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

Why = Literal[
    "case", "late", "missed", "over", "running_out", "not_reached", "unbooked_7d", "unbooked_72h", "unbooked_24h"
]
Step = Literal["open", "ring", "write", "letter", "book", "chance", "decide"]
ORDER: tuple[Why, ...] = (  # the most pressing first
    "case",
    "late",
    "over",
    "running_out",
    "missed",
    "not_reached",
    "unbooked_7d",
    "unbooked_72h",
    "unbooked_24h",
)
CLOSE = 3  # working days
NUDGES: tuple[tuple[timedelta, Why], ...] = (
    (timedelta(days=7), "unbooked_7d"),
    (timedelta(hours=72), "unbooked_72h"),
    (timedelta(hours=24), "unbooked_24h"),
)
PATIENCE = timedelta(hours=24)  # until somebody must have been reached


@dataclass(frozen=True)
class Standing:
    """Where somebody stands. `case`: one is open for us that is not about being late; `late`: they are on their way
    late today; `undelivered`: a message of ours was given up; `unreached`: a case is open since nothing got
    through; `posted`: a letter is on its way to them; `danger`: a case is open since they may be in danger;
    `days_left`: working days to the earlier deadline, none where it is today or over, None where both are missing;
    `deadline`: that day."""

    state: str
    referred_at: datetime
    booked: bool
    reached: bool
    undelivered: bool
    case: bool
    late: bool
    deadline: date | None
    days_left: int | None
    phone: bool
    talk: bool
    posted: bool = False
    danger: bool = False
    unreached: bool = False


def why(standing: Standing, now: datetime, today: date) -> Why | None:
    """The most pressing reason; None: nothing is to be done."""
    found = {each for each in ORDER if _holds(each, standing, now, today)}
    return next((each for each in ORDER if each in found), None)


def step(reason: Why, standing: Standing) -> Step:
    """The next best step. Who has missed a session and still has time gets another chance before anything else."""
    if reason == "missed":
        return "chance"
    if reason == "over":
        return "decide"
    if reason in ("case", "late"):
        return "open"
    if reason == "not_reached" or not standing.reached:
        return "ring" if standing.phone else "letter"
    if reason == "running_out":
        return "ring" if standing.phone else "book"
    return "write" if standing.talk else ("ring" if standing.phone else "letter")


def _holds(reason: Why, standing: Standing, now: datetime, today: date) -> bool:
    waits = not standing.booked and standing.state in ("referred", "reached", "verified", "second_chance")
    over = standing.deadline is not None and standing.deadline < today
    age = now - standing.referred_at
    if reason == "case":
        return standing.case
    if reason == "late":
        return standing.late
    if reason == "missed":
        return standing.state == "missed" and not over
    if reason == "over":
        return over and (waits or standing.state == "missed")
    if reason == "running_out":
        return waits and not over and standing.days_left is not None and standing.days_left <= CLOSE
    if reason == "not_reached" and standing.unreached:
        return True
    if standing.posted and reason in ("not_reached", "unbooked_24h", "unbooked_72h"):
        return False  # there is nothing better to do than to wait for the post
    if reason == "not_reached":
        return waits and (standing.undelivered or (not standing.reached and age >= PATIENCE))
    return waits and next((name for since, name in NUDGES if age >= since), None) == reason
