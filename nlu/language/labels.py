"""Labels that are probably wrong, by confident learning (Northcutt, Jiang and Chuang, 2021).

Each example is judged by a classifier that has not seen it. A label is doubted where another intent is as likely as it
usually is for that intent's own examples, while the label's own is less likely than usual for its own. The library of
the paper's authors is under the AGPL, so this is our own.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from nlu.components.regression import fit, softmax
from nlu.language.finding import Finding, read_limits
from nlu.sets import Example

FOLDS, STRENGTH, STEPS, SEED = 4, 6.0, 40, 20240229
KEPT = "doubtful.json"

Doubt = tuple[int, int, float, float]  # row, the other label, its probability, that of the label itself


def check_labels(training: Sequence[Example], vectors: np.ndarray, cache: Path) -> Iterator[Finding]:
    """The doubtful labels, the most doubtful first. `vectors`: a row for each example."""
    names = sorted({one.intent for one in training})
    if len(names) < 2:
        return
    labels = np.array([names.index(one.intent) for one in training])
    for row, other, chance, own in _kept(labels, vectors, cache):
        one = training[row]
        values = {"text": one.text, "intent": one.intent, "other_intent": names[other]}
        yield Finding(str(one.path), one.line, "doubtful", {**values, "chance": f"{chance:.0%}", "own": f"{own:.0%}"})


def _kept(labels: np.ndarray, vectors: np.ndarray, cache: Path) -> list[Doubt]:
    """Worked out once for the same examples, this code and these limits."""
    least = float(read_limits()["doubtful"])
    digest = hashlib.sha256(Path(__file__).read_bytes() + repr(least).encode())
    digest.update(labels.tobytes() + vectors.tobytes())
    file = cache / KEPT
    try:
        known = json.loads(file.read_text())
        if known["of"] == digest.hexdigest():
            return [tuple(doubt) for doubt in known["doubts"]]
    except (OSError, ValueError, KeyError, TypeError):
        pass
    doubts = find_doubts(labels, judge_unseen(labels, vectors), least)
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f".{os.getpid()}.json")
    new.write_text(json.dumps({"of": digest.hexdigest(), "doubts": doubts}))
    new.replace(file)
    return doubts


def judge_unseen(labels: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Probabilities (n, classes) of each example by a classifier of the other folds' examples."""
    from scipy.sparse import csr_matrix
    from threadpoolctl import threadpool_limits

    classes = int(labels.max()) + 1
    nothing = csr_matrix((len(labels), 0), dtype=np.float32)
    chances, folds = np.zeros((len(labels), classes)), _deal(labels)
    with threadpool_limits(1):  # sums in one order, whatever the machine
        for fold in range(FOLDS):
            kept, asked = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
            weights, bias = fit(vectors[kept], nothing[kept], labels[kept], classes, STRENGTH, STEPS)
            chances[asked] = softmax(vectors[asked] @ weights + bias)
    return chances


def find_doubts(labels: np.ndarray, chances: np.ndarray, least: float) -> list[Doubt]:
    """Confident learning on unseen probabilities (n, classes); another label must be `least` likelier at least."""
    rows = np.arange(len(labels))
    own = chances[rows, labels]
    usual = np.array(
        [own[labels == label].mean() if (labels == label).any() else 2.0 for label in range(chances.shape[1])]
    )
    confident = np.where(chances >= usual, chances, 0.0)
    other = confident.argmax(axis=1)
    likeliest = confident[rows, other]
    doubted = np.flatnonzero((likeliest > 0) & (other != labels) & (own < usual[labels]) & (likeliest - own >= least))
    ordered = sorted(doubted, key=lambda row: (own[row] - likeliest[row], row))
    return [(int(row), int(other[row]), float(likeliest[row]), float(own[row])) for row in ordered]


def _deal(labels: np.ndarray) -> np.ndarray:
    """The fold of each example: each intent's dealt out evenly, in a seeded order."""
    folds, chance = np.zeros(len(labels), np.int64), np.random.RandomState(SEED)
    for label in range(int(labels.max()) + 1):
        mine = chance.permutation(np.flatnonzero(labels == label))
        folds[mine] = np.arange(len(mine)) % FOLDS
    return folds
