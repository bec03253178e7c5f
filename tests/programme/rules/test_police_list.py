"""The lists for the police: each row once, what is taken back once, and a file that runs nothing."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programme.rules.police_list import ALWAYS, FIELDS, UnknownFieldError, due, read_fields, written


@given(st.lists(st.booleans(), min_size=1, max_size=30))
def test_whatever_comes_and_goes_what_the_police_hold_is_what_stood_when_a_list_was_signed(days: list[bool]) -> None:
    """Each day something stands or not, and a list is signed."""
    went, taken_back, rows = False, False, []
    for stands in days:
        row = due(went, taken_back, stands)
        if row is not None:
            rows.append(row)
            went, taken_back = True, row == "take_back"
        assert (went and not taken_back) is stands
        assert due(went, taken_back, stands) is None, "it goes once"
    assert rows.count("new") == any(days)
    assert all(rows[at] != rows[at + 1] for at in range(len(rows) - 1))


def test_columns_are_read_in_their_order_and_only_those_that_there_are() -> None:
    assert read_fields("Outcome, reference,outcome, date of birth") == ("outcome", "reference", "date_of_birth")
    assert read_fields(" , ") == ()
    with pytest.raises(UnknownFieldError):
        read_fields("reference, what_they_said")


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@given(st.lists(st.fixed_dictionaries(dict.fromkeys(FIELDS, cells)), max_size=5))
def test_what_is_written_reads_back_and_no_cell_is_a_formula(rows: list[dict[str, str]]) -> None:
    read = list(csv.DictReader(io.StringIO(written(FIELDS, rows), newline="")))
    assert len(read) == len(rows)
    for row, back in zip(rows, read, strict=True):
        assert list(back) == [*ALWAYS, *FIELDS]
        for name in FIELDS:
            assert back[name].removeprefix("'") == row[name].removeprefix("'")
            assert not back[name].startswith(("=", "+", "-", "@", "\t", "\r"))
