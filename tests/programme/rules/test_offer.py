"""Offers keep the deadlines, have room, fit what was asked, come soonest first, and are never more than five."""

from dataclasses import replace
from datetime import date, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from programme.rules import london, preference
from programme.rules.deadline import Deadlines
from programme.rules.offer import MOST, Slot, choose
from programme.rules.preference import Preference
from tests.programme.rules.slots import NOW, TODAY, lists, roomy, slot

WIDE = Deadlines(date(2027, 6, 1), date(2027, 6, 1))
near = st.dates(TODAY - timedelta(days=10), TODAY + timedelta(days=90))
deadlines = st.builds(Deadlines, st.none() | near, st.none() | near)
wanted = st.sampled_from([None, Preference(place="Reading"), Preference(weekend=True), Preference(online=True)])


@given(lists, wanted, deadlines, st.integers(-3, 50), st.sets(st.integers(0, 24)))
def test_each_offer_is_one_that_may_be_made(
    slots: list[Slot], wish: Preference | None, both: Deadlines, limit: int, seen: set[int]
) -> None:
    shown = {slots[number].course_id for number in seen if number < len(slots)}
    offers = choose(slots, wish, both, NOW, already_shown=shown, limit=limit)
    assert len(offers.slots) <= min(MOST, max(0, limit))
    for one in offers.slots:
        assert one in slots and one.course_id not in shown
        assert one.places_left > 0
        assert all(start > NOW for start in one.starts)
        assert both.book_by is not None and both.book_by >= TODAY
        assert both.finish_by is not None and london.today(one.starts[-1]) <= both.finish_by
        assert preference.fits(wish, one)
    firsts = [one.starts[0] for one in offers.slots]
    assert firsts == sorted(firsts)


@given(lists, wanted, deadlines, st.randoms())
def test_the_order_in_which_they_are_stored_does_not_matter(slots, wish, both, shuffler) -> None:  # type: ignore[no-untyped-def]
    mixed = list(slots)
    shuffler.shuffle(mixed)
    assert choose(mixed, wish, both, NOW) == choose(slots, wish, both, NOW)


@given(roomy, st.integers(-3, 50))
def test_never_more_than_five_and_more_is_said_truthfully(slots: list[Slot], limit: int) -> None:
    offers = choose(slots, None, WIDE, NOW, limit=limit)
    assert len(offers.slots) == min(len(slots), MOST, max(0, limit))
    assert offers.more == (len(offers.slots) < len(slots))


@given(lists | roomy, wanted)
def test_show_more_goes_through_all_of_them_once(slots: list[Slot], wish: Preference | None) -> None:
    seen: list[Slot] = []
    more = True
    while more:
        offers = choose(slots, wish, WIDE, NOW, already_shown={one.course_id for one in seen})
        assert not offers.more or len(offers.slots) == MOST
        seen += offers.slots
        more = offers.more
    fitting = [
        one for one in slots if one.places_left > 0 and min(one.starts) > NOW and preference.fits(wish, one)
    ]  # fmt: skip
    assert sorted(one.course_id for one in seen) == sorted(one.course_id for one in fitting)
    assert [one.starts[0] for one in seen] == sorted(one.starts[0] for one in seen)


@given(lists)
def test_without_a_known_deadline_nothing_is_offered(slots: list[Slot]) -> None:
    assert choose(slots, None, Deadlines(None, date(2027, 6, 1)), NOW).slots == ()
    assert choose(slots, None, Deadlines(date(2027, 6, 1), None), NOW).slots == ()
    assert choose(slots, None, Deadlines(TODAY - timedelta(days=1), date(2027, 6, 1)), NOW).slots == ()


def test_the_last_session_decides() -> None:
    course = slot("a", "Reading", date(2026, 12, 1), time(18), weeks=3)  # 1, 8 and 15 December
    assert choose([course], None, Deadlines(TODAY, date(2026, 12, 15)), NOW).slots == (course,)
    assert choose([course], None, Deadlines(TODAY, date(2026, 12, 14)), NOW).slots == ()


def test_the_last_place_is_offered_and_then_none() -> None:
    course = slot("a", "Reading", date(2026, 12, 1), time(18), left=1)
    assert choose([course], None, WIDE, NOW).slots == (course,)
    assert choose([replace(course, places_left=0)], None, WIDE, NOW).slots == ()
