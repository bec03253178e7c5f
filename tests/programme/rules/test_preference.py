"""What people ask of a course is read from their words, and held against each session of it."""

import json
from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programme import dates
from programme.rules import london, preference
from programme.rules.clock_words import WEEKDAYS
from programme.rules.offer import Slot
from programme.rules.preference import ALL_PARTS, NOTHING, Preference, fits, merge
from tests.programme.rules.slots import NOW, PLACES, TODAY, made_up, slot

days = st.dates(TODAY, TODAY + timedelta(days=60))
stretches = st.tuples(days, st.integers(0, 9)).map(lambda pair: (pair[0], pair[0] + timedelta(days=pair[1])))
wishes = st.builds(
    Preference,
    place=st.none() | st.sampled_from(PLACES),
    weekdays=st.frozensets(st.integers(0, 6)),
    parts=st.frozensets(st.sampled_from(sorted(ALL_PARTS))),
    weekend=st.booleans(),
    online=st.none() | st.booleans(),
    step_free=st.booleans(),
    after=st.none() | st.dates(TODAY, TODAY + timedelta(days=60)),
    avoid=st.frozensets(st.sampled_from(PLACES), max_size=2),
    earliest=st.none() | st.times(time(7), time(20)),
    latest=st.none() | st.times(time(9), time(22)),
    until=st.none() | st.dates(TODAY, TODAY + timedelta(days=60)),
    dates=st.lists(stretches, max_size=2, unique=True).map(sorted).map(tuple),
    not_on=st.lists(stretches, max_size=2, unique=True).map(sorted).map(tuple),
).filter(lambda wish: wish.place not in wish.avoid and not set(wish.dates) & set(wish.not_on))

LIMITS = ["weekdays", "parts", "earliest", "latest", "after", "until", "dates", "not_on", "place", "online"]


def read(text: str) -> Preference | None:
    return preference.read(dates.plainly(text, NOW), PLACES)


MORNING, EVENING, LATE = frozenset({"morning"}), frozenset({"evening"}), frozenset({"afternoon", "evening"})


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("evenings in reading", {"parts": EVENING, "place": "Reading"}),
        ("evnings in redding", {"parts": EVENING, "place": "Reading"}),
        ("any", {"anything": True}), ("dont mind", {"anything": True}), ("I don’t mind", {"anything": True}),
        ("whatever you have", {"anything": True}), ("asap", {"anything": True}), ("no preference", {"anything": True}),
        ("weekends only", {"weekend": True}), ("evenings or weekends", {"weekend": True, "parts": EVENING}),
        ("weekend mornings", {"weekdays": {5, 6}, "parts": MORNING}),
        ("mornings at the weekend", {"weekdays": {5, 6}, "parts": MORNING}),
        ("not weekends", {"weekdays": {0, 1, 2, 3, 4}}), ("weekdays", {"weekdays": {0, 1, 2, 3, 4}}),
        ("not mondays", {"weekdays": {1, 2, 3, 4, 5, 6}}), ("mondays are no good", {"weekdays": {1, 2, 3, 4, 5, 6}}),
        ("i work mondays", {"weekdays": {1, 2, 3, 4, 5, 6}}),
        ("anything but fridays", {"weekdays": {0, 1, 2, 3, 5, 6}}),
        ("i cant do mondays, evenings are best", {"weekdays": {1, 2, 3, 4, 5, 6}, "parts": EVENING}),
        ("tues or thurs pm", {"weekdays": {1, 3}, "parts": LATE}), ("mon-fri", {"weekdays": {0, 1, 2, 3, 4}}),
        ("monday to thursday evenings", {"weekdays": {0, 1, 2, 3}, "parts": EVENING}),
        ("online pls", {"online": True}), ("on zoom", {"online": True}), ("from home", {"online": True}),
        ("not online", {"online": False}), ("in person", {"online": False}), ("i dont want online", {"online": False}),
        ("online not in person", {"online": True}), ("face to face please", {"online": False}),
        ("wheelchair", {"step_free": True}), ("i cant do stairs", {"step_free": True}),
        ("after 6", {"earliest": time(18)}), ("after 6:30pm", {"earliest": time(18, 30)}),
        ("before 12", {"latest": time(12)}), ("between 10 and 2", {"earliest": time(10), "latest": time(14)}),
        ("after work", {"parts": EVENING}), ("6pm", {"parts": EVENING}),
        ("milton keynes", {"place": "Milton Keynes"}), ("mk", {"place": "Milton Keynes"}),
        ("wycombe", {"place": "High Wycombe"}), ("oxfrod", {"place": "Oxford"}), ("sluogh", {"place": "Slough"}),
        ("not in slough", {"avoid": {"Slough"}}), ("anywhere but slough", {"avoid": {"Slough"}}),
        ("reading or slough", {"avoid": {"Milton Keynes", "High Wycombe", "Oxford"}}),
        ("after 3 december", {"after": date(2026, 12, 4)}), ("from 1 dec", {"after": date(2026, 12, 1)}),
        ("after the 10th", {"after": date(2026, 12, 11)}), ("in 2 weeks", {"after": date(2026, 12, 7)}),
        ("next week", {"dates": ((date(2026, 11, 30), date(2026, 12, 6)),)}),
        ("in january", {"dates": ((date(2027, 1, 1), date(2027, 1, 31)),)}),
    ],
)  # fmt: skip
def test_reads_what_people_ask(text: str, wanted: dict[str, Any]) -> None:
    assert read(text) == Preference(**wanted)


