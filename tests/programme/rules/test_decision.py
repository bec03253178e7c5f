"""Deciding on non-attendance: what can never be decided, whatever else is the case."""

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programme.rules.decision import Finding, Standing, blocks, findings, may_agree, may_find
from programme.rules.referral import State

FREE = Standing("missed", True, True, False, False, False, False, False, True)
ANY = st.builds(Standing, st.sampled_from(get_args(State)), *[st.booleans()] * 8)


@given(ANY)
def test_nothing_is_decided_while_a_danger_a_no_session_or_a_dispute_is_open(standing: Standing) -> None:
    if standing.danger_open or standing.no_session_open or standing.disputed_open:
        assert findings(standing) == ()


@given(ANY)
def test_who_was_not_reached_has_neither_refused_nor_stayed_away(standing: Standing) -> None:
    if not standing.reached:
        assert set(findings(standing)) <= {"not_reached"}
    else:
        assert "not_reached" not in findings(standing)


@given(ANY)
def test_only_who_said_no_has_refused(standing: Standing) -> None:
    if "refused" in findings(standing):
        assert standing.declined and standing.reached


@given(ANY)
def test_who_came_or_can_still_come_is_not_on_the_list(standing: Standing) -> None:
    if standing.state in ("attended", "completed", "returned", "withdrawn", "closed") or standing.place_ahead:
        assert findings(standing) == ()
    if not (standing.deadline_over or standing.state == "missed" or standing.declined):
        assert "time_left" in blocks(standing)


@given(ANY)
def test_there_is_something_to_find_exactly_where_nothing_is_in_the_way(standing: Standing) -> None:
    assert bool(findings(standing)) is not bool(blocks(standing))
    assert all(may_find(standing, each) is (each in findings(standing)) for each in get_args(Finding))


@given(ANY, st.sampled_from(["danger_open", "no_session_open", "disputed_open", "place_ahead"]))
def test_what_comes_up_later_takes_away_what_could_be_found_and_adds_nothing(standing: Standing, what: str) -> None:
    assert findings(replace(standing, **{what: True})) == ()


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, ("did_not_come",)),
        ({"declined": True}, ("did_not_come", "refused")),
        ({"state": "verified", "missed": False}, ("did_not_book",)),
        ({"state": "verified", "missed": False, "deadline_over": False}, ()),
        ({"state": "verified", "missed": False, "deadline_over": False, "declined": True}, ("did_not_book", "refused")),
        ({"state": "booked", "missed": False}, ()),  # their session is over, and nobody has filled in its list
        ({"state": "booked", "missed": False, "place_ahead": True}, ()),
        ({"state": "second_chance", "deadline_over": False}, ()),
        ({"state": "second_chance"}, ("did_not_come",)),
        ({"state": "referred", "reached": False, "missed": False}, ("not_reached",)),
        ({"state": "referred", "reached": False, "missed": False, "declined": True}, ("not_reached",)),
        ({"state": "referred", "reached": False, "missed": False, "deadline_over": False, "declined": True}, ()),
    ],
)
def test_what_may_be_found(changed: dict[str, object], found: tuple[str, ...]) -> None:
    assert findings(replace(FREE, **changed)) == found


@given(st.text(), st.text())
def test_nobody_agrees_with_themselves(one: str, other: str) -> None:
    assert not may_agree(one, one)
    assert may_agree(one, other) is (one != other)
