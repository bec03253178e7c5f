"""When somebody is rung: within the opening hours, as near as may be to what they said."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programme import dates
from programme.rules import good_time, hours, london
from programme.rules.good_time import ANYTHING, GoodTime
from programme.rules.hours import Hours
from programme.rules.preference import Preference

WEEK = Hours({day: [(time(9), time(12, 30)), (time(13), time(16))] for day in range(6)})
NOW = datetime(2026, 12, 1, 10, 7, tzinfo=UTC)  # a Tuesday


def rung(text: str, week: Hours = WEEK, now: datetime = NOW) -> tuple[str, bool] | None:
    """When, on London clocks, and whether it is what they asked for."""
    said = good_time.read(dates.plainly(text, now), now)
    if said is None:
        return None
    due = good_time.due(said, week, now)
    return (f"{london.local(due.at):%a %d %H:%M}" if due.at else "?", due.suits)


@pytest.mark.parametrize(("text", "when"), [
    ("any time", "Tue 01 10:07"), ("as soon as you can", "Tue 01 10:07"), ("now please", "Tue 01 10:07"),
    ("i dont mind", "Tue 01 10:07"), ("asap", "Tue 01 10:07"),
    ("at 3pm", "Tue 01 15:00"), ("3pm", "Tue 01 15:00"), ("around 3pm", "Tue 01 15:00"), ("half 2", "Tue 01 14:30"),
    ("2.30", "Tue 01 14:30"), ("after 2", "Tue 01 14:00"), ("not before 2pm", "Tue 01 14:00"),
    ("in an hour", "Tue 01 11:07"), ("in 20 minutes", "Tue 01 10:27"), ("in half an hour", "Tue 01 10:37"),
    ("in two hours", "Tue 01 12:07"),
    ("tomorrow morning", "Wed 02 09:00"), ("tomorrow at 3", "Wed 02 15:00"), ("3 o'clock tomorrow", "Wed 02 15:00"),
    ("between 1 and 3 tomorrow", "Wed 02 13:00"), ("friday after 2pm", "Fri 04 14:00"), ("monday", "Mon 07 09:00"),
    ("weekends", "Sat 05 09:00"), ("next week", "Mon 07 09:00"), ("not mornings", "Tue 01 12:00"),
    ("thursday or friday afternoon", "Thu 03 12:00"), ("half past one on thursday", "Thu 03 13:30"),
])  # fmt: skip
def test_a_good_time_in_peoples_words(text: str, when: str) -> None:
    assert rung(text) == (when, True)


@pytest.mark.parametrize(("text", "when"), [
    ("sunday", "Mon 07 09:00"), ("after 5", "Tue 01 15:00"), ("evenings", "Tue 01 15:00"), ("tonight", "Tue 01 15:00"),
    ("6 december", "Mon 07 09:00"),
])  # fmt: skip
def test_what_is_outside_the_hours_gets_what_is_nearest_and_is_said_to_be_that(text: str, when: str) -> None:
    assert rung(text) == (when, False)


@pytest.mark.parametrize(
    "text",
    ["my mum says hi", "reading", "07700 900123", "why", "who will ring me", "yesterday", "in 2 and a half hours"],
)
def test_what_names_no_time(text: str) -> None:
    assert rung(text) is None


def test_without_opening_hours_nobody_knows_when() -> None:
    assert rung("tomorrow", Hours({})) == ("?", False)


clocks = st.times().map(lambda clock: clock.replace(minute=clock.minute // 15 * 15, second=0, microsecond=0))
weeks = st.builds(
    Hours,
    st.dictionaries(st.integers(0, 6), st.lists(st.tuples(clocks, clocks), max_size=2), min_size=1),
    st.frozensets(st.dates(date(2026, 10, 20), date(2026, 11, 5)), max_size=4),
)
instants = st.datetimes(datetime(2026, 10, 20), datetime(2026, 11, 5), timezones=st.just(UTC))  # noqa: DTZ001
wishes = st.builds(
    Preference,
    weekdays=st.frozensets(st.integers(0, 6)),
    parts=st.frozensets(st.sampled_from(["morning", "afternoon", "evening"])),
    weekend=st.booleans(),
    earliest=st.none() | clocks,
    latest=st.none() | clocks,
)
later = st.none() | st.integers(0, 300).map(lambda minutes: NOW + timedelta(minutes=minutes))


@given(weeks, instants, st.just(ANYTHING) | wishes, st.integers(0, 600))
def test_it_is_never_in_the_past_nor_while_nobody_is_there(
    week: Hours, now: datetime, wanted: Preference, minutes: int
) -> None:
    begin = now + timedelta(minutes=minutes)
    due = good_time.due(GoodTime(wanted, begin), week, now)
    if due.at is None:
        assert hours.next_opening(week, begin) is None
        return
    assert due.at >= begin >= now
    assert hours.is_open(week, due.at)


@given(weeks, instants)
def test_any_time_is_the_next_one(week: Hours, now: datetime) -> None:
    due = good_time.due(GoodTime(ANYTHING), week, now)
    opening = hours.next_opening(week, now)
    assert (due.at is None) == (opening is None)
    if due.suits and due.at and opening:
        assert opening <= due.at <= opening + timedelta(days=good_time.LOOK_AHEAD_DAYS)
