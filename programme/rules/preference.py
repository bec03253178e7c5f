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
    `online`: True only online, False only in a room. `after`: no session before this London date; `until`: none later.
    `dates`: the first session is on one of these days, (first, last) each; `not_on`: no session is. `anything`: said
    that all is fine.
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
    until: date | None = None
    dates: tuple[tuple[date, date], ...] = ()
    not_on: tuple[tuple[date, date], ...] = ()


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


def read(text: str, places: Sequence[str]) -> Preference | None:
    """What `text` asks for, its days and hours put plainly (programme/dates.py); None where it says nothing about it.

    `places`: the names of the venues' towns.
    """
    wishes = preference_words.scan(text, places)
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
        until=wishes.until,
        dates=tuple(sorted(set(wishes.dates))),
        not_on=tuple(sorted(set(wishes.no_dates))),
    )
    if wanted != NOTHING:
        return wanted
    return Preference(anything=True) if wishes.anything or len(named) > 1 else None


def _names_times(wanted: Preference) -> bool:
    return bool(wanted.weekdays or wanted.parts or wanted.earliest or wanted.latest)


def merge(old: Preference | None, new: Preference) -> Preference:
    """`old` changed by what `new` mentions.

    New days or hours replace all the old ones, a place and online replace each other, and "anything" clears all but an
    access need, which stays until it is taken back elsewhere. A weekday or an hour narrows an older stretch of dates
    ("next week", then "Tuesday") and takes the place of a single one; a new date takes the place of older weekdays.
    """
    if old is None or new.anything:
        return replace(new, step_free=new.step_free or (old is not None and old.step_free))
    times = new if _names_times(new) or new.weekend else old
    where = new if new.place or new.avoid or new.online is not None else old
    kept_place = old.place if where is new and new.online is False and not new.place else where.place
    narrowed = times is new and new != old
    dates = tuple(days for days in old.dates if days not in new.not_on and not (narrowed and days[0] == days[1]))
    merged = Preference(
        place=None if kept_place in new.avoid else kept_place,
        weekdays=times.weekdays if times is new or not new.dates else frozenset(),
        parts=times.parts,
        weekend=times.weekend,
        online=where.online,
        step_free=old.step_free or new.step_free,
        after=new.after or old.after,
        avoid=where.avoid,
        earliest=times.earliest,
        latest=times.latest,
        until=new.until or old.until,
        dates=new.dates or dates,
        not_on=tuple(sorted({*old.not_on, *new.not_on} - set(new.dates))),
    )
    return replace(merged, anything=old.anything and replace(merged, step_free=False) == NOTHING)


def nearest(wanted: Preference) -> tuple[Preference, ...]:
    """What to try where nothing is free on the dates asked for, the nearest first; empty where no date was."""
    if not wanted.dates and wanted.until is None:
        return ()
    loose = replace(wanted, dates=(), until=None)
    begins = [first for first, _ in wanted.dates]
    on = max([min(begins), *([wanted.after] if wanted.after else [])]) if begins else wanted.after
    return (replace(loose, after=on), loose)


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
    days = [london.today(start) for start in slot.starts]
    if wanted.after is not None and min(days) < wanted.after:
        return False
    if wanted.until is not None and max(days) > wanted.until:
        return False
    if wanted.dates and not any(first <= min(days) <= last for first, last in wanted.dates):
        return False
    if any(first <= day <= last for day in days for first, last in wanted.not_on):
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
        "until": preference.until.isoformat() if preference.until else None,
        "dates": [[first.isoformat(), last.isoformat()] for first, last in preference.dates],
        "not_on": [[first.isoformat(), last.isoformat()] for first, last in preference.not_on],
    }


def unpack(packed: Mapping[str, Any]) -> Preference:
    """What `pack` packed. What an older version did not pack is empty."""
    values = {field.name: packed[field.name] for field in fields(Preference) if packed.get(field.name) is not None}
    for name in ("weekdays", "parts", "avoid"):
        values[name] = frozenset(values.get(name, ()))
    for name in ("dates", "not_on"):
        pairs = values.get(name, ())
        values[name] = tuple((date.fromisoformat(first), date.fromisoformat(last)) for first, last in pairs)
    for name, of in (("after", date), ("until", date), ("earliest", time), ("latest", time)):
        if name in values:
            values[name] = of.fromisoformat(values[name])
    return Preference(**values)
