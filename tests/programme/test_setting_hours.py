"""The opening hours as they are filled in: breaks, closures, England's bank holidays, and what cannot be read."""

import json
from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programme import setting
from programme.answers import Fact
from programme.rules import hours, london
from programme.setting import BadHoursError

NINE_TO_FOUR = json.dumps({str(day): [["09:00", "16:00"]] for day in range(7)})
ALWAYS = json.dumps({str(day): [["00:00", "24:00"]] for day in range(7)})


def facts(**values: str) -> dict[str, Fact]:
    return {key: Fact(value, date(2030, 1, 1)) for key, value in values.items()}


def opens(day: date, **values: str) -> datetime | None:
    """When it is open next, from that morning on."""
    return hours.next_opening(setting.opening_hours(facts(**values)), london.at(day, time(6)))


@pytest.mark.parametrize(("day", "opening"), [
    (date(2026, 12, 25), datetime(2026, 12, 29, 9, tzinfo=UTC)),  # Friday; Boxing Day is made up for on the Monday
    (date(2027, 3, 26), datetime(2027, 3, 27, 9, tzinfo=UTC)),  # Good Friday
    (date(2027, 3, 29), datetime(2027, 3, 30, 8, tzinfo=UTC)),  # Easter Monday, the day after the clocks went forward
    (date(2026, 8, 31), datetime(2026, 9, 1, 8, tzinfo=UTC)),  # the summer one of England, not Scotland's
    (date(2026, 11, 30), datetime(2026, 11, 30, 9, tzinfo=UTC)),  # Saint Andrew's is Scotland's alone
    (date(2027, 3, 17), datetime(2027, 3, 17, 9, tzinfo=UTC)),  # and Saint Patrick's Northern Ireland's
])  # fmt: skip
def test_bank_holidays_of_england_are_closed_where_the_programme_says_so(day: date, opening: datetime) -> None:
    closures = json.dumps(["2026-12-27"])  # a Sunday, closed for itself
    given = {"opening_hours": NINE_TO_FOUR, "closures": closures}
    assert opens(day, closed_on_bank_holidays="true", **given) == opening
    assert opens(day, opening_hours=NINE_TO_FOUR, closed_on_bank_holidays="false") == london.at(day, time(9))
    assert opens(day, opening_hours=NINE_TO_FOUR) == london.at(day, time(9))


@given(st.integers(2024, 2045))
def test_each_year_has_its_eight_or_more(year: int) -> None:
    days = setting.bank_holidays(year)
    assert len(days) >= 8
    assert {date(year, 12, 25), date(year, 12, 26), date(year, 1, 1)} <= days
    assert sum(day.weekday() < 5 for day in days) >= 8  # those on a weekend are made up for


def test_a_break_and_a_day_that_ends_at_midnight() -> None:
    week = json.dumps({"0": [["09:00", "12:30"], ["13:00", "24:00"]]})
    opening = setting.opening_hours(facts(opening_hours=week))
    at = [london.at(date(2026, 11, 23), time(*each)) for each in ((12, 45), (13, 0), (23, 59))]
    assert [hours.is_open(opening, each) for each in at] == [False, True, True]


@given(st.datetimes(datetime(2026, 3, 1), datetime(2027, 4, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_always_is_always(now: datetime) -> None:
    assert setting.is_open(facts(opening_hours=ALWAYS), now)


BAD = ("", "soon", "[]x", "[1]", '{"9": [["09:00", "16:00"]]}', '{"0": [["16:00", "09:00"]]}', '{"0": [["9", "x"]]}',
       '{"0": "09:00"}', '{"0": [["09:00"]]}', '{"0": [["09:00+01:00", "16:00"]]}', "null")  # fmt: skip


@pytest.mark.parametrize("value", BAD)
def test_hours_that_cannot_be_read_are_refused_and_known_by_nobody(value: str) -> None:
    with pytest.raises(BadHoursError):
        setting.parse_hours(value)
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert not setting.is_open(facts(opening_hours=value), now)
    assert hours.next_opening(setting.opening_hours(facts(opening_hours=value)), now) is None


@pytest.mark.parametrize("value", ["", "christmas", "25", '["25/12/2026"]', '{"a": 1}', "[5]"])
def test_closures_that_cannot_be_read_close_nothing(value: str) -> None:
    with pytest.raises(BadHoursError):
        setting.parse_closures(value)
    assert setting.is_open(facts(opening_hours=NINE_TO_FOUR, closures=value), datetime(2026, 12, 25, 12, tzinfo=UTC))
