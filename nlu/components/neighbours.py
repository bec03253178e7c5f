"""How near a message is to the examples of each intent."""

from __future__ import annotations

from typing import Any

import numpy as np

from nlu.components.features import Features


class Neighbours:
    """The examples, without their typed-on-purpose copies, and the intent of each."""

    def __init__(self, examples: Features, labels: np.ndarray, classes: int, width: int, lexical: float) -> None:
        """`labels` (n,) integers below `classes`; `width` sparse columns; `lexical` as in Reader."""
        self.examples, self.labels, self.classes = examples, labels, classes
        self._lexical = lexical
        # Rows in order of class, so that the best of each class is found in one pass.
        self._order = np.argsort(labels, kind="stable")
        counts = np.bincount(labels, minlength=classes)
        self._present = np.flatnonzero(counts)
        self._counts = counts[self._present]
        self._begin = np.cumsum(self._counts) - self._counts
        # Which examples have a column, and its weight in each: a message has few of all the columns.
        by_column = np.argsort(examples.columns, kind="stable")
        rows = np.repeat(np.arange(len(labels), dtype=np.int32), np.diff(examples.starts))
        self._having, self._weights = rows[by_column], examples.values[by_column]
        self._begins = np.searchsorted(examples.columns[by_column], np.arange(width + 1))

    def compare(self, message: Features, row: int) -> tuple[np.ndarray, np.ndarray]:
        """How alike the message at `row` and each example are: by vector and by words, each (n,), about 0 to 1."""
        begin, end = message.starts[row], message.starts[row + 1]
        columns, values = message.columns[begin:end], message.values[begin:end]
        first, counts = self._begins[columns], self._begins[columns + 1] - self._begins[columns]
        # For each column of the message one after another, the places of the examples that have it.
        places = np.repeat(first - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
        products = self._weights[places] * np.repeat(values, counts)
        words = np.bincount(self._having[places], products, minlength=len(self.labels)) / (2 * self._lexical**2)
        # Two halves of length one each stand in a sentence vector.
        return self.examples.dense @ message.dense[row] / 2, words.astype(np.float32)

    def lighten(self) -> None:
        """Lets go of what `compare_all` alone needs, tens of megabytes: a model that answers has no use for it."""
        nothing = (np.zeros(len(self.labels) + 1, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32))
        self.examples = Features(self.examples.dense, *nothing)

    def compare_all(self, messages: Features) -> tuple[np.ndarray, np.ndarray]:
        """`compare` of several messages at once, for training: each (messages, n)."""
        from scipy.sparse import csr_matrix

        def sparse(features: Features) -> Any:
            shape = (len(features.dense), len(self._begins) - 1)
            return csr_matrix((features.values, features.columns, features.starts), shape=shape)

        words = (sparse(messages) @ sparse(self.examples).T).toarray() / (2 * self._lexical**2)
        return messages.dense @ self.examples.dense.T / 2, words.astype(np.float32)

    def vote(self, alike: np.ndarray) -> np.ndarray:
        """The mean of the two best likenesses of each class: (…, classes); of the one where there is but one, else 0.

        `alike`: (…, n).
        """
        ordered = alike[..., self._order]
        best = np.maximum.reduceat(ordered, self._begin, axis=-1)
        leads = ordered == np.repeat(best, self._counts, axis=-1)
        second = np.maximum.reduceat(np.where(leads, -np.inf, ordered), self._begin, axis=-1)
        alone = (np.add.reduceat(leads, self._begin, axis=-1) > 1) | (self._counts == 1)
        votes = np.zeros((*alike.shape[:-1], self.classes), np.float32)
        votes[..., self._present] = (best + np.where(alone, best, second)) / 2
        return votes
