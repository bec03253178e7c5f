"""Small numbers: whatever is published, no sum and no difference of it stands for one to four people."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programme.rules.small_number import LEAST, NotNestedError, chain, guard, is_safe


@st.composite
def tables(draw: st.DrawFn) -> list[list[int]]:
    columns = draw(st.integers(1, 6))
    row = st.lists(st.integers(0, 40), min_size=columns, max_size=columns)
    return [sorted(each, reverse=True) for each in draw(st.lists(row, min_size=1, max_size=8))]


@given(tables())
def test_no_number_that_is_shown_and_no_step_between_two_is_small(rows: list[list[int]]) -> None:
    found = guard(rows)
    for line in (*found.rows, found.totals):
        known = [each for each in line if each is not None]
        assert all(is_safe(each) for each in known)
        assert all(is_safe(before - after) for before, after in combinations(known, 2))


@given(tables())
def test_what_is_left_of_a_total_is_of_two_groups_and_five_people_at_least(rows: list[list[int]]) -> None:
    found = guard(rows)
    for column, total in enumerate(found.totals):
        hidden = [at for at, row in enumerate(found.rows) if row[column] is None]
        if total is None or not hidden:
            continue
        left = total - sum(row[column] or 0 for row in found.rows)
        assert left == sum(rows[at][column] for at in hidden), "this is what anybody can work out"
        assert is_safe(left)
        assert len(hidden) > 1 or len(rows) == 1


@given(tables())
def test_what_is_left_of_the_step_between_two_totals_is_not_small(rows: list[list[int]]) -> None:
    found = guard(rows)
    known = [column for column, total in enumerate(found.totals) if total is not None]
    for before, after in combinations(known, 2):
        first, second = found.totals[before], found.totals[after]
        assert first is not None and second is not None
        rest = first - second
        for row in found.rows:
            one, other = row[before], row[after]
            if one is not None and other is not None:
                rest -= one - other
        assert is_safe(rest)


@given(tables())
def test_what_is_shown_is_true(rows: list[list[int]]) -> None:
    found = guard(rows)
    for row, shown in zip(rows, found.rows, strict=True):
        assert all(each is None or each == true for each, true in zip(shown, row, strict=True))
    sums = [sum(column) for column in zip(*rows, strict=True)]
    assert all(each is None or each == true for each, true in zip(found.totals, sums, strict=True))


def test_one_small_group_takes_another_one_with_it() -> None:
    assert guard([[20], [3], [9], [30]]).rows == ((20,), (None,), (None,), (30,))
    assert guard([[20], [3], [9], [30]]).totals == (62,)
    assert guard([[20], [30]]).rows == ((20,), (30,)), "nothing is hidden without need"
    assert guard([[20, 20], [30, 25]]).rows == ((20, 20), (30, 25))


def test_a_step_of_a_few_people_is_hidden() -> None:
    assert chain([40, 38, 30, 4, 0]) == (40, None, 30, None, 0)
    assert LEAST == 5


def test_columns_must_follow_from_one_another() -> None:
    with pytest.raises(NotNestedError):
        guard([[3, 4]])
    assert guard([]).totals == ()
