"""Numbers that people type, and those that nobody can be rung on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programme import phone
from programme.phone import Found


@pytest.mark.parametrize(("text", "number", "written"), [
    ("07700 900123", "+447700900123", "07700 900123"), ("+44 (0)7700 900123", "+447700900123", "07700 900123"),
    ("0044 7700 900123", "+447700900123", "07700 900123"), ("07700-900-123", "+447700900123", "07700 900123"),
    ("01632 960123", "+441632960123", "01632 960123"), ("020 7946 0123", "+442079460123", "020 7946 0123"),
    ("its 07700900123 mate", "+447700900123", "07700 900123"),
    ("ring 07700 900 123 after 5", "+447700900123", "07700 900123"),
    ("07700900123 or 01632 960123", "+447700900123", "07700 900123"), ("٠٧٧٠٠٩٠٠١٢٣", "+447700900123", "07700 900123"),
    ("+48 22 123 45 67", "+48221234567", "+48 22 123 45 67"),
])  # fmt: skip
def test_a_number_in_peoples_words(text: str, number: str, written: str) -> None:
    assert phone.find(text) == Found(number)
    assert phone.written(number) == written
    assert phone.ending(number) == number[-2:]


@pytest.mark.parametrize(("text", "problem"), [
    ("0770090012", "short"), ("999", "short"), ("07700 900", "short"), ("077009001234", "long"),
    ("00000000000", "unreadable"), ("+999 123456789", "unreadable"), ("0909 879 0000", "costly"),
])  # fmt: skip
def test_what_cannot_be_rung_says_why(text: str, problem: str) -> None:
    assert phone.find(text) == Found(problem=problem)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["hello", "at 5", "the 3rd", "", "no", "my old one"])
def test_no_number_is_none(text: str) -> None:
    assert phone.find(text) is None


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    found = phone.find(text)
    assert found is None or (found.number is None) != (found.problem is None)
    if found and found.number:
        assert found.number.startswith("+") and phone.find(phone.written(found.number)) == found


@given(st.text(max_size=40))
def test_whatever_was_stored_can_be_shown(text: str) -> None:
    assert isinstance(phone.written(text), str)
    assert len(phone.ending(text)) <= 2
