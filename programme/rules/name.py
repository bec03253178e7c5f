"""Whether two names may be one person's: a hint for a worker, never a proof."""

from __future__ import annotations

import re
import unicodedata
from itertools import permutations

MOST_WORDS = 6  # of a name; what stands behind them is not compared
LONG = 4  # letters from which on one slip is forgiven


def words(name: str) -> tuple[str, ...]:
    """The words of a name in small letters, without accents and apostrophes; a hyphen parts two words."""
    flat = unicodedata.normalize("NFKD", name.casefold())
    flat = "".join(char for char in flat if not unicodedata.combining(char) and char not in "'’‘.")
    return tuple(re.findall(r"[^\W\d_]+", flat))[:MOST_WORDS]


def alike(one: str, other: str) -> bool:
    """Whether each word of the shorter name is a word of the other, in any order, or one slip away from one.

    No word stands for two. A name without words is like nothing.
    """
    shorter, longer = sorted((words(one), words(other)), key=len)
    if not shorter:
        return False
    return any(
        all(_close(word, against) for word, against in zip(shorter, chosen, strict=True))
        for chosen in permutations(longer, len(shorter))
    )


def _close(one: str, other: str) -> bool:
    """The same, or one letter more, less, wrong, or two changed over, in words that are not short."""
    if one == other:
        return True
    if max(len(one), len(other)) < LONG or abs(len(one) - len(other)) > 1:
        return False
    start = next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(map(len, (one, other)))
    )
    rest, against = one[start:], other[start:]
    changed_over = rest[:2] == against[:2][::-1] and rest[2:] == against[2:]
    return changed_over or rest[1:] == against[1:] or rest[1:] == against or rest == against[1:]
