"""When a worker is there: opening hours by weekday in London time, and days that are closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time

from programme.rules import london

LOOK_AHEAD_DAYS = 400


@dataclass(frozen=True)
class Hours:
    """`weekly`: weekday (Monday is 0) to spans of London time, end exclusive; `closures`: dates that are closed."""

    weekly: Mapping[int, Sequence[tuple[time, time]]]
    closures: frozenset[date] = field(default_factory=frozenset)


def _spans(hours: Hours, day: date) -> list[tuple[time, time]]:
    if day in hours.closures:
        return []
    return sorted(span for span in hours.weekly.get(day.weekday(), ()) if span[0] < span[1])


def is_open(hours: Hours, now: datetime) -> bool:
    """Whether a worker is there at `now`."""
    clock = london.local(now)
    return any(start <= clock.time() < end for start, end in _spans(hours, clock.date()))


def next_opening(hours: Hours, now: datetime) -> datetime | None:
    """The first UTC instant from `now` on at which it is open (`now` itself while open).

    None: not in the next 400 days, which means that no hours were filled in.
    """
    if is_open(hours, now):
        return now
    for day in london.days(london.today(now), LOOK_AHEAD_DAYS):
        for start, _ in _spans(hours, day):
            opening = london.at(day, start)
            if opening > now and is_open(hours, opening):
                return opening
    return None
