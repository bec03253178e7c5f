"""London's clocks and calendar, across both changes."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programme.rules import london

instants = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
dates = st.dates(date(2020, 1, 1), date(2035, 1, 1))
day_clocks = st.times(time(3), time(23, 59))


@given(instants)
def test_an_instant_survives_the_clock_outside_the_doubled_hour(now: datetime) -> None:
    clock = london.local(now)
    if clock.fold == 0:
        assert london.at(clock.date(), clock.time()) == now


@given(dates, day_clocks)
def test_at_shows_that_clock_on_that_day(day: date, clock: time) -> None:
    shown = london.local(london.at(day, clock))
    assert (shown.date(), shown.time()) == (day, clock)
    assert london.today(london.at(day, clock)) == day


@given(dates, day_clocks, st.integers(0, 60))
def test_weekly_keeps_the_clock_and_the_weekday(first: date, clock: time, count: int) -> None:
    repeats = [london.local(start) for start in london.weekly(first, clock, count)]
    assert [start.date() for start in repeats] == [first + timedelta(weeks=week) for week in range(count)]
    assert {start.time() for start in repeats} <= {clock}


def test_weekly_across_both_changes() -> None:
    spring = london.weekly(date(2027, 3, 23), time(18), 2)
    autumn = london.weekly(date(2026, 10, 20), time(18), 2)
    assert [start.hour for start in spring] == [18, 17]
    assert [start.hour for start in autumn] == [17, 18]
    assert autumn[1] - autumn[0] == timedelta(days=7, hours=1)


def test_the_doubled_and_the_skipped_hour() -> None:
    assert london.at(date(2026, 10, 25), time(1, 30)) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert london.at(date(2026, 3, 29), time(1, 30)) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_midnight_is_londons() -> None:
    assert london.today(datetime(2026, 7, 1, 23, 30, tzinfo=UTC)) == date(2026, 7, 2)
    assert london.today(datetime(2026, 12, 1, 23, 30, tzinfo=UTC)) == date(2026, 12, 1)


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(london.NaiveTimeError):
        london.today(datetime(2026, 1, 1))  # noqa: DTZ001
