"""Sessions week after week keep London's clock across its changes; holidays are left out; what cannot be is named."""

from datetime import UTC, date, datetime, time

import pytest

from programme.rules import london
from programme.rules.session import Times, courses, falls_on, wrong

NOW = datetime(2026, 10, 1, 9, tzinfo=UTC)


def test_the_clock_stays_when_the_clocks_change() -> None:
    """On 25 October 2026 and on 28 March 2027 the clocks change in England."""
    for first, before, after in ((date(2026, 10, 20), 17, 18), (date(2027, 3, 23), 18, 17)):
        found = [each[0][0] for each in courses(Times(first, time(18), 180, 1, 2))]
        assert [each.hour for each in found] == [before, after]  # UTC
        assert [london.local(each).hour for each in found] == [18, 18]


def test_the_sessions_of_a_course_are_a_week_apart_on_the_clock_too() -> None:
    (course,) = courses(Times(date(2026, 10, 20), time(18), 90, 3, 1))
    assert [london.local(starts).strftime("%d %H:%M") for starts, _ in course] == ["20 18:00", "27 18:00", "03 18:00"]
    assert {(ends - starts).total_seconds() for starts, ends in course} == {90 * 60}


def test_a_course_falls_on_a_holiday_with_any_of_its_sessions() -> None:
    found = list(courses(Times(date(2026, 12, 11), time(10), 60, 2, 3)))
    assert [falls_on(each, {date(2026, 12, 25)}) for each in found] == [False, True, True]


@pytest.mark.parametrize(
    ("times", "capacity", "fields"),
    [
        (Times(date(2026, 10, 1), time(9), 180, 1, 1), 15, {"first": "past"}),
        (
            Times(date(2026, 10, 2), time(9), 14, 0, 53),
            0,
            dict.fromkeys(("minutes", "sessions", "weeks", "capacity"), "range"),
        ),
        (Times(date(2026, 10, 2), time(9), 15, 1, 1), 1, {}),
    ],
)
def test_what_cannot_be_is_named(times: Times, capacity: int, fields: dict[str, str]) -> None:
    assert wrong(times, capacity, NOW) == fields
