"""What a person asks of a course: place, days, hours, online, access; read from their words and held against a slot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time
from typing import Any, Protocol

from programme.rules import clock_words, london, preference_words
from programme.rules.clock_words import Part

ALL_DAYS = set(range(7))
ALL_PARTS: set[Part] = {"morning", "afternoon", "evening"}
WEEKEND = frozenset({5, 6})


@dataclass(frozen=True)
class Preference:
    """All that was asked for; what is empty or None was not mentioned.

    `weekend`: Saturdays and Sundays suit at any hour, beside the `weekdays` (Monday is 0) and hours named. A
    session starts at `earliest` or later, and before `latest` (London clock times). `avoid`: places not wanted.
    `online`: True only online, False only in a room. `after`: no session before this London date. `anything`: said that
    all is fine.
    """

    place: str | None = None
    weekdays: frozenset[int] = frozenset()
    parts: frozenset[Part] = frozenset()
    weekend: bool = False
    online: bool | None = None
    step_free: bool = False
    after: date | None = None
    anything: bool = False
    avoid: frozenset[str] = frozenset()
    earliest: time | None = None
    latest: time | None = None


NOTHING = Preference()


class Fitting(Protocol):
    """What `fits` looks at; offer.Slot is one."""

    @property
    def place(self) -> str: ...
    @property
    def online(self) -> bool: ...
    @property
    def step_free(self) -> bool: ...
    @property
    def starts(self) -> tuple[datetime, ...]: ...


def read(text: str, places: Sequence[str], today: date) -> Preference | None:
    """What `text` asks for; None where it says nothing about it. `places`: the names of the venues' towns."""
    wishes = preference_words.scan(text, places, today)
    weekdays = (wishes.days or ALL_DAYS if wishes.no_days else wishes.days) - wishes.no_days
    parts = (wishes.parts or ALL_PARTS if wishes.no_parts else wishes.parts) - wishes.no_parts
    named = set(wishes.places)
    # "Reading or Slough": nowhere else.
    avoid = wishes.no_places | (set(places) if len(named) > 1 else set())
    wanted = Preference(
        place=wishes.places[0] if len(named) == 1 else None,
        weekdays=frozenset(weekdays),
        parts=frozenset(parts),
        weekend=wishes.weekend,
        online=wishes.online,
        step_free=wishes.step_free,
        after=wishes.after,
        avoid=frozenset(avoid - named),
        earliest=wishes.earliest,
        latest=wishes.latest,
    )
    if wanted != NOTHING:
        return wanted
    return Preference(anything=True) if wishes.anything or len(named) > 1 else None


def _names_times(wanted: Preference) -> bool:
    return bool(wanted.weekdays or wanted.parts or wanted.earliest or wanted.latest)


def merge(old: Preference | None, new: Preference) -> Preference:
    """`old` changed by what `new` mentions.

    New days or hours replace all the old ones, a place and online replace each other, and "anything" clears all but an
    access need, which stays until it is taken back elsewhere.
    """
    if old is None or new.anything:
        return replace(new, step_free=new.step_free or (old is not None and old.step_free))
    times = new if _names_times(new) or new.weekend else old
    where = new if new.place or new.avoid or new.online is not None else old
    kept_place = old.place if where is new and new.online is False and not new.place else where.place
    merged = Preference(
        place=None if kept_place in new.avoid else kept_place,
        weekdays=times.weekdays,
        parts=times.parts,
        weekend=times.weekend,
        online=where.online,
        step_free=old.step_free or new.step_free,
        after=new.after or old.after,
        avoid=where.avoid,
        earliest=times.earliest,
        latest=times.latest,
    )
    return replace(merged, anything=old.anything and replace(merged, step_free=False) == NOTHING)


def _time_suits(wanted: Preference, start: datetime) -> bool:
    clock = london.local(start)
    if wanted.weekend and clock.weekday() in WEEKEND:
        return True
    if not _names_times(wanted):
        return not wanted.weekend
    return (
        (not wanted.weekdays or clock.weekday() in wanted.weekdays)
        and (not wanted.parts or clock_words.part_of(clock.time()) in wanted.parts)
        and (wanted.earliest is None or clock.time() >= wanted.earliest)
        and (wanted.latest is None or clock.time() < wanted.latest)
    )


def fits(preference: Preference | None, slot: Fitting) -> bool:
    """Whether every session of the slot is what was asked for; None asks for nothing.

    Online courses need no steps. Who names a place wants a room there, unless they also said online.
    """
    if preference is None:
        return True
    return _where_suits(preference, slot) and _when_suits(preference, slot)


def _where_suits(wanted: Preference, slot: Fitting) -> bool:
    if wanted.step_free and not (slot.online or slot.step_free):
        return False
    if wanted.online is not None and wanted.online != slot.online:
        return False
    if not slot.online and slot.place in wanted.avoid:
        return False
    return wanted.place is None or wanted.online is True or slot.place == wanted.place


def _when_suits(wanted: Preference, slot: Fitting) -> bool:
    if wanted.after is not None and any(london.today(start) < wanted.after for start in slot.starts):
        return False
    return all(_time_suits(wanted, start) for start in slot.starts)


def pack(preference: Preference) -> dict[str, Any]:
    """As plain JSON, for storing."""
    return {
        "place": preference.place,
        "weekdays": sorted(preference.weekdays),
        "parts": sorted(preference.parts),
        "weekend": preference.weekend,
        "online": preference.online,
        "step_free": preference.step_free,
        "after": preference.after.isoformat() if preference.after else None,
        "anything": preference.anything,
        "avoid": sorted(preference.avoid),
        "earliest": preference.earliest.isoformat() if preference.earliest else None,
        "latest": preference.latest.isoformat() if preference.latest else None,
    }


def unpack(packed: Mapping[str, Any]) -> Preference:
    """What `pack` packed. What an older version did not pack is empty."""
    values = {field.name: packed[field.name] for field in fields(Preference) if packed.get(field.name) is not None}
    for name in ("weekdays", "parts", "avoid"):
        values[name] = frozenset(values.get(name, ()))
    for name, of in (("after", date), ("earliest", time), ("latest", time)):
        if name in values:
            values[name] = of.fromisoformat(values[name])
    return Preference(**values)
