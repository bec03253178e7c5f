"""What may be written into a setting, said in words where it may not; where a setting stands."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programme.rules import fact
from programme.rules.fact import Bounds

TODAY = date(2026, 12, 1)
NUMBER = Bounds(1, 365)
CHOICE = Bounds(choices=("true", "false"))


@pytest.mark.parametrize(
    ("kind", "text", "kept"),
    [
        ("text", "  It costs ten pounds.\nPay on the day. ", "It costs ten pounds.\nPay on the day."),
        ("line", " 9am  to 4pm ", "9am to 4pm"),
        ("number", "007", "7"),
        ("number", "365", "365"),
        ("numbers", "1,3, 7", "7, 3, 1"),
        ("numbers", "7, 7", "7"),
        ("numbers", "0", "0"),
        ("phone", "01923 271 783", "01923 271 783"),
        ("phone", "+44 1923 271783", "+44 1923 271783"),
        ("phone", "999", "999"),
        ("email", "help@example.org.uk", "help@example.org.uk"),
        ("url", "https://unlock.org.uk/a?b=c", "https://unlock.org.uk/a?b=c"),
        ("choice", "true", "true"),
        ("pattern", "tvp 4 2", "TVP 4 2"),
    ],
)
def test_what_is_kept(kind: fact.Kind, text: str, kept: str) -> None:
    assert fact.read(kind, text, CHOICE if kind == "choice" else NUMBER) == kept


@pytest.mark.parametrize(
    ("kind", "text", "error"),
    [
        ("text", " \n ", fact.NothingWrittenError),
        ("text", "x" * 1001, fact.TooLongError),
        ("text", "In this sample: it is free.", fact.StillSampleError),
        ("line", "one\ntwo", fact.OneLineError),
        ("line", "x" * 201, fact.TooLongError),
        ("number", "two", fact.NotANumberError),
        ("number", "-1", fact.NotANumberError),
        ("number", "1.5", fact.NotANumberError),
        ("number", "²", fact.NotANumberError),
        ("number", "0", fact.TooSmallError),
        ("number", "366", fact.TooLargeError),
        ("numbers", "7 3 1", fact.NotNumbersError),
        ("numbers", "7, none", fact.NotNumbersError),
        ("numbers", "7,, 3", fact.NotNumbersError),
        ("numbers", "7, 0", fact.NotNumbersError),
        ("numbers", "400, 3", fact.TooLargeError),
        ("numbers", "1,2,3,4,5,6,7", fact.TooManyNumbersError),
        ("phone", "ring us", fact.NotAPhoneError),
        ("phone", "1", fact.NotAPhoneError),
        ("phone", "<b>999</b>", fact.NotAPhoneError),
        ("email", "help at example.org", fact.NotAnEmailError),
        ("email", "help@example", fact.NotAnEmailError),
        ("url", "http://example.org", fact.NotALinkError),
        ("url", "javascript:alert(1)", fact.NotALinkError),
        ("url", "https://user@example.org", fact.NotALinkError),
        ("url", "https://[", fact.NotALinkError),
        ("choice", "maybe", fact.NotAChoiceError),
        ("pattern", "TVP", fact.NotAPatternError),
        ("pattern", "TVP 0 13", fact.NotAPatternError),
    ],
)
def test_what_is_not_kept_says_why(kind: fact.Kind, text: str, error: type[fact.BadFactError]) -> None:
    with pytest.raises(error) as raised:
        fact.read(kind, text, CHOICE if kind == "choice" else NUMBER)
    assert str(raised.value) == error.__doc__


@given(st.text(max_size=300), st.sampled_from([kind for kind in fact.KINDS if kind not in ("hours", "days")]))
def test_anything_is_either_kept_without_control_signs_or_refused_in_words(text: str, kind: fact.Kind) -> None:
    try:
        kept = fact.read(kind, text, NUMBER)
    except fact.BadFactError as error:
        assert str(error).endswith((".", "//"))
    else:
        assert kept == kept.strip() != ""
        assert not any(sign < " " for sign in kept if sign not in "\n\t")


def test_closed_days_are_kept_in_order_once_and_not_when_they_are_over() -> None:
    days = ["2027-01-02", "", "2026-12-24", " 2026-12-24 ", "2026-11-30", "2026-12-01"]
    assert fact.read_days(days, TODAY) == '["2026-12-01", "2026-12-24", "2027-01-02"]'
    assert fact.read_days([], TODAY) == "[]"
    with pytest.raises(fact.NotADayError):
        fact.read_days(["24 December"], TODAY)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", fact.NotADayError),
        ("next year", fact.NotADayError),
        ("2026-12-01", fact.DayOverError),
        ("2026-11-30", fact.DayOverError),
        ("2030-01-01", fact.TooFarError),
    ],
)
def test_a_review_must_be_to_come_and_not_too_far(text: str, error: type[fact.BadFactError]) -> None:
    with pytest.raises(error):
        fact.read_review(text, TODAY)


def test_a_review_may_be_tomorrow() -> None:
    assert fact.read_review("2026-12-02", TODAY) == date(2026, 12, 2)


@pytest.mark.parametrize("text", ["", "  ", "The sample programme", "Sample content: not yet approved", "x" * 301])
def test_a_source_must_be_real(text: str) -> None:
    with pytest.raises(fact.BadFactError):
        fact.read_name(text, fact.LONGEST_SOURCE)


@pytest.mark.parametrize(
    ("value", "review_by", "state"),
    [
        (None, None, "empty"),
        ("  ", date(2027, 12, 1), "empty"),
        ("Free.", date(2026, 11, 30), "expired"),
        ("Free.", date(2026, 12, 1), "soon"),
        ("Free.", date(2026, 12, 31), "soon"),
        ("Free.", date(2027, 1, 1), "known"),
    ],
)
def test_where_a_fact_stands(value: str | None, review_by: date | None, state: str) -> None:
    assert fact.state(value, review_by, TODAY) == state
