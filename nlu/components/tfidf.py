"""Words and their parts as weighted counts (TF-IDF): one and two words, and two to five letters inside a word."""

from __future__ import annotations

import math
import re
from collections import Counter
from itertools import pairwise

import numpy as np

_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)*")
PARTS = (2, 3, 4, 5)
Row = tuple[np.ndarray, np.ndarray]


def count_words(text: str) -> Counter[str]:
    """One and two words in a row; the ends of the message count as words, since short answers are whole messages."""
    words = ["^", *_WORD.findall(text), "$"]
    return Counter(words[1:-1]) + Counter(f"{a} {b}" for a, b in pairwise(words))


def count_parts(text: str) -> Counter[str]:
    """The runs of two to five characters of each word, its edges included."""
    found: Counter[str] = Counter()
    for word in _WORD.findall(text):
        edged = f" {word} "
        for size in PARTS:
            found.update(edged[i : i + size] for i in range(max(len(edged) - size, 0) + 1))
    return found


_COUNTERS = {"words": count_words, "parts": count_parts}


class Tfidf:
    """One kind of count, with the terms and weights that were learnt."""

    def __init__(self, kind: str, terms: list[str], rarity: np.ndarray) -> None:
        """`kind`: words or parts; `terms` in column order; `rarity` (len(terms),) float32."""
        self.kind, self.terms, self.rarity = kind, terms, rarity
        self._columns = {term: column for column, term in enumerate(terms)}
        self._count = _COUNTERS[kind]

    @classmethod
    def learn(cls, kind: str, texts: list[str], least: int) -> Tfidf:
        """The terms that stand in at least `least` of `texts`, weighted by how few texts have them."""
        within: Counter[str] = Counter()
        for text in texts:
            within.update(_COUNTERS[kind](text).keys())
        terms = sorted(term for term, n in within.items() if n >= least)
        rarity = np.array([math.log((1 + len(texts)) / (1 + within[term])) + 1 for term in terms], np.float32)
        return cls(kind, terms, rarity)

    def weigh(self, text: str, length: float) -> Row:
        """The columns of `text` in rising order and their weights, float32, of `length` together."""
        found = sorted((self._columns[term], n) for term, n in self._count(text).items() if term in self._columns)
        columns = np.array([column for column, _ in found], np.int64)
        weights = (1 + np.log(np.array([n for _, n in found], np.float32))) * self.rarity[columns]
        return columns, (weights * (length / max(float(np.linalg.norm(weights)), 1e-9))).astype(np.float32)