@pytest.mark.parametrize(
    "text",
    ["", "hello", "how much is it", "yes", "no", "i dont know", "maybe", "its too far", "what time does it start",
     "its a bit tough though", "i dont need a wheelchair", "im ready", "4f7k92", "my number is 07700 900123"],
)  # fmt: skip
def test_reads_nothing_into_other_words(text: str) -> None:
    assert read(text) is None


@given(st.sampled_from(PLACES), st.integers(0, 6), st.sampled_from(sorted(ALL_PARTS)), st.booleans())
def test_reads_each_day_part_and_place(place: str, day: int, part: str, shouted: bool) -> None:
    text = f"{WEEKDAYS[day]} {part}s in {place}"
    found = read(text.upper() if shouted else text)
    assert found == Preference(place=place, weekdays=frozenset({day}), parts=frozenset({part}))  # type: ignore[arg-type]


@given(st.text())
def test_any_text_is_read_without_an_error(text: str) -> None:
    found = read(text)
    assert found is None or found.place is None or found.place in PLACES


@given(wishes)
def test_merging_with_itself_or_nothing_changes_nothing(wish: Preference) -> None:
    assert merge(wish, wish) == wish
    assert merge(wish, NOTHING) == wish
    assert merge(None, wish) == wish


@given(wishes, wishes)
def test_merging_keeps_what_is_new_and_never_an_access_need_less(old: Preference, new: Preference) -> None:
    merged = merge(old, new)
    assert merged.step_free == (old.step_free or new.step_free)
    assert new.place is None or merged.place == new.place
    assert new.online is None or merged.online == new.online
    assert not new.weekdays or merged.weekdays == new.weekdays
    assert not new.dates or merged.dates == new.dates
    assert new.until is None or merged.until == new.until
    assert not set(merged.dates) & set(merged.not_on)
    assert merged.place not in merged.avoid


def test_anything_clears_all_but_access() -> None:
    old = Preference(place="Reading", weekdays=frozenset({1}), step_free=True, after=date(2027, 1, 1))
    assert merge(old, Preference(anything=True)) == Preference(anything=True, step_free=True)


@given(wishes)
def test_packed_and_unpacked_it_is_the_same(wish: Preference) -> None:
    assert preference.unpack(json.loads(json.dumps(preference.pack(wish)))) == wish


def test_what_an_older_version_packed_still_opens() -> None:
    assert preference.unpack({"place": "Reading", "gone": 1}) == Preference(place="Reading")


