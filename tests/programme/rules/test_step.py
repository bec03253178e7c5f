"""Yes and no are only what plainly is one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programme.rules.step import NO, SOFT, YES, yes_no


@pytest.mark.parametrize(
    "text",
    ["yes", "Yes.", "yeah", "yep!!", "YES PLEASE", "ok", "okay then", "sure", "thats right", "that’s right", "go ahead",
     "yes yes", "yeah thats fine", "👍", "👍🏽", "yh", "y", "do it", "why not", "no problem", "please"],
)  # fmt: skip
def test_yes(text: str) -> None:
    assert yes_no(text) is True


@pytest.mark.parametrize(
    "text", ["no", "Nope", "nah mate", "no thanks", "no thank you", "not now", "don't", "👎", "n", "not ok", "no no no"]
)
def test_no(text: str) -> None:
    assert yes_no(text) is False


@pytest.mark.parametrize(
    "text",
    ["", "?", "yes but not monday", "no idea", "maybe", "yes no", "i know", "not sure", "ok what time is it", "hello",
     "book", "yesterday", "nothing", "can you cancel it", "right now", "is it ok", "no yes", "thanks"],
)  # fmt: skip
def test_anything_else_is_neither(text: str) -> None:
    assert yes_no(text) is None


@given(st.sampled_from(sorted(YES - SOFT)), st.sampled_from(sorted(NO)), st.booleans())
def test_both_at_once_is_neither(yes: str, no: str, turned: bool) -> None:
    assert yes_no(f"{no}, {yes}" if turned else f"{yes}, {no}") is None


@given(st.sampled_from(sorted(YES | NO)), st.sampled_from(["", ".", "!", " :)", " please", " thanks", "  "]))
def test_politeness_changes_nothing(word: str, after: str) -> None:
    assert yes_no(word + after) is yes_no(word) is (word in YES)


def test_the_two_lists_never_meet() -> None:
    assert not YES & NO


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    assert yes_no(text) in (True, False, None)
