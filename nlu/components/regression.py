"""Multinomial logistic regression over a dense and a sparse block; scipy only where it is trained."""

from __future__ import annotations

from typing import Any

import numpy as np


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
    from scipy.optimize import minimize

    n, d, s = len(labels), dense.shape[1], sparse.shape[1]
    share = n / (classes * np.bincount(labels, minlength=classes).clip(1))
    weight = share[labels].astype(np.float32)
    weight *= n / weight.sum()
    target = np.zeros((n, classes), np.float32)
    target[np.arange(n), labels] = 1
    turned = sparse.T.tocsr()

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        table = flat.reshape(d + s + 1, classes).astype(np.float32)
        chances = softmax(dense @ table[:d] + sparse @ table[d:-1] + table[-1])
        error = (chances - target) * weight[:, None]
        slope = np.concatenate([dense.T @ error, turned @ error, error.sum(0, keepdims=True)]).astype(np.float64)
        slope[:-1] += table[:-1] / strength
        cost = -(weight * np.log(chances[np.arange(n), labels] + 1e-12)).sum(dtype=np.float64)
        return float(cost + (table[:-1].astype(np.float64) ** 2).sum() / (2 * strength)), slope.ravel()

    start = np.zeros((d + s + 1) * classes)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": steps, "maxcor": 7, "ftol": 1e-5})
    table = found.x.reshape(d + s + 1, classes).astype(np.float32)
    return table[:-1], table[-1]
