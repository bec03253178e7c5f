"""A week of opening hours: as somebody fills it in, as it is kept, and back."""

import json
from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programme.rules import week
from programme.rules.week import Day
from programme.setting import parse_hours

CLOSED, ALL_DAY = Day("closed"), Day("all_day")


def test_a_week_with_a_break_is_kept_as_two_spans() -> None:
    monday = Day("open", "09:00", "16:00", "12:30", "13:00")
    value, wrong = week.to_value([monday, Day("open", "10:00", "00:00"), ALL_DAY, *[CLOSED] * 4])
    assert wrong == {}
    kept = json.loads(value)
    assert kept["0"] == [["09:00", "12:30"], ["13:00", "16:00"]]
    assert kept["1"] == [["10:00", "24:00"]]
    assert kept["2"] == [["00:00", "24:00"]]
    assert kept["3"] == []
    assert parse_hours(value)[1] == [(time(10), time.max)]


@pytest.mark.parametrize(
    ("day", "error"),
    [
        (Day("perhaps"), week.NotAChoiceError),
        (Day("open"), week.HoursMissingError),
        (Day("open", "09:00"), week.HoursMissingError),
        (Day("open", "nine", "16:00"), week.NotATimeError),
        (Day("open", "25:00", "26:00"), week.NotATimeError),
        (Day("open", "16:00", "09:00"), week.WrongOrderError),
        (Day("open", "09:00", "09:00"), week.WrongOrderError),
        (Day("open", "09:00", "16:00", "12:00"), week.HalfBreakError),
        (Day("open", "09:00", "16:00", "13:00", "12:00"), week.BreakOutsideError),
        (Day("open", "09:00", "16:00", "08:00", "12:00"), week.BreakOutsideError),
        (Day("open", "09:00", "16:00", "12:00", "16:00"), week.BreakOutsideError),
    ],
)
def test_what_is_wrong_is_said_at_its_day(day: Day, error: type[week.BadFactError]) -> None:
    _, wrong = week.to_value([CLOSED, day, *[CLOSED] * 5])
    assert wrong == {1: error.__doc__}


minutes = st.integers(0, 24 * 60 - 1)


@given(st.lists(minutes, min_size=2, max_size=4, unique=True).filter(lambda each: len(each) != 3).map(sorted))
def test_what_is_kept_comes_back_as_it_was_written(times: list[int]) -> None:
    written = [f"{minute // 60:02}:{minute % 60:02}" for minute in times]
    day = Day("open", written[0], written[-1], *written[1:-1])
    if day == Day("open", "00:00", "23:59"):
        day = ALL_DAY
    value, wrong = week.to_value([day] * 7)
    assert wrong == {}
    assert week.from_spans(parse_hours(value)) == (day,) * 7


def test_an_empty_week_is_closed_and_the_samples_is_open_all_day() -> None:
    assert week.from_spans({}) == (CLOSED,) * 7
    assert week.from_spans(parse_hours('{"0": [["00:00", "23:59:59.999999"]]}'))[0] == ALL_DAY
