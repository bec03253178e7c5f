"""What a message is to the classifier: a sentence vector beside the weights of its words and word parts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nlu.components.encoder import SIZE, Encoder
from nlu.components.normaliser import normalise
from nlu.components.speller import Speller
from nlu.components.tfidf import Row, Tfidf


@dataclass(frozen=True)
class Features:
    """Several messages. `dense` (n, 768) float32; sparse rows as in CSR: `starts` (n + 1,), `columns`, `values`."""

    dense: np.ndarray
    starts: np.ndarray
    columns: np.ndarray
    values: np.ndarray

    def take(self, rows: np.ndarray) -> Features:
        """The messages at `rows`, in that order."""
        spans = [np.arange(self.starts[row], self.starts[row + 1]) for row in rows]
        chosen = np.concatenate(spans) if spans else np.zeros(0, np.int64)
        starts = np.cumsum([0, *(len(span) for span in spans)])
        return Features(self.dense[rows], starts, self.columns[chosen], self.values[chosen])

    def join(self, other: Features) -> Features:
        """These messages and then the others."""
        return Features(
            np.concatenate([self.dense, other.dense]),
            np.concatenate([self.starts, other.starts[1:] + self.starts[-1]]),
            np.concatenate([self.columns, other.columns]),
            np.concatenate([self.values, other.values]),
        )


class Reader:
    """Cleans a message and turns it into features. Without an encoder the sentence vectors are zero."""

    def __init__(self, speller: Speller, words: Tfidf, parts: Tfidf, encoder: Encoder | None, lexical: float) -> None:
        """`lexical`: the length of each of the two sparse blocks, where each half of the sentence vector has one."""
        self.speller, self.words, self.parts, self.encoder, self.lexical = speller, words, parts, encoder, lexical

    @property
    def width(self) -> int:
        """The number of sparse columns: words first, then parts."""
        return len(self.words.terms) + len(self.parts.terms)

    def clean(self, text: str) -> str:
        """`text` normalised and with its slips mended."""
        return self.speller.correct(normalise(text))

    def weigh(self, cleaned: str) -> Row:
        """The sparse columns and weights of a cleaned message."""
        columns, values = self.words.weigh(cleaned, self.lexical)
        more, others = self.parts.weigh(cleaned, self.lexical)
        return np.concatenate([columns, more + len(self.words.terms)]), np.concatenate([values, others])

    def read(self, cleaned: list[str]) -> Features:
        """The features of cleaned messages."""
        rows = [self.weigh(text) for text in cleaned]
        dense = self.encoder.encode_all(cleaned) if self.encoder else np.zeros((len(cleaned), SIZE), np.float32)
        starts = np.cumsum([0, *(len(columns) for columns, _ in rows)])
        nothing = (np.zeros(0, np.int64), np.zeros(0, np.float32))
        columns, values = (np.concatenate(side) for side in zip(*(rows or [nothing]), strict=True))
        return Features(dense, starts, columns, values)
