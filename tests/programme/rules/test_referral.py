"""What a referral goes through: only the table changes it, and what is over stays over."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programme.rules.referral import LISTED, TRANSITIONS, Event, State, as_listed, may_book, next_state
from storage.enums import ReferralState

STATES, EVENTS = get_args(State), get_args(Event)
OVER = {"completed", "returned", "withdrawn", "closed"}
histories = st.lists(st.sampled_from(EVENTS), max_size=40)


def run(state: str, happened: list[Event]) -> str:
    for event in happened:
        state = next_state(state, event) or state
    return state


def test_the_table_names_the_states_that_are_stored_and_all_its_events() -> None:
    assert set(STATES) == set(ReferralState)
    assert {state for state, _ in TRANSITIONS} | set(TRANSITIONS.values()) == set(STATES)
    assert {event for _, event in TRANSITIONS} == set(EVENTS)


@given(st.sampled_from(sorted(OVER)), histories)
def test_what_is_over_never_comes_back_to_a_place(state: str, happened: list[Event]) -> None:
    """But for a decision that was wrong, which a worker overturns."""
    after = run(state, [event for event in happened if event != "overturn"])
    assert after in (state, "closed")
    assert not may_book(after)


@given(st.sampled_from(STATES))
def test_only_what_was_given_back_can_be_overturned(state: str) -> None:
    assert next_state(state, "overturn") == ("second_chance" if state == "returned" else None)


@given(histories)
def test_a_place_is_only_given_up_by_who_has_one(happened: list[Event]) -> None:
    state = "referred"
    for event in happened:
        before, state = state, next_state(state, event) or state
        if state == "booked" and before != "booked":
            assert event == "book" and may_book(before)
        if before == "missed" and may_book(state):
            assert event == "allow", "after a missed session only a worker opens the way to another place"


@given(histories)
def test_proving_who_one_is_takes_nothing_away(happened: list[Event]) -> None:
    state = run("referred", happened)
    after = next_state(state, "verify") or state
    assert after == state or (state in ("referred", "reached") and after == "verified")


@pytest.mark.parametrize("state", STATES)
def test_what_goes_on_can_be_ended(state: str) -> None:
    assert (next_state(state, "withdraw") == "withdrawn") is (state not in OVER)
    assert run(state, ["close"]) == "closed"


MARKS = st.lists(st.sampled_from([None, "attended", "absent", "late"]), min_size=1, max_size=4)


@given(st.sampled_from(STATES), MARKS)
def test_lists_say_the_state_of_who_holds_the_place_and_of_nobody_else(state: State, marks: list[str | None]) -> None:
    after = as_listed(state, marks)
    if state not in LISTED:
        assert after == state
    else:
        assert (after == "missed") is bool({"absent", "late"} & set(marks))
        assert (after == "completed") is (set(marks) == {"attended"})
        assert (after == "booked") is (set(marks) == {None})
        assert as_listed(after, marks) == after
        assert as_listed(after, [None] * len(marks)) == "booked", "what a list said can be taken back"


def test_what_we_cancel_costs_nobody_their_way_to_another_place() -> None:
    for state in ("booked", "attended"):
        after = next_state(state, "call_off")
        assert after is not None and may_book(after)
