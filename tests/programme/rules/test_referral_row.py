"""A row of a file: whatever stands in it is read for sure or is a problem with a name; nothing makes it fall over."""

from datetime import date

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from programme.referral_words import FILE, words
from programme.rules.reference import DEFAULT
from programme.rules.referral_row import FIELDS, Known, read

KNOWN = Known(date(2026, 12, 1), DEFAULT, {"polish": "pl"})
GOOD = {"reference": "TVP-4F7K-92", "name": "Alex Green", "date_of_birth": "14/03/1990"}
CODES = set(yaml.safe_load(FILE.read_text())["problems"])


@given(st.dictionaries(st.sampled_from(FIELDS), st.text(max_size=60)))
def test_anything_at_all_is_read_or_named(row: dict[str, str]) -> None:
    for cells in (row, GOOD | row):
        values, problems = read(cells, KNOWN)
        assert (values is None) is bool(problems)
        assert {one.code for one in problems} <= CODES
        assert {one.field for one in problems} <= set(FIELDS)


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("1/2/27", date(2027, 2, 1)),
        ("01.02.2027", date(2027, 2, 1)),
        ("2027-02-01", date(2027, 2, 1)),
        ("2027-02-01T00:00:00", date(2027, 2, 1)),
        ("01/02/2027 09:30", date(2027, 2, 1)),
        ("1 Feb 2027", date(2027, 2, 1)),
        ("1st February 2027", date(2027, 2, 1)),
        ("not known", None),
        ("–", None),
    ],
)
def test_days_are_british(written: str, day: date | None) -> None:
    values, problems = read(GOOD | {"finish_by": written}, KNOWN)
    assert problems == []
    assert values is not None
    assert values.finish_by == day


@pytest.mark.parametrize(
    ("written", "name"),
    [("GREEN, Alex", "Alex GREEN"), ("Green , Alex Jo", "Alex Jo Green"), ("Green,", "Green,"), ("A, B, C", "A, B, C")],
)
def test_a_last_name_that_stands_first_is_put_last(written: str, name: str) -> None:
    values, problems = read(GOOD | {"name": written}, KNOWN)
    assert (problems, values and values.name) == ([], name)


def test_a_name_in_two_columns_and_marks_that_nobody_sees() -> None:
    row = {
        "reference": "tvp 4f7k 92\u200b",
        "first_name": " Zoë\u00a0",
        "last_name": "O’Brien",
        "date_of_birth": "14/3/90",
    }
    values, problems = read(row, KNOWN)
    assert problems == []
    assert values is not None
    assert (values.reference, values.name, values.born) == ("TVP4F7K92", "Zoë O’Brien", date(1990, 3, 14))


def test_every_heading_means_one_thing() -> None:
    told = words("TVP-4F7K-92")
    named = [heading for column in told.columns.values() for heading in column.also]
    assert len(named) == len(set(named))
    assert told.field_of(" DATE_OF_BIRTH: ") == "date_of_birth"
    assert told.field_of("colour") is None
    assert len(set(told.matching)) == len(told.matching) > 100
