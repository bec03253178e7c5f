"""A person's two deadlines. Both are London calendar dates, and both days themselves still count."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from programme.rules import london

DeadlineState = Literal["open", "unknown", "past"]
NOON = time(12)
PATIENCE = timedelta(days=1)
CLOSE_DAYS = 3  # working days
SATURDAY = 5


@dataclass(frozen=True)
class Deadlines:
    """`book_by`: the last day to book; `finish_by`: the last day on which the last session may be held."""

    book_by: date | None
    finish_by: date | None


def state(deadlines: Deadlines, today: date) -> DeadlineState:
    """`past` when either day is over, else `unknown` when either is missing: in both a worker must check."""
    known = [day for day in (deadlines.book_by, deadlines.finish_by) if day is not None]
    if any(day < today for day in known):
        return "past"
    return "open" if len(known) == 2 else "unknown"


def is_close(day: date, today: date, closed: Container[date] = ()) -> bool:
    """Whether a deadline is over, or not more than three working days away. `closed`: weekdays that are none, such as
    bank holidays."""
    ahead = (today + timedelta(days=number) for number in range(1, (day - today).days + 1))
    return sum(each.weekday() < SATURDAY and each not in closed for each in ahead) <= CLOSE_DAYS


def course_fits(deadlines: Deadlines, session_starts: Sequence[date], today: date) -> bool:
    """Whether a course on these London dates can be booked today and is over by `finish_by`.

    Never where a deadline is unknown or past, where there is no session, or where one lies before today.
    """
    if state(deadlines, today) != "open" or not session_starts or min(session_starts) < today:
        return False
    return deadlines.finish_by is not None and max(session_starts) <= deadlines.finish_by


def case_due(deadlines: Deadlines, now: datetime, patience: timedelta = PATIENCE) -> datetime:
    """When a worker must have looked at a case (UTC): within `patience`, and by noon of the day before the earlier
    deadline. Where that noon is over, at once: `now`."""
    known = [day for day in (deadlines.book_by, deadlines.finish_by) if day is not None]
    due = now + patience
    if known:
        due = min(due, london.at(min(known) - timedelta(days=1), NOON))
    return max(due, now)
