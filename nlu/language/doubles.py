"""The same message twice: under two intents, in the examples and the test set, or simply again."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from rapidfuzz import fuzz

from nlu.language.finding import Finding, read_limits
from nlu.sets import Example

_APOSTROPHES = re.compile(r"(?<=\w)['’‘`´](?=\w)")
_NOT_WORDS = re.compile(r"[^\w]+")
SHORTEST = 3  # words; near ones among shorter messages say nothing: `yes` is near to `yep`


def plain(text: str) -> str:
    """Letters and digits in small, one space apart; what has none stays as it is."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("_", " ")
    return _NOT_WORDS.sub(" ", _APOSTROPHES.sub("", folded)).strip() or text.strip()


def check_doubles(training: Sequence[Example], tests: Sequence[Example]) -> Iterator[Finding]:
    """The same text, but for capitals, spaces and punctuation."""
    seen: dict[str, Example] = {}
    tested: dict[str, Example] = {}
    for one in tests:
        first = tested.setdefault(plain(one.text), one)
        if first is not one:
            yield _beside(one, first, "twice_in_tests" if first.intent == one.intent else "two_intents")
    for one in training:
        text = plain(one.text)
        first = seen.setdefault(text, one)
        if first is not one:
            yield _beside(one, first, "twice" if first.intent == one.intent else "two_intents")
        if text in tested:
            yield _beside(one, tested[text], "in_test_too")


def check_likeness(training: Sequence[Example], tests: Sequence[Example], vectors: np.ndarray) -> Iterator[Finding]:
    """Nearly the same: across intents anywhere, and in the examples and the test set. The likest come first.

    `vectors`: a row for each example and then for each test message.
    """
    limits, everything = read_limits(), [*training, *tests]
    near, leaking = [], []
    for row, one in enumerate(everything):
        likeness = vectors[row + 1 :] @ vectors[row] / 2  # each half of a vector has length one
        for other in np.flatnonzero(likeness >= min(limits["near_spelt"]["likeness"], limits["near"])):
            at, alike = row + 1 + int(other), float(likeness[other])
            two = everything[at]
            if plain(one.text) == plain(two.text):
                continue
            if one.intent != two.intent and _is_near(one, two, alike, limits):
                near.append((alike, one, two))
            elif row < len(training) <= at and alike >= limits["near_test"] and len(two.text.split()) >= SHORTEST:
                leaking.append((alike, one, two))
    for kind, pairs in (("near", near), ("near_test", leaking)):
        for _, one, two in sorted(pairs, key=lambda pair: -pair[0]):
            yield _beside(one, two, kind)


def _is_near(one: Example, two: Example, alike: float, limits: dict[str, Any]) -> bool:
    if alike >= limits["near"]:
        return True
    return fuzz.token_sort_ratio(plain(one.text), plain(two.text)) >= limits["near_spelt"]["letters"]


def _beside(one: Example, other: Example, kind: str) -> Finding:
    return Finding(
        str(one.path),
        one.line,
        kind,
        {
            "text": one.text,
            "intent": one.intent,
            "other": other.place,
            "other_text": other.text,
            "other_intent": other.intent,
        },
    )
