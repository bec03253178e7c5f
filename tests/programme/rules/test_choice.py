"""A short answer to a list of offers means one of them, none, several, or is left to others."""

from datetime import date, time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from programme import dates
from programme.rules import choice, london
from programme.rules.choice import Choice
from programme.rules.clock_words import WEEKDAYS
from programme.rules.offer import Slot
from tests.programme.rules.slots import NOW, PLACES, lists, slot


def read(text: str, slots: list[Slot]) -> Choice:
    return choice.read(dates.plainly(text, NOW, list_shown=True), slots, PLACES)


SLOTS = [
    slot("a", "Reading", date(2026, 12, 1), time(18)),  # Tuesday
    slot("b", "Reading", date(2026, 12, 3), time(10)),  # Thursday
    slot("c", "Slough", date(2026, 12, 8), time(14)),  # Tuesday
    slot("d", "online", date(2026, 12, 8), time(18, 30)),
]


@pytest.mark.parametrize(
    ("texts", "index"),
    [
        ("first|the 1st one|1|number 1|the top one|tues 6pm|tues at 6|the 6pm one|6|1 dec|1st of december|1/12|asap"
         "|first reading one|the earlier one|the soonest|any of them|whichever|dont mind|the earlier reading one", 0),
        ("the second|2|2nd one|option 2 please|second one|ok 2|2 please mate|no, the second|thursday|thurs|10|10am"
         "|thursday at 10|the second reading one|morning|not tuesday|reading but not tuesday|the later reading one"
         "|i'll take the second one|can i do the 2nd|the reading one on thursday", 1),
        ("3|three|number 3|slough|slugh|the one in slough|2pm|the 2pm one|the afternoon one|second last", 2),
        ("last|the last one|4|four|online|online one please|6:30|6.30pm|half 6|18:30|the latest|last tuesday one"
         "|later one|online on tuesday|zoom", 3),
    ],
)  # fmt: skip
def test_one_is_meant(texts: str, index: int) -> None:
    for text in texts.split("|"):
        assert (text, read(text, SLOTS)) == (text, Choice("index", index))


@pytest.mark.parametrize(
    ("text", "indices"),
    [("tues", (0, 2, 3)), ("the reading one", (0, 1)), ("tuesday pm", (0, 2, 3)), ("1 or 2", (0, 1)), ("8th", (2, 3)),
     ("dec 8", (2, 3)), ("8/12", (2, 3)), ("not the first", (1, 2, 3)), ("in person", (0, 1, 2)),
     ("the 3rd", (1, 2)), ("not online", (0, 1, 2)), ("evening", (0, 3))],
)  # fmt: skip
def test_several_may_be_meant(text: str, indices: tuple[int, ...]) -> None:
    assert read(text, SLOTS) == Choice("ambiguous", indices=indices)


@pytest.mark.parametrize(
    "text", ["neither", "none of those", "none", "no", "no thanks", "can't do any of those", "something else", "nope"]
)
def test_none_is_meant(text: str) -> None:
    assert read(text, SLOTS) == Choice("none")


@pytest.mark.parametrize(
    "text",
    ["", "how much is it", "7", "9", "the fifth", "friday", "oxford", "im not sure", "yes", "which is closest?",
     "is the second one online?", "what time is the first one", "not sure about the second", "show me more", "🙂"],
)  # fmt: skip
def test_the_rest_is_left_to_others(text: str) -> None:
    assert read(text, SLOTS) == Choice("unread")


def test_yes_answers_a_single_offer() -> None:
    assert read("yes please", SLOTS[:1]) == Choice("index", 0)
    assert read("nah", SLOTS[:1]) == Choice("none")


@given(
    lists.filter(bool), st.text() | st.sampled_from(["2", "tues", "the reading one", "6pm", "not the first", "last"])
)
def test_whatever_is_said_the_answer_is_one_of_the_offers(slots: list[Slot], text: str) -> None:
    found = read(text, slots[:5])
    count = len(slots[:5])
    assert (found.kind == "index") == (found.index is not None)
    assert (found.kind == "ambiguous") == (len(found.indices) >= 2)
    assert found.index is None or 0 <= found.index < count
    assert all(0 <= index < count for index in found.indices)


@given(lists.filter(bool), st.integers(0, 4), st.sampled_from(["{n}", "number {n}", "{n} please", "the {word} one"]))
def test_a_number_is_that_offer(slots: list[Slot], place: int, way: str) -> None:
    assume(place < len(slots))
    word = ("first", "second", "third", "fourth", "fifth")[place]
    assert read(way.format(n=place + 1, word=word), slots[:5]) == Choice("index", place)


@given(lists.filter(bool), st.integers(0, 4))
def test_its_own_description_finds_it(slots: list[Slot], place: int) -> None:
    assume(place < len(slots))
    start = london.local(slots[place].starts[0])
    text = f"{WEEKDAYS[start.weekday()]} at {start:%H:%M}"
    found = read(text, slots[:5])
    assert place in (found.index, *found.indices)
    for index in found.indices or [found.index]:
        other = london.local(slots[index or 0].starts[0])
        assert (other.weekday(), other.minute) == (start.weekday(), start.minute)


def test_nothing_offered_nothing_chosen() -> None:
    assert read("the first", []) == Choice("unread")
