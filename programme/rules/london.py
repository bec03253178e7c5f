"""London time: every date a person sees is a London date, every instant that is stored is UTC."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/London")
WEEK = timedelta(days=7)


class NaiveTimeError(ValueError):
    """An instant came without a time zone."""


def local(now: datetime) -> datetime:
    """The instant on a London clock. Raises NaiveTimeError for an instant without a zone."""
    if now.utcoffset() is None:
        raise NaiveTimeError
    return now.astimezone(ZONE)


def today(now: datetime) -> date:
    """The London calendar date at this instant."""
    return local(now).date()


def at(day: date, clock: time) -> datetime:
    """The UTC instant when London clocks show `clock` on `day`.

    An hour that happens twice (October) means its first time; one that is skipped (March) moves an hour later.
    """
    return datetime.combine(day, clock.replace(tzinfo=None, fold=0), ZONE).astimezone(UTC)


def weekly(first: date, clock: time, count: int) -> tuple[datetime, ...]:
    """`count` UTC instants, a week apart on London's calendar and at the same time on its clocks."""
    return tuple(at(first + WEEK * week, clock) for week in range(count))


def days(first: date, count: int) -> Iterator[date]:
    """`count` dates in a row, the first included."""
    return (first + timedelta(days=step) for step in range(count))
