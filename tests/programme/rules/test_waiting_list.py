"""Whom a free place is offered, until when it is kept: in order, once, never past the start or the last day to book."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programme.rules.deadline import Deadlines
from programme.rules.offer import Slot
from programme.rules.preference import Preference
from programme.rules.waiting_list import Waiter, choose, kept_until

NOW = datetime(2026, 12, 1, 10, tzinfo=UTC)
DAY = timedelta(days=1)
LIMITS = Deadlines(date(2026, 12, 20), date(2027, 1, 20))


def slot(name: str, free: int, in_days: int = 5, place: str = "Reading") -> Slot:
    starts = NOW + DAY * in_days
    return Slot(name, place, False, True, (starts,), starts + timedelta(hours=3), free)


def waiter(name: str, wanted: Preference | None = None, *besides: str, limits: Deadlines = LIMITS) -> Waiter:
    return Waiter(name, limits, wanted, frozenset(besides))


def test_the_first_on_the_list_chooses_first_and_no_place_goes_twice() -> None:
    waiters = [waiter("a"), waiter("b"), waiter("c")]
    assert choose(waiters, [slot("later", 1, 6), slot("sooner", 1, 5)], NOW) == [("a", "sooner"), ("b", "later")]


def test_who_does_not_want_it_does_not_keep_it_from_the_next() -> None:
    waiters = [waiter("a", Preference(place="Slough")), waiter("b", None, "one"), waiter("c")]
    assert choose(waiters, [slot("one", 1)], NOW) == [("c", "one")]


def test_nothing_past_the_last_day() -> None:
    late = waiter("a", limits=Deadlines(date(2026, 12, 20), date(2026, 12, 5)))
    assert choose([late], [slot("one", 9, in_days=5)], NOW) == []
    assert choose([late], [slot("one", 9, in_days=4)], NOW) == [("a", "one")]


@given(st.lists(st.integers(0, 3), max_size=5), st.integers(0, 8))
def test_never_more_than_there_are(free: list[int], people: int) -> None:
    slots = [slot(str(number), each, number + 1) for number, each in enumerate(free)]
    found = choose([waiter(str(number)) for number in range(people)], slots, NOW)
    assert [who for who, _ in found] == [str(number) for number in range(min(people, sum(free)))]
    assert all([course for _, course in found].count(each.course_id) <= each.places_left for each in slots)


@pytest.mark.parametrize(
    ("hold", "starts", "book_by", "until"),
    [
        (24, NOW + DAY * 5, date(2026, 12, 20), NOW + DAY),
        (24, NOW + timedelta(hours=3), date(2026, 12, 20), NOW + timedelta(hours=3)),
        (24, NOW + DAY * 5, date(2026, 12, 1), datetime(2026, 12, 2, tzinfo=UTC)),
        (24, NOW + timedelta(minutes=29), date(2026, 12, 20), None),
        (24, NOW + DAY * 5, None, None),
    ],
)
def test_until_when(hold: int, starts: datetime, book_by: date | None, until: datetime | None) -> None:
    assert kept_until(NOW, timedelta(hours=hold), [starts], Deadlines(book_by, date(2027, 1, 1))) == until
