"""How near a message is to the examples of each intent."""

from __future__ import annotations

import numpy as np

from nlu.components.features import Features

NEAREST = 2


class Neighbours:
    """The examples, without their typed-on-purpose copies, and the intent of each."""

    def __init__(self, examples: Features, labels: np.ndarray, classes: int, width: int, lexical: float) -> None:
        """`labels` (n,) integers below `classes`; `width` sparse columns; `lexical` as in Reader."""
        self.examples, self.labels, self.classes = examples, labels, classes
        self._width, self._lexical = width, lexical
        # Rows in order of class, so that the best of each class is found in one pass.
        self._order = np.argsort(labels, kind="stable")
        self._edges = np.searchsorted(labels[self._order], np.arange(classes + 1))

    def compare(self, message: Features, row: int) -> tuple[np.ndarray, np.ndarray]:
        """How alike the message at `row` and each example are: by vector and by words, each (n,), about 0 to 1."""
        begin, end = message.starts[row], message.starts[row + 1]
        spread = np.zeros(self._width, np.float32)
        spread[message.columns[begin:end]] = message.values[begin:end]
        running = np.concatenate(
            [[0.0], np.cumsum(self.examples.values * spread[self.examples.columns], dtype=np.float64)]
        )
        words = (running[self.examples.starts[1:]] - running[self.examples.starts[:-1]]) / (2 * self._lexical**2)
        return self.examples.dense @ message.dense[row], words.astype(np.float32)

    def vote(self, alike: np.ndarray) -> np.ndarray:
        """The mean of the two best likenesses of each class: (classes,)."""
        ordered = alike[self._order]
        votes = np.zeros(self.classes, np.float32)
        for label in range(self.classes):
            mine = ordered[self._edges[label] : self._edges[label + 1]]
            if len(mine):
                votes[label] = np.sort(mine)[-NEAREST:].mean()
        return votes