@given(made_up)
def test_who_asks_for_nothing_gets_everything(one: Slot) -> None:
    assert fits(None, one) and fits(NOTHING, one) and fits(Preference(anything=True), one)


@given(wishes, made_up)
def test_what_fits_is_what_was_asked_for(wish: Preference, one: Slot) -> None:
    if not fits(wish, one):
        return
    assert not wish.step_free or one.step_free or one.online
    assert wish.online in (None, one.online)
    assert wish.place in (None, one.place) or wish.online
    assert one.place not in wish.avoid
    for start in map(london.local, one.starts):
        assert wish.after is None or start.date() >= wish.after
        assert wish.until is None or start.date() <= wish.until
        assert not any(first <= start.date() <= last for first, last in wish.not_on)
        if not (wish.weekend and start.weekday() >= 5):
            assert not wish.weekdays or start.weekday() in wish.weekdays
            assert wish.earliest is None or start.time() >= wish.earliest
            assert wish.latest is None or start.time() < wish.latest


@given(
    wishes,
    made_up,
    st.sampled_from(
        ["weekdays", "parts", "earliest", "latest", "after", "place", "online", "until", "dates", "not_on"]
    ),
)
def test_asking_for_less_never_loses_a_slot(wish: Preference, one: Slot, dropped: str) -> None:
    loose = Preference(**{**vars(wish), dropped: getattr(NOTHING, dropped)})
    if fits(wish, one) and not wish.weekend and not (dropped == "online" and wish.place):
        assert fits(loose, one)


def test_evenings_or_weekends_means_either() -> None:
    wish = read("evenings or weekends")
    assert fits(wish, slot("a", "Reading", date(2026, 11, 28), time(10)))  # Saturday
    assert fits(wish, slot("b", "Reading", date(2026, 11, 26), time(18)))
    assert not fits(wish, slot("c", "Reading", date(2026, 11, 26), time(10)))


def test_an_evening_stays_an_evening_after_the_clocks_change() -> None:
    wish = Preference(earliest=time(18), latest=time(18, 1))
    assert fits(wish, slot("a", "Reading", date(2026, 10, 20), time(18), weeks=3))
    assert fits(wish, slot("b", "Reading", date(2027, 3, 23), time(18), weeks=3))


def test_each_session_has_to_suit() -> None:
    course = slot("a", "Reading", date(2026, 12, 1), time(18), weeks=3)  # 1, 8 and 15 December
    mixed = replace(course, starts=(*course.starts[:2], london.at(date(2026, 12, 15), time(10))))
    assert fits(Preference(parts=EVENING), course)
    assert not fits(Preference(parts=EVENING), mixed)
    assert not fits(Preference(after=date(2026, 12, 2)), course)
    assert fits(Preference(after=date(2026, 12, 1)), course)


def test_the_hour_named_is_in_after_and_out_before() -> None:
    noon = slot("a", "Reading", date(2026, 12, 5), time(12))  # a Saturday
    assert fits(Preference(earliest=time(12)), noon)
    assert not fits(Preference(latest=time(12)), noon)
    assert fits(Preference(latest=time(12, 1)), noon)


def test_a_weekend_suits_at_any_hour_only_who_said_weekends() -> None:
    saturday = slot("a", "Reading", date(2026, 12, 5), time(10))
    assert not fits(Preference(parts=EVENING), saturday)
    assert not fits(Preference(weekdays=frozenset({0})), saturday)
    assert fits(Preference(weekend=True), saturday)
    assert not fits(Preference(weekend=True), slot("b", "Reading", date(2026, 12, 4), time(10)))


def test_who_names_a_place_is_not_sent_online_nor_elsewhere() -> None:
    online, oxford = (slot("a", place, date(2026, 12, 5), time(10)) for place in ("online", "Oxford"))
    assert not fits(Preference(place="Reading"), online)
    assert not fits(Preference(place="Reading"), oxford)
    assert fits(Preference(place="Reading", online=True), online)
    assert fits(Preference(step_free=True), online)
    assert not fits(Preference(step_free=True), oxford)
