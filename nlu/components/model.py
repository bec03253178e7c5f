"""The trained understanding of a message: from text to a ranking of intents and whether it can be acted on."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from nlu.components.encoder import SIZE
from nlu.components.features import Features, Reader
from nlu.components.gate import Gate
from nlu.components.neighbours import Neighbours
from nlu.components.regression import softmax


@dataclass(frozen=True)
class Settings:
    """What may be set in nlu/config.yml, for training and for reading."""

    strength: float = 6.0  # C of the logistic regression: less is smoother
    steps: int = 100  # its most iterations
    lexical: float = 1.0  # length of the words' and of the parts' block; each half of the sentence vector has one
    neighbours: float = 12.0  # what the likeness of the nearest examples adds to an intent's score
    shared_words: float = 1.0  # what likeness by words counts in it, beside likeness by sentence vector
    copies: int = 1  # mistyped copies of each example
    folds: int = 5  # parts for the out-of-fold scores
    seed: int = 20240229
    false_reject: float = 0.05  # share of our own messages, unseen, that the gate may close on
    danger: tuple[str, ...] = ()  # intents that outrank the rest ...
    danger_share: float = 1.1  # ... where they hold this share together; above 1: never


@dataclass(frozen=True)
class Reading:
    """What a message was taken to mean: (intent, probability) best first, whether to act on it, the gate's score."""

    ranking: list[tuple[str, float]] = field(default_factory=list)
    sure: bool = False
    score: float = 0.0


@dataclass
class IntentModel:
    """Everything that was learnt. `weights` (768 + sparse columns, classes), `bias` (classes,)."""

    settings: Settings
    names: tuple[str, ...]
    reader: Reader
    weights: np.ndarray
    bias: np.ndarray
    neighbours: Neighbours
    temperature: float
    gate: Gate

    def read(self, text: str) -> Reading:
        """The meaning of `text`. A message without a letter or digit means nothing: an empty ranking, not sure."""
        cleaned = self.reader.clean(text)
        if not cleaned:
            return Reading()
        features = self.reader.read([cleaned])
        scores, nearest = self.score(features, 0)
        chances = softmax(scores * self.temperature)
        order = list(np.argsort(-chances, kind="stable"))
        sure = self.gate.opens(chances, nearest)
        if (danger := self._danger(chances)) is not None:
            order.remove(danger)
            order.insert(0, danger)
            sure = True
        ranking = [(self.names[label], float(chances[label])) for label in order]
        return Reading(ranking, sure, self.gate.score(chances, nearest))

    def score(self, message: Features, row: int) -> tuple[np.ndarray, float]:
        """Scores of the message at `row`, one a class, and the likeness of the nearest example."""
        begin, end = message.starts[row], message.starts[row + 1]
        learnt = self.bias + message.dense[row] @ self.weights[:SIZE]
        learnt = learnt + message.values[begin:end] @ self.weights[SIZE + message.columns[begin:end]]
        sentences, words = self.neighbours.compare(message, row)
        votes = self.neighbours.vote(sentences + self.settings.shared_words * words)
        return learnt + self.settings.neighbours * votes, float(sentences.max(initial=0.0))

    def _danger(self, chances: np.ndarray) -> int | None:
        """The likeliest danger, where all dangers together hold their share of the chances."""
        labels = [self.names.index(name) for name in self.settings.danger if name in self.names]
        if not labels or float(chances[labels].sum()) < self.settings.danger_share:
            return None
        return max(labels, key=lambda label: (float(chances[label]), -label))
