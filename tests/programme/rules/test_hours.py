"""Opening hours are London clock times, whatever the season."""

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from programme.rules import london
from programme.rules.hours import Hours, is_open, nearness, next_opening, spans

NINE_TO_FOUR = {day: [(time(9), time(16))] for day in range(6)}
clocks = st.times().map(lambda clock: clock.replace(second=0, microsecond=0))
hours = st.builds(
    Hours,
    st.dictionaries(st.integers(0, 6), st.lists(st.tuples(clocks, clocks), max_size=4)),
    st.frozensets(st.dates(date(2026, 10, 20), date(2026, 11, 5))),
)
instants = st.datetimes(datetime(2026, 10, 20), datetime(2026, 11, 5), timezones=st.just(UTC))  # noqa: DTZ001


@given(hours, instants)
def test_the_next_opening_is_open_and_nothing_before_it_is(week: Hours, now: datetime) -> None:
    opening = next_opening(week, now)
    if opening is None:
        assert not is_open(week, now)
        return
    assert opening >= now and is_open(week, opening)
    assert opening == now or not is_open(week, now)
    gap = (opening - now) / 40
    assert not any(is_open(week, now + gap * step) for step in range(40) if gap)


@given(hours, instants)
def test_a_closed_day_is_closed(week: Hours, now: datetime) -> None:
    assert not (london.today(now) in week.closures and is_open(week, now))


def test_the_end_is_exclusive_and_the_start_is_not() -> None:
    week = Hours(NINE_TO_FOUR)
    monday = date(2026, 11, 23)
    assert is_open(week, london.at(monday, time(9)))
    assert is_open(week, london.at(monday, time(15, 59)))
    assert not is_open(week, london.at(monday, time(16)))
    assert not is_open(week, london.at(monday - timedelta(days=1), time(12)))


def test_over_a_weekend_a_holiday_and_a_clock_change() -> None:
    week = Hours(NINE_TO_FOUR, frozenset({date(2026, 10, 26)}))
    saturday = london.at(date(2026, 10, 24), time(17))
    assert next_opening(week, saturday) == datetime(2026, 10, 27, 9, tzinfo=UTC)
    assert next_opening(Hours(NINE_TO_FOUR), london.at(date(2026, 10, 23), time(17))) == datetime(
        2026, 10, 24, 8, tzinfo=UTC
    )


def test_without_hours_there_is_no_next_opening() -> None:
    assert next_opening(Hours({}), datetime(2026, 11, 1, tzinfo=UTC)) is None


WITH_BREAK = Hours({day: [(time(13), time(16)), (time(9), time(12, 30))] for day in range(5)})
DAY = date(2026, 11, 23)  # a Monday


def test_a_break_is_closed_and_ends() -> None:
    assert spans(WITH_BREAK, DAY) == [(time(9), time(12, 30)), (time(13), time(16))]
    assert [is_open(WITH_BREAK, london.at(DAY, time(*at))) for at in ((12, 29), (12, 30), (12, 59), (13, 0))] == [
        True,
        False,
        False,
        True,
    ]
    assert next_opening(WITH_BREAK, london.at(DAY, time(12, 30))) == london.at(DAY, time(13))


@given(hours, instants)
def test_it_is_open_exactly_in_the_spans_of_the_day(week: Hours, now: datetime) -> None:
    clock = london.local(now)
    within = any(start <= clock.time() < end for start, end in spans(week, clock.date()))
    assert is_open(week, now) == within


@given(hours, st.dates(date(2026, 10, 21), date(2026, 11, 4)))
def test_spans_are_in_order_and_none_is_empty(week: Hours, day: date) -> None:
    found = spans(week, day)
    assert found == sorted(found) and all(start < end for start, end in found)
    assert not (found and day in week.closures)


@given(st.integers(0, 60), st.times(), st.times())
def test_how_near_it_is_depends_on_londons_days_alone(ahead: int, now: time, then: time) -> None:
    """Over the night in which the clocks go back, too."""
    start = date(2026, 10, 20)
    said = nearness(london.at(start + timedelta(days=ahead), then), london.at(start, now))
    assert said == ("today" if ahead == 0 else "tomorrow" if ahead == 1 else "weekday" if ahead < 7 else "date")
