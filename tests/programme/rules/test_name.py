"""Names as two people write them."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programme.rules.name import alike

names = st.lists(st.text("abcdefgh", min_size=1, max_size=7), min_size=1, max_size=4).map(" ".join)


@pytest.mark.parametrize(("one", "other"), [
    ("Alex Green", "alex  GREEN"), ("Green Alex", "Alex Green"), ("Green", "Alex Green"),
    ("Alex Green", "Alex Marie Green"), ("Alex Gren", "Alex Green"), ("Alex Geren", "Alex Green"),
    ("Jon Smith", "John Smith"), ("Zoë O'Neil", "zoe oneil"), ("Anne-Marie Lee", "Anne Marie Lee"),
    ("José Álvarez", "Jose Alvares"), ("Alex Greene", "Alex Green"),
])  # fmt: skip
def test_may_be_the_same(one: str, other: str) -> None:
    assert alike(one, other) and alike(other, one)


@pytest.mark.parametrize(("one", "other"), [
    ("Alex Green", "Alex Brown"), ("Alex Green", "Robin Green"), ("Sam Lee", "Pam Lee"), ("Green Green", "Alex Green"),
    ("Alex Green Brown", "Alex Green White"), ("", "Alex Green"), ("123 !", "Alex Green"), ("Al", "Alex Green"),
    ("Alex Grn", "Alex Green"),
])  # fmt: skip
def test_are_not_the_same(one: str, other: str) -> None:
    assert not alike(one, other) and not alike(other, one)


@given(names, names)
def test_it_makes_no_difference_who_is_asked_first(one: str, other: str) -> None:
    assert alike(one, other) == alike(other, one)


@given(names)
def test_order_is_nothing_and_a_part_is_enough(name: str) -> None:
    parts = name.split()
    assert all(alike(name, " ".join(order)) for order in permutations(parts))
    assert all(alike(name, part) for part in parts)
