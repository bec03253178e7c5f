"""The programme's facts as settings: what is empty or past its review date is not known."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cache
from typing import TypeVar

import holidays
from sqlmodel import Session, col, select

from programme.answers import Fact
from programme.rules import hours
from programme.rules.hours import Hours, Span
from programme.rules.reference import DEFAULT, Pattern
from storage.setting import Setting

SAMPLE = "sample_programme"  # is filled in where nothing is real
MOST_IN_GROUP = 12  # letters and digits
BANK_HOLIDAYS = "closed_on_bank_holidays"
YES = frozenset({"true", "yes", "on", "1"})
WEEKDAYS = frozenset(map(str, range(7)))
MIDNIGHT = "24:00"  # at the end of a day
NO_DAYS: frozenset[date] = frozenset()
Read = TypeVar("Read")


class BadHoursError(ValueError):
    """These opening hours cannot be read."""


def facts(session: Session) -> dict[str, Fact]:
    """Every setting that is filled in, with its review date."""
    rows = session.exec(select(Setting.key, Setting.value, col(Setting.review_by)))  # columns: read with every reply
    return {key: Fact(value, review_by) for key, value, review_by in rows}


def number(facts: Mapping[str, Fact], key: str, today: date) -> int | None:
    """A setting that is a whole number; None where it is empty, expired or not a number."""
    fact = facts.get(key)
    if fact is None or fact.review_by < today or not fact.value.strip().isdigit():
        return None
    return int(fact.value)


def is_on(facts: Mapping[str, Fact], key: str) -> bool:
    """Whether a setting that is yes or no says yes."""
    return key in facts and facts[key].value.strip().lower() in YES


def opening_hours(facts: Mapping[str, Fact]) -> Hours:
    """When workers are there. Settings that cannot be read are none: neither a crisis card nor a request for a person
    may fail on one."""
    weekly: dict[int, list[Span]] = _read_or(parse_hours, facts.get("opening_hours"), {})
    closures = _read_or(parse_closures, facts.get("closures"), NO_DAYS)
    return Hours(weekly, Closed(closures, bank_holidays=is_on(facts, BANK_HOLIDAYS)))


def days_off(facts: Mapping[str, Fact]) -> "Closed":
    """The days on which no session is planned: those named as closed, and bank holidays unless a setting says that
    workers are there. Nobody should be sent to a locked door since a setting was left empty."""
    said = facts[BANK_HOLIDAYS].value.strip().lower() if BANK_HOLIDAYS in facts else ""
    closures = _read_or(parse_closures, facts.get("closures"), NO_DAYS)
    return Closed(closures, bank_holidays=said == "" or said in YES)


def parse_hours(value: str) -> dict[int, list[Span]]:
    """`opening_hours` as it is written: JSON, {"0": [["09:00", "12:30"], ["13:00", "16:00"]], …}, Monday is 0; what is
    between two spans is a break, "24:00" is midnight. Raises BadHoursError."""
    try:
        return {_weekday(day): [_span(*each) for each in each_day] for day, each_day in json.loads(value).items()}
    except (ValueError, TypeError, AttributeError):
        raise BadHoursError(BadHoursError.__doc__) from None


def parse_closures(value: str) -> frozenset[date]:
    """`closures` as it is written: a JSON list of dates. Raises BadHoursError."""
    try:
        return frozenset(date.fromisoformat(day) for day in json.loads(value))
    except (ValueError, TypeError):
        raise BadHoursError(BadHoursError.__doc__) from None


def _read_or(parse: Callable[[str], Read], fact: Fact | None, otherwise: Read) -> Read:
    try:
        return parse(fact.value) if fact is not None and fact.value.strip() else otherwise
    except BadHoursError:
        return otherwise


def _weekday(day: str) -> int:
    if day not in WEEKDAYS:
        raise ValueError(day)
    return int(day)


def _span(start: str, end: str) -> Span:
    first, last = time.fromisoformat(start), time.max if end == MIDNIGHT else time.fromisoformat(end)
    if first >= last or first.tzinfo or last.tzinfo:
        raise ValueError(start)
    return first, last


@dataclass(frozen=True)
class Closed:
    """The London dates on which nobody is there: those named, and England's bank holidays where they count."""

    days: frozenset[date]
    bank_holidays: bool

    def __contains__(self, day: object) -> bool:
        if not isinstance(day, date):
            return False
        return day in self.days or (self.bank_holidays and day in bank_holidays(day.year))


@cache
def bank_holidays(year: int) -> frozenset[date]:
    """England's bank holidays of a year, those moved to a weekday and those of one year only included."""
    return frozenset(holidays.country_holidays("GB", subdiv="ENG", years=year))


def is_open(facts: Mapping[str, Fact], now: datetime) -> bool:
    """Whether it is in the workers' hours at `now`."""
    return hours.is_open(opening_hours(facts), now)


def reference_pattern(session: Session) -> Pattern:
    """How references are written: `reference_pattern` is the prefix and the sizes of the groups, "TVP 4 2".

    Also after its review date, since it is not said to anybody; the usual form where it is empty or cannot be read.
    """
    row = session.get(Setting, "reference_pattern")
    prefix, *sizes = (row.value if row else "").split() or [""]
    groups = tuple(int(size) for size in sizes if size.isdecimal() and 0 < int(size) <= MOST_IN_GROUP)
    if not (prefix.isascii() and prefix.isalpha()) or not groups or len(groups) != len(sizes):
        return DEFAULT
    return Pattern(prefix.upper(), groups)
