"""Which courses are offered: before the deadlines, with room, as asked for, soonest first, never more than five."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from programme.rules import deadline, london, preference

MOST = 5


@dataclass(frozen=True)
class Slot:
    """A course that may be offered. `starts`: its sessions' UTC instants; `ends`: the last session's end."""

    course_id: str
    place: str
    online: bool
    step_free: bool
    starts: tuple[datetime, ...]
    ends: datetime
    places_left: int


@dataclass(frozen=True)
class Offers:
    """What to show now, and whether `show more` would show anything."""

    slots: tuple[Slot, ...]
    more: bool


def choose(
    slots: Iterable[Slot],
    wanted: preference.Preference | None,
    deadlines: deadline.Deadlines,
    now: datetime,
    *,
    already_shown: Collection[str] = (),
    limit: int = MOST,
) -> Offers:
    """The next slots to offer; `already_shown`: course ids that are left out. No slot starts at or before `now`."""
    today = london.today(now)

    def suits(slot: Slot) -> bool:
        return (
            slot.places_left > 0
            and slot.course_id not in already_shown
            and bool(slot.starts)
            and min(slot.starts) > now
            and deadline.course_fits(deadlines, [london.today(start) for start in slot.starts], today)
            and preference.fits(wanted, slot)
        )

    found = sorted(filter(suits, slots), key=lambda slot: (min(slot.starts), max(slot.starts), slot.course_id))
    shown = max(0, min(limit, MOST))
    return Offers(tuple(found[:shown]), len(found) > shown)
