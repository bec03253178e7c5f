"""Slips of the thumb, made on purpose: a seeded source of typos for training examples and for measuring."""

from __future__ import annotations

import random

from nlu.components.speller import KEYS_BESIDE


def slip(word: str, chance: random.Random) -> str:
    """`word` with one letter dropped, doubled, swapped with the next, replaced by a key beside it, or one added."""
    at = chance.randrange(len(word))
    kind = chance.choice(("drop", "swap", "beside", "beside", "add", "double"))
    beside = chance.choice(KEYS_BESIDE.get(word[at], word[at]))
    if kind == "drop":
        return word[:at] + word[at + 1 :]
    if kind == "swap" and len(word) > 1:
        at = min(at, len(word) - 2)
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind == "beside":
        return word[:at] + beside + word[at + 1 :]
    return word[:at] + (beside if kind == "add" else word[at]) + word[at:]


def mistype(text: str, count: int, chance: random.Random) -> str:
    """`text` with `count` slips, each in a word of three letters or more; shorter texts come back unchanged."""
    words = text.split(" ")
    for _ in range(count):
        long_enough = [i for i, word in enumerate(words) if sum(c.isalpha() for c in word) > 2]
        if not long_enough:
            return text
        at = chance.choice(long_enough)
        words[at] = slip(words[at].lower(), chance)
    return " ".join(words)
