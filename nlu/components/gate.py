"""Whether a reading can be acted on: how sure the classifier is joined with how near the nearest example is.

Measured on public data and on our own: the probability of the best intent alone tells wrong readings from right ones,
the likeness of the nearest example and the share of `out_of_scope` tell foreign messages from ours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

OUT_OF_SCOPE = "out_of_scope"
TINY = 1e-6
# What each sign weighs against the log-odds of the best intent.
NEAR, FOREIGN = 6.0, 0.5
# Less sure than this that a message is none of our business, we ask instead of saying so.
SURELY_FOREIGN = 0.35


@dataclass(frozen=True)
class Gate:
    """Open where the score of a reading is `least` or more."""

    names: tuple[str, ...]
    least: float

    def score(self, chances: np.ndarray, nearest: float) -> float:
        """`chances` (classes,) calibrated; `nearest`: likeness of the nearest example, 0 to 1. Higher is safer."""
        inside, foreign = chances, 0.0
        if OUT_OF_SCOPE in self.names:
            at = self.names.index(OUT_OF_SCOPE)
            inside, foreign = np.delete(chances, at), float(chances[at])
        best = float(inside.max()) if len(inside) else 0.0
        odds = float(np.log((best + TINY) / (1 - best + TINY)))
        return odds + NEAR * nearest - (FOREIGN * float(np.log(foreign + TINY)) if OUT_OF_SCOPE in self.names else 0.0)

    def opens(self, chances: np.ndarray, nearest: float) -> bool:
        """Whether the best intent may be acted on."""
        best = int(chances.argmax())
        if self.names[best] == OUT_OF_SCOPE:
            return float(chances[best]) >= SURELY_FOREIGN
        return self.score(chances, nearest) >= self.least


def fit_temperature(scores: np.ndarray, labels: np.ndarray) -> float:
    """What to multiply `scores` (n, classes) by so that their softmax is as sure as it is right, by log loss."""
    from nlu.components.regression import softmax

    grid = np.exp(np.linspace(-2.0, 3.0, 101))
    losses = [-np.log(softmax(scores * factor)[np.arange(len(labels)), labels] + 1e-12).mean() for factor in grid]
    return float(grid[int(np.argmin(losses))])
