"""Mends slips of the thumb: a word nobody knows becomes the likeliest known word one or two slips away.

Known words are those of the training examples and a list of English words with how often each is used. Protected words
(`nlu/words/protected.txt`) are never touched.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from functools import lru_cache

from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

from nlu.components.normaliser import WORDS, read_shorthand
from nlu.components.weights import DICTIONARY, find_file

_WORD = re.compile(r"(?<![\w'])[a-z]+(?:'[a-z]+)*(?!\w|-\w*\d)")  # "10ish", "rg1" and "tvp-4f" are no words
_LETTERS = "abcdefghijklmnopqrstuvwxyz'"
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
# Set by measuring on public data: how much our own words outweigh the dictionary, what a slip costs against how
# likely a word is, how far a known word is trusted to be meant, and how likely both of two joined words must be.
OURS, SLIP, TRUST, APART, COMMON, SEEN, ODD = 0.6, 5.0, 3.0, -8.5, 12000, 2, 0.02
SHORT = {
    "a",
    "i",
    "o",
    "am",
    "an",
    "as",
    "at",
    "be",
    "by",
    "do",
    "go",
    "he",
    "hi",
    "if",
    "in",
    "is",
    "it",
    "me",
    "my",
    "no",
    "of",
    "oh",
}
SHORT |= {
    "ok",
    "on",
    "or",
    "so",
    "to",
    "up",
    "us",
    "we",
    "id",
    "pm",
    "tv",
    "ex",
    "eh",
    "ah",
    "er",
    "um",
    "uk",
    "mr",
    "dr",
    "gp",
    "nhs",
}


SHORT_FORMS = ("s", "t", "d", "m", "re", "ve", "ll")
ENDINGS = (
    ("'s", ""),
    ("s", ""),
    ("es", ""),
    ("ies", "y"),
    ("ed", ""),
    ("ed", "e"),
    ("ing", ""),
    ("ing", "e"),
    ("ly", ""),
    ("er", ""),
)


def _neighbours() -> dict[str, str]:
    keys: dict[str, str] = {}
    for row, letters in enumerate(_ROWS):
        for column, letter in enumerate(letters):
            beside = letters[max(column - 1, 0) : column] + letters[column + 1 : column + 2]
            for other in (row - 1, row + 1):
                if 0 <= other < len(_ROWS):
                    start = column - 1 if other > row else column
                    beside += _ROWS[other][max(start, 0) : start + 2]
            keys[letter] = beside
    return keys


KEYS_BESIDE = _neighbours()


@lru_cache(maxsize=1)
def read_protected() -> frozenset[str]:
    """The words of `nlu/words/protected.txt`."""
    lines = (WORDS / "protected.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def read_english() -> dict[str, float]:
    """The list of English words, commonest first, and the share of all use that each has.

    Raises WeightsMissingError or WeightsChangedError.
    """
    lines = find_file(DICTIONARY).read_text(encoding="utf-8-sig").splitlines()
    counts = {word: int(count) for word, count in (line.split() for line in lines if line)}
    total = sum(counts.values())
    return {word: n / total for word, n in counts.items() if len(word) > 2 or word in SHORT}


def slip_cost(typed: str, meant: str) -> float:
    """How unlikely it is that `meant`, one slip away, was typed so (0.5 likely to 1.5 unlikely)."""
    if len(typed) == len(meant):
        at = [i for i, (a, b) in enumerate(zip(typed, meant, strict=True)) if a != b]
        if len(at) == 2:
            return 0.6
        beside = meant[at[0]] in KEYS_BESIDE.get(typed[at[0]], "")
        return (0.8 if beside else 1.1) + (0.3 if at[0] == 0 and not beside else 0.0)
    longer, shorter = (typed, meant) if len(typed) > len(meant) else (meant, typed)
    i = next((i for i, (a, b) in enumerate(zip(longer, shorter + " ", strict=False)) if a != b), len(longer) - 1)
    around = longer[max(i - 1, 0) : i] + longer[i + 1 : i + 2]
    if longer[i] in around:
        return 0.5
    if longer is typed:
        return 0.8 if any(longer[i] in KEYS_BESIDE.get(letter, "") for letter in around) else 1.0
    return 0.7 + (0.3 if i == 0 else 0.0)


def slips(word: str) -> set[str]:
    """Every string one slip away from `word`: a letter missing, too many, wrong, or two the wrong way round."""
    parts = [(word[:i], word[i:]) for i in range(len(word) + 1)]
    missing = {a + b[1:] for a, b in parts if b}
    swapped = {a + b[1] + b[0] + b[2:] for a, b in parts if len(b) > 1}
    wrong = {a + c + b[1:] for a, b in parts if b for c in _LETTERS}
    extra = {a + c + b for a, b in parts for c in _LETTERS}
    return (missing | swapped | wrong | extra) - {word}


class Speller:
    """Knows words with how likely each is; the same words give the same corrections."""

    def __init__(self, english: dict[str, float], ours: dict[str, int]) -> None:
        """`english`: words, commonest first, and the share of each. `ours`: the examples' words and their counts."""
        self.ours = ours
        total = sum(ours.values()) or 1
        self._likely = {word: math.log((1 - OURS) * share) for word, share in english.items()}
        for word, count in ours.items():
            # Examples are written with slips on purpose: an odd word seen once or twice is hardly a word.
            share = count / total * (1.0 if word in english or count > SEEN else ODD)
            self._likely[word] = math.log(OURS * share + (1 - OURS) * english.get(word, 0.0))
        self._shorthand = read_shorthand()["words"]
        self._kept = read_protected() | frozenset(self._shorthand)
        # "thts" is a slip in "thats": what is typed without its apostrophe is as likely as with it.
        for form, meaning in self._shorthand.items():
            if form == meaning.replace("'", "") and meaning in self._likely:
                self._likely[form] = max(self._likely[meaning], self._likely.get(form, -math.inf))
        common = [word for word in list(english)[:COMMON] if word not in ours]
        self._far = [word for word in sorted(ours) + common if len(word) > 4]

    def correct(self, text: str) -> str:
        """`text`, already normalised, with slips mended."""
        return _WORD.sub(lambda match: self._correct_word(match[0]), text)

    @lru_cache(maxsize=8192)  # noqa: B019 - one speller lives as long as the model
    def _correct_word(self, word: str) -> str:
        mended = self._mend(word)
        return mended if mended == word else self._shorthand.get(mended, mended)

    def _mend(self, word: str) -> str:
        if not 2 <= len(word) <= 24 or word in self._kept or (len(word) == 2 and (word in SHORT or word in self.ours)):
            return word
        stem, mark, end = word.rpartition("'")
        if mark and end in SHORT_FORMS and (stem in self._likely or len(stem) < 3):
            return word
        meanings = [meant for meant in slips(word) if meant in self._likely and len(meant) > 1]
        near = {meant: self._likely[meant] - SLIP * slip_cost(word, meant) for meant in meanings}
        if (own := self._likelihood(word)) is not None:
            near[word] = own + TRUST
        else:
            near.update(self._apart(word))
        if near:
            return max(sorted(near), key=near.__getitem__)
        return self._mend_far(word)

    def _likelihood(self, word: str) -> float | None:
        """How likely `word` is, or its stem where only that is known (`bagels`, `booked`, `trying`)."""
        if word in self._likely:
            return self._likely[word]
        stems = (word[: -len(end)] + put for end, put in ENDINGS if word.endswith(end) and len(word) - len(end) > 2)
        return next((self._likely[stem] - 2.0 for stem in stems if stem in self._likely), None)

    def _apart(self, word: str) -> dict[str, float]:
        """Two common words that ran together."""
        found = {}
        for i in range(1, len(word)):
            left, right = word[:i], word[i:]
            if min(self._likely.get(left, -99.0), self._likely.get(right, -99.0)) > APART:
                found[f"{left} {right}"] = self._likely[left] + self._likely[right] - 1.0
        return found

    def _mend_far(self, word: str) -> str:
        """The likeliest word two slips away; only long words, since short ones have too many such neighbours."""
        if len(word) < 5:
            return word
        hits = extract(word, self._far, scorer=OSA.distance, score_cutoff=2, limit=20)
        if not hits:
            return word
        return max(
            sorted(hit[0] for hit in hits),
            key=lambda meant: self._likely[meant] - (0.0 if meant[0] == word[0] else 3.0),
        )


def count_words(texts: list[str]) -> dict[str, int]:
    """The words of `texts`, already normalised, with their counts."""
    return dict(Counter(word for text in texts for word in _WORD.findall(text)))
