"""Multinomial logistic regression over a dense and a sparse block, by a small L-BFGS in single precision."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np

MEMORY, ENOUGH, HALVINGS = 8, 5e-6, 20


def softmax(scores: np.ndarray) -> np.ndarray:
    """Rows of `scores` (n, k) as probabilities."""
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)


def fit(
    dense: np.ndarray, sparse: Any, labels: np.ndarray, classes: int, strength: float, steps: int
) -> tuple[np.ndarray, np.ndarray]:
    """Weights (dense columns + sparse columns, classes) and bias (classes,), float32.

    `dense` (n, d) and `sparse` (n, s) scipy CSR, float32; `labels` (n,) integers; `strength` is C, the inverse of the
    ridge; `steps` bounds the iterations. Each class counts the same in all, however many examples it has.
    """
    n, d = dense.shape
    counts = np.bincount(labels, minlength=classes).clip(1)
    weight = (n / ((counts > 0).sum() * counts))[labels].astype(np.float32)
    target = np.zeros((n, classes), np.float32)
    target[np.arange(n), labels] = 1
    turned = sparse.T.tocsr()

    def loss(table: np.ndarray) -> tuple[float, np.ndarray]:
        chances = softmax(dense @ table[:d] + sparse @ table[d:-1] + table[-1])
        cost = -(weight * np.log(chances[np.arange(n), labels] + 1e-12)).sum(dtype=np.float64)
        error = (chances - target) * weight[:, None]
        slope = np.concatenate([dense.T @ error, turned @ error, error.sum(0, keepdims=True)])
        slope[:-1] += table[:-1] / np.float32(strength)
        return float(cost) + _dot(table[:-1], table[:-1]) / (2 * strength), slope

    table = descend(loss, np.zeros((d + sparse.shape[1] + 1, classes), np.float32), steps)
    return table[:-1], table[-1]


def descend(loss: Callable[[np.ndarray], tuple[float, np.ndarray]], start: np.ndarray, steps: int) -> np.ndarray:
    """The lowest place of a convex `loss` (value and slope) that L-BFGS finds from `start` in `steps`."""
    place, (value, slope) = start, loss(start)
    past: deque[tuple[np.ndarray, np.ndarray, float]] = deque(maxlen=MEMORY)
    stride = 1.0 / max(float(np.sqrt(_dot(slope, slope))), 1e-12)
    for _ in range(steps):
        way = _direction(slope, past)
        fall = _dot(slope, way)
        for _ in range(HALVINGS):
            found = place + np.float32(stride) * way
            lower, tilt = loss(found)
            if lower <= value + 1e-4 * stride * fall:
                break
            stride /= 2
        else:
            return place
        moved, bent = found - place, tilt - slope
        if (curve := _dot(moved, bent)) > 1e-10:
            past.append((moved, bent, 1.0 / curve))
        gained, place, value, slope, stride = value - lower, found, lower, tilt, 1.0
        if gained <= ENOUGH * max(abs(value), 1.0):
            break
    return place


def _direction(slope: np.ndarray, past: deque[tuple[np.ndarray, np.ndarray, float]]) -> np.ndarray:
    """Downhill, bent by what the last moves told of the curvature (the two-loop recursion)."""
    way, shares = -slope, []
    for moved, bent, inverse in reversed(past):
        share = inverse * _dot(moved, way)
        shares.append(share)
        way -= np.float32(share) * bent
    if past:
        _, bent, inverse = past[-1]
        way *= np.float32(1.0 / (inverse * _dot(bent, bent)))
    for (moved, bent, inverse), share in zip(past, reversed(shares), strict=True):
        way += np.float32(share - inverse * _dot(bent, way)) * moved
    return way


def _dot(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.dot(a.ravel(), b.ravel()))
