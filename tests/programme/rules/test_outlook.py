"""Places against people: nobody is counted as short who could be placed, and nobody as placed for whom none is left."""

from datetime import date, timedelta
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from programme.rules.outlook import monday, outlook

TODAY = date(2026, 12, 2)  # a Wednesday
days = st.integers(0, 27).map(lambda number: TODAY + timedelta(days=number))


def test_week_by_week() -> None:
    weeks = outlook([(TODAY, 1), (TODAY + timedelta(days=8), 5)], [TODAY, TODAY, TODAY + timedelta(days=20)], TODAY, 4)
    assert [(week.monday, week.places, week.people, week.short) for week in weeks] == [
        (date(2026, 11, 30), 1, 2, 1),
        (date(2026, 12, 7), 5, 0, 0),
        (date(2026, 12, 14), 0, 0, 0),
        (date(2026, 12, 21), 0, 1, 0),
    ]


def test_a_place_after_the_last_day_helps_nobody() -> None:
    (week, *_) = outlook([(TODAY + timedelta(days=2), 9)], [TODAY + timedelta(days=1)], TODAY, 1)
    assert (week.places, week.short) == (9, 1)


@given(st.lists(days, max_size=4), st.lists(days, max_size=4))
def test_no_way_of_placing_people_leaves_fewer_out(places: list[date], people: list[date]) -> None:
    short = sum(week.short for week in outlook([(day, 1) for day in places], people, TODAY, 5))
    fewest = min(_left_out(order, places) for order in permutations(people))
    assert short == fewest


def _left_out(people: tuple[date, ...], places: list[date]) -> int:
    """Each takes the latest place that still suits them."""
    left = sorted(places)
    missing = 0
    for last in people:
        suits = [day for day in left if day <= last]
        if suits:
            left.remove(suits[-1])
        else:
            missing += 1
    return missing


def test_a_week_begins_on_monday() -> None:
    assert {monday(date(2026, 11, 30) + timedelta(days=number)) for number in range(7)} == {date(2026, 11, 30)}
