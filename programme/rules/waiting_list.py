"""The waiting list: who is offered a place that is free, until when it is kept, and when a worker must look."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from programme.rules import deadline, london, offer
from programme.rules.preference import Preference

LEAST = timedelta(minutes=30)  # what is kept for less is no offer


@dataclass(frozen=True)
class Waiter:
    """Somebody on the list. `besides`: courses they were offered before, and let go."""

    id: str
    deadlines: deadline.Deadlines
    wanted: Preference | None
    besides: frozenset[str]


def kept_until(
    now: datetime, hold: timedelta, starts: Sequence[datetime], limits: deadline.Deadlines
) -> datetime | None:
    """Until when a place is kept: for `hold`, never past the start or the last day to book. None: too short."""
    if limits.book_by is None or not starts:
        return None
    until = min(now + hold, *starts, london.at(limits.book_by + timedelta(days=1), time()))
    return until if until - now >= LEAST else None


def choose(waiters: Iterable[Waiter], slots: Collection[offer.Slot], now: datetime) -> list[tuple[str, str]]:
    """Who is offered which course: (waiter, course) ids. The first on the list chooses first; nobody gets two, and no
    place goes twice."""
    left = {slot.course_id: slot.places_left for slot in slots}
    found = []
    for waiter in waiters:
        free = [slot for slot in slots if left[slot.course_id] > 0]
        chosen = offer.choose(free, waiter.wanted, waiter.deadlines, now, already_shown=waiter.besides, limit=1)
        for slot in chosen.slots:
            left[slot.course_id] -= 1
            found.append((waiter.id, slot.course_id))
    return found
