"""When a worker is there: opening hours by weekday in London time, with breaks, and days that are closed."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Literal

from programme.rules import london

LOOK_AHEAD_DAYS = 400
DAYS_OF_A_WEEK = 7

Nearness = Literal["today", "tomorrow", "weekday", "date"]
Span = tuple[time, time]


@dataclass(frozen=True)
class Hours:
    """`weekly`: weekday (Monday is 0) to spans of London time, end exclusive; what is between two is a break.

    `closures`: the London dates that are closed, whatever the weekday. Whoever makes it knows the bank holidays.
    """

    weekly: Mapping[int, Sequence[Span]]
    closures: Container[date] = field(default_factory=frozenset)


def spans(hours: Hours, day: date) -> list[Span]:
    """The spans of London time in which it is open that day, in order; none where it is closed."""
    if day in hours.closures:
        return []
    return sorted(span for span in hours.weekly.get(day.weekday(), ()) if span[0] < span[1])


def is_open(hours: Hours, now: datetime) -> bool:
    """Whether a worker is there at `now`."""
    clock = london.local(now)
    return any(start <= clock.time() < end for start, end in spans(hours, clock.date()))


def next_opening(hours: Hours, now: datetime) -> datetime | None:
    """The first UTC instant from `now` on at which it is open (`now` itself while open).

    None: not in the next 400 days, which means that no hours were filled in.
    """
    if is_open(hours, now):
        return now
    for day in london.days(london.today(now), LOOK_AHEAD_DAYS):
        for start, _ in spans(hours, day):
            opening = london.at(day, start)
            if opening > now and is_open(hours, opening):
                return opening
    return None


def nearness(instant: datetime, now: datetime) -> Nearness:
    """How an instant to come is best said: "today", "tomorrow", by its weekday within a week, else by its date."""
    ahead = (london.today(instant) - london.today(now)).days
    if ahead <= 0:
        return "today"
    if ahead == 1:
        return "tomorrow"
    return "weekday" if ahead < DAYS_OF_A_WEEK else "date"
