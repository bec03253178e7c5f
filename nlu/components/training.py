"""Learns an IntentModel from examples. The same examples and settings give the same model, on any number of cores."""

from __future__ import annotations

import logging
import os
import random
import warnings
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from nlu.components.encoder import SIZE, Encoder
from nlu.components.features import Features, Reader
from nlu.components.gate import OUT_OF_SCOPE, Gate, fit_temperature
from nlu.components.model import IntentModel, Settings
from nlu.components.neighbours import Neighbours
from nlu.components.normaliser import normalise
from nlu.components.regression import fit, softmax
from nlu.components.speller import Speller, count_words, read_english
from nlu.components.tfidf import Tfidf
from nlu.components.typos import mistype
from nlu.components.weights import WeightsMissingError

log = logging.getLogger(__name__)  # each step of a training, which takes minutes; heard by nlu/train.py


AT_ONCE = 256  # messages that are scored together


class NothingToLearnError(Exception):
    """There must be examples of at least two intents."""


def load_encoder(keep: Path | None = None) -> Encoder | None:
    """The sentence encoder, or None with a loud warning where its files are not installed. `keep`: see Encoder."""
    try:
        return Encoder(keep)
    except (WeightsMissingError, ImportError) as error:
        warnings.warn(f"UNDERSTANDING IS WEAKER: no sentence vectors, words alone. {error}", stacklevel=2)
        return None


def train(examples: Sequence[tuple[str, str]], settings: Settings, encoder: Encoder | None) -> IntentModel:
    """A model of `examples`, (text, intent) each. Raises NothingToLearnError."""
    from threadpoolctl import threadpool_limits

    rows = [(text, intent) for text, intent in examples if text.strip()]
    names = tuple(sorted({intent for _, intent in rows}))
    if len(names) < 2:
        raise NothingToLearnError(NothingToLearnError.__doc__)
    labels = np.array([names.index(intent) for _, intent in rows])
    with threadpool_limits(1):  # sums in one order, whatever the machine
        steps = 3 + settings.folds
        log.info("1 of %d: reading %d examples", steps, len(rows))
        reader = learn_reader([text for text, _ in rows], settings, encoder)
        plain = reader.read([reader.clean(text) for text, _ in rows])
        log.info("2 of %d: reading them again with slips of the finger", steps)
        copies = mistyped(reader, rows, settings)
        with ThreadPoolExecutor(os.cpu_count() or 1) as cores:  # each sums in its own order, whatever runs beside it
            log.info("3 of %d: learning", steps)
            whole = cores.submit(learn, reader, names, plain, copies, labels, settings)
            scores, nearest = _ask_unseen(reader, names, plain, labels, settings, cores)
            return calibrate(whole.result(), scores, nearest, labels)


def learn_reader(texts: list[str], settings: Settings, encoder: Encoder | None) -> Reader:
    """Speller and TF-IDF from the texts alone."""
    normal = [normalise(text) for text in texts]
    speller = Speller(read_english(), count_words(normal))
    cleaned = [speller.correct(text) for text in normal]
    words, parts = Tfidf.learn("words", cleaned, 1), Tfidf.learn("parts", cleaned, 2)
    return Reader(speller, words, parts, encoder, settings.lexical)


def mistyped(reader: Reader, rows: list[tuple[str, str]], settings: Settings) -> Features:
    """The examples again, `copies` times, with one or two slips each, as the speller leaves them.

    The slips in one example do not hang on the others, so that its vectors are the same when others are added.
    """
    texts = [
        mistype(text, 1 + copy % 2, random.Random(f"{settings.seed} {copy} {text}"))  # noqa: S311 - repeatable, not secret
        for copy in range(settings.copies)
        for text, _ in rows
    ]
    return reader.read([reader.clean(text) for text in texts])


def learn(
    reader: Reader,
    names: tuple[str, ...],
    plain: Features,
    copies: Features | None,
    labels: np.ndarray,
    settings: Settings,
) -> IntentModel:
    """A model that is not calibrated yet."""
    features = plain.join(copies) if copies else plain
    times = len(features.dense) // len(plain.dense)
    strength = settings.strength / times
    weights, bias = fit(
        features.dense, sparse(features, reader.width), np.tile(labels, times), len(names), strength, settings.steps
    )
    neighbours = Neighbours(plain, labels, len(names), reader.width, settings.lexical)
    return IntentModel(settings, names, reader, weights, bias, neighbours, 1.0, Gate(names, 0.0))


def sparse(features: Features, width: int) -> Any:
    """The sparse block as scipy CSR (n, width)."""
    from scipy.sparse import csr_matrix

    return csr_matrix((features.values, features.columns, features.starts), shape=(len(features.dense), width))


def _ask_unseen(
    reader: Reader, names: tuple[str, ...], plain: Features, labels: np.ndarray, settings: Settings, cores: Executor
) -> tuple[np.ndarray, np.ndarray]:
    """`IntentModel.score` of each example by a model that has not seen it: (n, classes) and (n,)."""
    scores, nearest = np.zeros((len(labels), len(names)), np.float64), np.zeros(len(labels))
    folds = deal(labels, settings)

    def ask(fold: int) -> None:
        log.info("%d of %d: how sure it may be, on what it has not seen", 4 + fold, 3 + settings.folds)
        kept, asked = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        if not len(asked) or len(set(labels[kept])) < 2:
            return
        part = learn(reader, names, plain.take(kept), None, labels[kept], settings)
        for begin in range(0, len(asked), AT_ONCE):
            rows = asked[begin : begin + AT_ONCE]
            scores[rows], nearest[rows] = _score_all(part, plain.take(rows))

    list(cores.map(ask, range(settings.folds)))
    return scores, nearest


def calibrate(model: IntentModel, scores: np.ndarray, nearest: np.ndarray, labels: np.ndarray) -> IntentModel:
    """Temperature and gate, set on examples that a model without them was asked about."""
    model.temperature = fit_temperature(scores, labels)
    model.gate = Gate(model.names, _least(model, scores, nearest, labels))
    return model


def _score_all(model: IntentModel, messages: Features) -> tuple[np.ndarray, np.ndarray]:
    """`IntentModel.score` of several messages at once: (messages, classes) and (messages,)."""
    learnt = messages.dense @ model.weights[:SIZE] + sparse(messages, model.reader.width) @ model.weights[SIZE:]
    sentences, words = model.neighbours.compare_all(messages)
    votes = model.neighbours.vote(sentences + model.settings.shared_words * words)
    return learnt + model.bias + model.settings.neighbours * votes, sentences.max(axis=1, initial=0.0)


def deal(labels: np.ndarray, settings: Settings) -> np.ndarray:
    """The fold of each example: each intent's examples dealt out evenly, in a seeded order."""
    folds = np.zeros(len(labels), np.int64)
    chance = np.random.RandomState(settings.seed % 2**32)
    for label in range(int(labels.max()) + 1):
        mine = chance.permutation(np.flatnonzero(labels == label))
        folds[mine] = np.arange(len(mine)) % settings.folds
    return folds


def _least(model: IntentModel, scores: np.ndarray, nearest: np.ndarray, labels: np.ndarray) -> float:
    """The gate's score that all but `false_reject` of our own messages reach."""
    chances = softmax(scores * model.temperature)
    inside = [row for row, label in enumerate(labels) if model.names[label] != OUT_OF_SCOPE]
    reached = [model.gate.score(chances[row], float(nearest[row])) for row in inside]
    return float(np.quantile(reached, model.settings.false_reject))
