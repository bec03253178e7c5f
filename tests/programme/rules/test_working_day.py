"""Working days around weekends and days that are off."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programme.rules import working_day
from programme.setting import Closed

FRIDAY = date(2026, 12, 4)
ENGLAND = Closed(frozenset(), bank_holidays=True)


@pytest.mark.parametrize(
    ("today", "count", "day"),
    [
        (FRIDAY, 0, FRIDAY),
        (FRIDAY, 1, date(2026, 12, 7)),
        (FRIDAY, 3, date(2026, 12, 9)),
        (date(2026, 12, 5), 1, date(2026, 12, 7)),
        (date(2026, 12, 1), 3, date(2026, 12, 4)),
        (date(2026, 12, 24), 1, date(2026, 12, 29)),  # Boxing Day is on a Saturday: Monday the 28th is off
        (date(2027, 3, 25), 1, date(2027, 3, 30)),  # Easter
    ],
)
def test_the_days_ahead(today: date, count: int, day: date) -> None:
    assert working_day.ahead(today, count, ENGLAND) == day


@given(st.dates(date(2020, 1, 1), date(2035, 1, 1)), st.integers(1, 20))
def test_what_is_so_many_days_ahead_is_so_many_days_away(today: date, count: int) -> None:
    day = working_day.ahead(today, count, ENGLAND)
    assert working_day.is_working_day(day, ENGLAND)
    assert working_day.between(today, day, ENGLAND) == count
    assert working_day.between(today, day - timedelta(days=1), ENGLAND) == count - 1


def test_a_day_that_is_over_is_none_away() -> None:
    assert working_day.between(FRIDAY, date(2026, 12, 1), ENGLAND) == 0
