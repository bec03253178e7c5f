"""References are found however they are typed, and never changed into another."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from programme.rules import reference
from programme.rules.reference import Pattern

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
bodies = st.text(ALPHABET, min_size=6, max_size=6)
with_digit = bodies.filter(lambda body: any(char.isdigit() for char in body))
separators = st.sampled_from(["", "-", " ", "–", "—", " - ", ".", "/", "_"])
patterns = st.builds(
    Pattern,
    st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=2, max_size=4),
    st.lists(st.integers(1, 5), min_size=1, max_size=4).map(tuple),
)


@pytest.mark.parametrize(
    "text",
    [
        "its tvp 4f7k92 i think", "TVP–4F7K–92", "tvp4f7k 92", "tvp 4f7k92", "t v p 4 f 7 k 9 2", "T.V.P. 4F7K 92",
        "TVP_4F7K_92", "tvp#4f7k92", "tvp ref is 4f7k92", "4f7k-92", "4F7K 92", "tpv-4f7k-92", "ＴＶＰ４ｆ７ｋ９２",
        "tvp 4f 7k 92", "TVP-4F7K-29 sorry TVP-4F7K-92", "my number is TVP4F7K92, dob 14/3/90", "(tvp-4f7k-92)",
        "T V P dash four F seven K dash nine two", "t.v.p then 4f 7k then 92", "tvp four f seven k nine two pal",
        "TVP space 4F7K-92", "tvp four f seven k ninety two",
    ],
)  # fmt: skip
def test_finds_it_in_what_people_type(text: str) -> None:
    assert reference.read(text) == "TVP4F7K92"


@pytest.mark.parametrize(
    "text",
    [
        "", "hello", "tvp is lost", "tvp case no", "tvp abcd ef", "140390", "14/03/90", "3feb91", "14mar9",
        "14mar 90", "tvp 4f7k922", "tvp 4f7k9", "RG11AA", "07700900123", "tvp is at 10", "i need 2",
        "tvp one thing i dont get", "tvp oh i lost it", "one two three four five six", "a 4 f seven k nine two",
        "tvp 4f7k9é",
    ],
)  # fmt: skip
def test_finds_none_where_there_is_none(text: str) -> None:
    assert reference.read(text) is None


@given(bodies, patterns)
def test_reads_what_it_shows(body: str, pattern: Pattern) -> None:
    canonical = pattern.prefix + (body * 4)[: pattern.body]
    shown = reference.show(canonical, pattern)
    assert reference.read(shown, pattern) == canonical
    assert reference.read(shown.lower(), pattern) == canonical
    assert shown.replace("-", "") == canonical


def test_shows_the_printed_form() -> None:
    assert reference.show("TVP4F7K92") == "TVP-4F7K-92"


@given(with_digit, separators, separators, st.booleans(), st.sampled_from(["", "hi its ", "ref: ", "i think "]))
def test_separators_and_capitals_do_not_matter(body: str, one: str, two: str, small: bool, before: str) -> None:
    text = f"TVP{one}{body[:4]}{two}{body[4:]}"
    assert reference.read(before + (text.lower() if small else text) + " thanks") == "TVP" + body


@given(with_digit, st.integers(0, 5), st.sampled_from(ALPHABET))
def test_another_reference_is_another(body: str, place: int, char: str) -> None:
    changed = body[:place] + char + body[place + 1 :]
    assert (reference.read(f"tvp {body}") == reference.read(f"tvp {changed}")) == (changed == body) or not any(
        map(str.isdigit, changed)
    )


@given(st.text())
def test_what_is_read_was_written(text: str) -> None:
    """Nothing is made up: the letters and digits of the result stand in the text in that order."""
    found = reference.read(text)
    if found is not None:
        kept = re.sub(r"[^A-Z0-9]", "", reference._plain(text))
        assert found.removeprefix("TVP") in kept


@example("0000OH", "3/2/91")
@given(with_digit, st.sampled_from(["3/2/91", "14 march 1990", "03 02 1991"]))
def test_taken_out_it_leaves_the_rest(body: str, rest: str) -> None:
    left = reference.take_out(f"TVP-{body[:4]}-{body[4:]} {rest}")
    assert left.split() == rest.split()


@given(bodies)
def test_variants_are_few_distinct_and_begin_with_itself(body: str) -> None:
    canonical = "TVP" + body
    found = reference.variants(canonical)
    assert found[0] == canonical
    assert len(set(found)) == len(found) <= reference.MOST_VARIANTS
    fold = str.maketrans("OIL", "011")
    assert {variant.translate(fold) for variant in found} == {canonical.translate(fold)}
    assert all(variant.startswith("TVP") for variant in found)
    changes = [sum(a != b for a, b in zip(variant, canonical, strict=True)) for variant in found]
    assert changes == sorted(changes)


@given(bodies.filter(lambda body: sum(body.count(char) for char in "O0") <= 4 and not set(body) & set("IL1")))
def test_variants_hold_each_reading_of_a_round_sign(body: str) -> None:
    assert len(reference.variants("TVP" + body)) == 2 ** sum(body.count(char) for char in "O0")


def test_read_aloud_it_is_taken_out_whole() -> None:
    said = "it's T V P dash four F seven K dash nine two, born 3/2/91"
    assert reference.take_out(said).split() == ["it's", ",", "born", "3/2/91"]
