"""When to ring somebody: the first time in the opening hours that suits what they said is a good time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from programme.rules import hours, london, preference
from programme.rules.clock_words import NUMBERS
from programme.rules.hours import Hours
from programme.rules.preference import NOTHING, Preference

LOOK_AHEAD_DAYS = 30
STEP = timedelta(minutes=15)
LATEST = timedelta(minutes=15)  # before a span ends; nobody begins to ring at the last minute
ANYTHING = Preference(anything=True)
NOON, LATE = time(12), time(15)

AT = re.compile(
    r"(?<!\w)(?P<lead>(?:after|before|from|past|until|till|til|by|between|and|to|or|-|later than|no earlier than"
    r"|no later than|not before|not after)(?: about| around)? )?(?:at |about |around |@ ?)*"
    r"(?P<hour>\d{1,2}(?:[:.]\d\d)?\s?(?:am|pm)|\d{1,2}[:.]\d\d|(?<=at )\d{1,2})(?![\w/:-])"
)
UNIT = r"(minutes?|mins?|hours?|hrs?)"
AHEAD = re.compile(rf"\b(?:in|after) (?:about |around )?(half an|an?|one|\d{{1,3}}|[a-z]+) {UNIT}\b")
NOW = re.compile(
    r"\b(?:(?:right |straight )?(?:now|away)|immediately|asap|as soon as|soonest|soon|first available"
    r"|any ?time|whenever|all day|no preference|(?:do ?n'?t|not) (?:mind|bothered|fussed))\b"
)


@dataclass(frozen=True)
class GoodTime:
    """What somebody said of a good time. `wanted`: days and hours; `not_before`: "in an hour", an instant in UTC."""

    wanted: Preference
    not_before: datetime | None = None


@dataclass(frozen=True)
class Due:
    """`at`: when to ring, in UTC; None: nobody knows when somebody is there. `suits`: it is what they asked for."""

    at: datetime | None
    suits: bool


def read(text: str, now: datetime) -> GoodTime | None:
    """What `text` says of a good time, its days and hours put plainly (programme/dates.py); None where it says nothing.

    An hour alone means not before it: whoever says "3pm" is not rung at 2.
    """
    said = text.casefold()
    if found := AHEAD.search(said):
        ahead = _length(found[1], found[2])
        if ahead is not None:
            return GoodTime(ANYTHING, now + ahead)
    wanted = preference.read(AT.sub(_not_before, said), ())
    if wanted is not None:
        times = replace(wanted, place=None, online=None, step_free=False, avoid=frozenset(), anything=False)
        if times != NOTHING:
            return GoodTime(times)
    return GoodTime(ANYTHING) if NOW.search(said) or (wanted is not None and wanted.anything) else None


def _not_before(found: re.Match[str]) -> str:
    return found[0] if found["lead"] else f"after {found['hour']}"


def _length(number: str, unit: str) -> timedelta | None:
    minutes = 60 if unit.startswith("h") else 1
    if number == "half an":
        return timedelta(minutes=minutes / 2)
    count = 1 if number in ("a", "an") else int(number) if number.isdigit() else NUMBERS.get(number)
    return timedelta(minutes=minutes * count) if count else None


def due(said: GoodTime, opening: Hours, now: datetime) -> Due:
    """The first suitable time at or after `now`, else the nearest one that is not what they asked for."""
    begin = max(now, said.not_before or now)
    for wanted in (said.wanted, *_looser(said.wanted)):
        at = next((at for at in _times(opening, begin) if preference.fits(wanted, _Call((at,)))), None)
        if at is not None:
            return Due(at, suits=wanted == said.wanted)
    return Due(hours.next_opening(opening, begin), suits=False)


def _looser(wanted: Preference) -> Iterator[Preference]:
    """The same days, late where it was to be late; then at any hour; then the days after them; then any time."""
    any_hour = replace(wanted, parts=frozenset(), earliest=None, latest=None)
    if "evening" in wanted.parts or (wanted.earliest is not None and wanted.earliest >= NOON):
        yield replace(any_hour, earliest=LATE)
        yield replace(any_hour, earliest=NOON)
    yield any_hour
    yield from preference.nearest(wanted)
    if wanted.weekdays or wanted.weekend:
        last = {6} if wanted.weekend else wanted.weekdays
        yield Preference(weekdays=frozenset((day + 1) % 7 for day in last))
    yield NOTHING


def _times(opening: Hours, begin: datetime) -> Iterator[datetime]:
    """Times to ring at: `begin` while it is open, then each quarter of an hour within the opening hours."""
    for day in london.days(london.today(begin), LOOK_AHEAD_DAYS):
        for start, end in hours.spans(opening, day):
            first, last = london.at(day, start), london.at(day, end) - LATEST
            at = max(first, begin)
            while at <= last:
                yield at
                at += STEP - (at - first) % STEP


@dataclass(frozen=True)
class _Call:
    """A telephone call, as what preference.py holds a wish against."""

    starts: tuple[datetime, ...]
    place: str = ""
    online: bool = True
    step_free: bool = True
