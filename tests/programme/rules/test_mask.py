"""Masking: nothing of who it was is left, and enough of what was meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programme.rules.mask import MASK, mask, mask_people


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("its TVP-4F7K-92 mate", f"its {MASK} mate"),
        ("tvp 4f7k 92", f"tvp {MASK}"),
        ("ring me on 07700 900101 after 5", f"ring me on {MASK} after 5"),
        ("born 14/3/90", f"born {MASK}"),
        ("3rd feb 91", MASK),
        ("14 march 1990 ok", f"{MASK} ok"),
        ("my email is sam@example.org ok", f"my email is {MASK} ok"),
        ("my name is sam sample and i need a place", f"my name is {MASK} and i need a place"),
        ("its 12 Sample Road", f"its {MASK}"),
        ("RG1 2AB is me", f"{MASK} is me"),
        ("officer was pc specimen", f"officer was pc {MASK}"),
        ("told Miss Sample and mrs sample", f"told Miss {MASK} and mrs {MASK}"),
        ("dr.specimen signed it", f"dr {MASK} signed it"),
        ("agency bins you off if you miss a slot", "agency bins you off if you miss a slot"),
        ("my dr said i can use a pc at work", "my dr said i can use a pc at work"),
        ("see www.example.org/x", f"see {MASK}"),
        ("can i do 2 sessions on the 3rd", "can i do 2 sessions on the 3rd"),
        ("what time does it start", "what time does it start"),
        ("this is a joke", "this is a joke"),
        ("half 6 tues", "half 6 tues"),
    ],
)
def test_what_is_taken_out_and_what_stays(text: str, masked: str) -> None:
    assert mask(text) == masked


def test_known_names_are_taken_out_however_they_are_written() -> None:
    assert mask("SAM here, sam sample", ["Sam Sample"]) == f"{MASK} here, {MASK}"
    assert mask("jo is my mate", ["Jo Li"]) == "jo is my mate"  # too short to be told from a word


@given(st.text(max_size=200))
def test_any_text_can_be_masked_and_masking_again_changes_nothing(text: str) -> None:
    assert mask(mask(text)) == mask(text)


@given(st.integers(min_value=1000, max_value=10**12), st.sampled_from(["call {}", "{} is it", "ref tvp-{}-x1"]))
def test_no_long_number_stays(number: int, around: str) -> None:
    assert str(number) not in mask(around.format(number))


EVERYBODY = frozenset({"robin", "rose", "will", "may", "jo"})


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("hi im robin how much", f"hi im {MASK} how much"),
        ("it’s Rose. what do i pay", f"it’s {MASK}. what do i pay"),
        ("what must Robin pay", f"what must {MASK} pay"),
        ("robin rose wants to know", f"{MASK} wants to know"),
        ("Will it cost much", "Will it cost much"),
        ("is it free? May i come", "is it free? May i come"),
        ("the price rose and i may not pay", "the price rose and i may not pay"),
        ("Im Jo", "Im Jo"),  # too short to be told from a word
    ],
)
def test_a_name_of_somebody_known_is_masked_where_it_stands_as_one(text: str, masked: str) -> None:
    assert mask_people(text, EVERYBODY) == masked


@given(st.text(max_size=200))
def test_without_names_nothing_is_masked(text: str) -> None:
    assert mask_people(text, frozenset()) == text
