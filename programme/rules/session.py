"""Planning sessions: when they are held, week after week, at the same time on London's clocks."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from programme.rules import london

MOST_WEEKS, MOST_SESSIONS, MOST_PLACES = 52, 20, 500
LEAST_MINUTES, MOST_MINUTES = 15, 600


@dataclass(frozen=True)
class Times:
    """`sessions`: how many, a week apart, belong to one course; `weeks`: how many courses begin, one each week."""

    first: date
    clock: time
    minutes: int
    sessions: int
    weeks: int


def wrong(times: Times, capacity: int, now: datetime) -> dict[str, str]:
    """What cannot be, by field: `past`, or `range`."""
    found = {}
    if london.at(times.first, times.clock) <= now:
        found["first"] = "past"
    for field, value, least, most in (
        ("minutes", times.minutes, LEAST_MINUTES, MOST_MINUTES),
        ("sessions", times.sessions, 1, MOST_SESSIONS),
        ("weeks", times.weeks, 1, MOST_WEEKS),
        ("capacity", capacity, 1, MOST_PLACES),
    ):
        if not least <= value <= most:
            found[field] = "range"
    return found


def courses(times: Times) -> Iterator[tuple[tuple[datetime, datetime], ...]]:
    """For each week the sessions of the course that begins in it: (starts, ends) in UTC."""
    for starts in london.weekly(times.first, times.clock, times.weeks):
        each = london.weekly(london.today(starts), times.clock, times.sessions)
        yield tuple((begins, begins + timedelta(minutes=times.minutes)) for begins in each)


def falls_on(sessions: tuple[tuple[datetime, datetime], ...], closed: Container[date]) -> bool:
    """Whether one of the sessions is on a day on which nobody is there."""
    return any(london.today(starts) in closed for starts, _ in sessions)
