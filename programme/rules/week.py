"""A week of opening hours as a table that somebody fills in: each day closed, open all day, or open with one break."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Literal

from programme.rules.fact import BadFactError, NotAChoiceError
from programme.rules.hours import Span

Mode = Literal["closed", "all_day", "open"]
MODES: tuple[Mode, ...] = ("closed", "all_day", "open")
DAYS = 7
MIDNIGHT = "24:00"  # at the end of a day, as it is kept


class NotATimeError(BadFactError):
    """Write each time as hours and minutes, such as 09:00."""


class HoursMissingError(BadFactError):
    """Write when this day begins and ends."""


class WrongOrderError(BadFactError):
    """A day must end after it begins. Hours past midnight belong to the next day."""


class HalfBreakError(BadFactError):
    """A break needs both its times, or neither."""


class BreakOutsideError(BadFactError):
    """A break must lie within the day's hours."""


@dataclass(frozen=True)
class Day:
    """As it is written: times like "09:00", "" where there is none; "00:00" as the end is midnight."""

    mode: str
    begins: str = ""
    ends: str = ""
    break_begins: str = ""
    break_ends: str = ""


def to_value(week: Sequence[Day]) -> tuple[str, dict[int, str]]:
    """The week as it is kept (JSON), Monday first; and what is wrong, in words, by weekday: then it is not kept."""
    kept: dict[str, list[list[str]]] = {}
    wrong: dict[int, str] = {}
    for weekday, day in enumerate(week):
        try:
            kept[str(weekday)] = [[_written(start), _written(end, True)] for start, end in _spans(day)]
        except BadFactError as error:
            wrong[weekday] = str(error)
    return json.dumps(kept), wrong


def from_spans(weekly: Mapping[int, Sequence[Span]]) -> tuple[Day, ...]:
    """The table of a week that is kept, Monday first. Of more than one break in a day the first is shown."""
    return tuple(_day(sorted(weekly.get(weekday, ()))) for weekday in range(DAYS))


def _day(spans: Sequence[Span]) -> Day:
    if not spans:
        return Day("closed")
    begins, ends = spans[0][0], spans[-1][1]
    if len(spans) == 1 and begins == time.min and ends >= time(23, 59):
        return Day("all_day")
    rest = (f"{spans[0][1]:%H:%M}", f"{spans[1][0]:%H:%M}") if len(spans) > 1 else ("", "")
    return Day("open", f"{begins:%H:%M}", "00:00" if ends >= time(23, 59, 59) else f"{ends:%H:%M}", *rest)


def _spans(day: Day) -> list[Span]:
    if day.mode not in MODES:
        raise NotAChoiceError(NotAChoiceError.__doc__)
    if day.mode == "closed":
        return []
    if day.mode == "all_day":
        return [(time.min, time.max)]
    if not (day.begins.strip() and day.ends.strip()):
        raise HoursMissingError(HoursMissingError.__doc__)
    begins, ends = _time(day.begins), _time(day.ends)
    ends = time.max if ends == time.min else ends
    if begins >= ends:
        raise WrongOrderError(WrongOrderError.__doc__)
    if bool(day.break_begins.strip()) != bool(day.break_ends.strip()):
        raise HalfBreakError(HalfBreakError.__doc__)
    if not day.break_begins.strip():
        return [(begins, ends)]
    leaves, returns = _time(day.break_begins), _time(day.break_ends)
    if not begins < leaves < returns < ends:
        raise BreakOutsideError(BreakOutsideError.__doc__)
    return [(begins, leaves), (returns, ends)]


def _time(text: str) -> time:
    try:
        found = time.fromisoformat(text.strip())
    except ValueError:
        raise NotATimeError(NotATimeError.__doc__) from None
    if found.tzinfo is not None or found.second or found.microsecond:
        raise NotATimeError(NotATimeError.__doc__)
    return found


def _written(clock: time, end: bool = False) -> str:
    return MIDNIGHT if end and clock == time.max else f"{clock:%H:%M}"
