"""Working days: Monday to Friday, without the days that are off."""

from __future__ import annotations

from collections.abc import Container
from datetime import date, timedelta

SATURDAY = 5
DAY = timedelta(days=1)


def is_working_day(day: date, off: Container[date]) -> bool:
    """Whether `day` is from Monday to Friday and not one of the days that are off."""
    return day.weekday() < SATURDAY and day not in off


def ahead(today: date, count: int, off: Container[date]) -> date:
    """The `count`th working day after today, which itself never counts. 0: today."""
    day = today
    while count > 0:
        day += DAY
        count -= is_working_day(day, off)
    return day


def between(today: date, day: date, off: Container[date]) -> int:
    """How many working days are left: those after today, up to and with `day`. Below none: none."""
    left, each = 0, today
    while each < day:
        each += DAY
        left += is_working_day(each, off)
    return left
