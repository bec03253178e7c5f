"""Deadlines are whole London days, and both days still count."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programme.rules import deadline, london
from programme.rules.deadline import Deadlines, case_due, course_fits, is_close, state

TODAY = date(2026, 11, 23)
near = st.dates(TODAY - timedelta(days=40), TODAY + timedelta(days=120))
deadlines = st.builds(Deadlines, st.none() | near, st.none() | near)
courses = st.lists(near, max_size=5)
instants = st.datetimes(datetime(2026, 10, 1), datetime(2027, 5, 1), timezones=st.just(UTC))  # noqa: DTZ001


def test_both_days_themselves_count() -> None:
    both = Deadlines(TODAY, TODAY + timedelta(days=7))
    assert course_fits(both, [TODAY, TODAY + timedelta(days=7)], TODAY)
    assert not course_fits(both, [TODAY, TODAY + timedelta(days=8)], TODAY)
    assert not course_fits(both, [TODAY + timedelta(days=7)], TODAY + timedelta(days=1))
    assert state(both, TODAY) == "open"
    assert state(both, TODAY + timedelta(days=1)) == "past"


def test_one_that_is_over_beats_one_that_is_missing() -> None:
    assert state(Deadlines(TODAY - timedelta(days=1), None), TODAY) == "past"
    assert state(Deadlines(None, TODAY), TODAY) == "unknown"
    assert state(Deadlines(None, None), TODAY) == "unknown"


@given(deadlines, courses, near)
def test_what_fits_is_inside_both(both: Deadlines, course: list[date], today: date) -> None:
    if course_fits(both, course, today):
        assert both.book_by is not None and both.finish_by is not None
        assert today <= both.book_by
        assert course and all(today <= day <= both.finish_by for day in course)
    elif both.book_by and both.finish_by and course:
        assert today > both.book_by or max(course) > both.finish_by or min(course) < today


@given(deadlines, courses, near, st.integers(0, 30))
def test_more_time_never_takes_a_course_away(both: Deadlines, course: list[date], today: date, more: int) -> None:
    if both.book_by and both.finish_by and course_fits(both, course, today):
        later = Deadlines(both.book_by + timedelta(days=more), both.finish_by + timedelta(days=more))
        assert course_fits(later, course, today)


@given(deadlines, near)
def test_once_past_it_stays_past(both: Deadlines, today: date) -> None:
    if state(both, today) == "past":
        assert state(both, today + timedelta(days=1)) == "past"


@given(deadlines, instants)
def test_a_case_is_due_before_the_deadline_while_that_can_be(both: Deadlines, now: datetime) -> None:
    due = case_due(both, now)
    assert now <= due <= now + deadline.PATIENCE
    known = [day for day in (both.book_by, both.finish_by) if day]
    if known and due > now:
        assert london.today(due) < min(known)
    if known and now < london.at(min(known) - timedelta(days=1), time(12)):
        assert due > now


@pytest.mark.parametrize(("day", "closed", "close"), [
    (date(2026, 12, 1), (), True),  # today, a Tuesday
    (date(2026, 11, 30), (), True),  # over
    (date(2026, 12, 4), (), True),  # Friday: three working days
    (date(2026, 12, 6), (), True),  # Sunday: no more of them
    (date(2026, 12, 7), (), False),
    (date(2026, 12, 7), (date(2026, 12, 3),), True),  # a bank holiday between
])  # fmt: skip
def test_a_deadline_is_close_within_three_working_days(day: date, closed: tuple[date, ...], close: bool) -> None:
    assert is_close(day, date(2026, 12, 1), closed) is close
