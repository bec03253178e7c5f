"""Sentence vectors of all examples, kept in a folder between runs: only what is new is worked out."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from nlu.components.encoder import SIZE, Encoder
from nlu.components.normaliser import normalise
from nlu.components.weights import MODEL

KEPT = "vectors.npz"


def read_vectors(texts: Sequence[str], cache: Path, trainings: Path | None = None) -> np.ndarray:
    """A row for each text: (texts, SIZE) float32, as the understanding sees it before any training.

    `cache`: a folder, made where it is missing. What it keeps and nobody asks for any longer is dropped.
    `trainings`: the file where a training leaves its vectors for the next; what is there is not worked out again, and
    where it is missing, ours are left there.
    """
    names = [_name(text) for text in texts]
    known = _read(cache / KEPT)
    new = {name: text for name, text in zip(names, texts, strict=True) if name not in known}
    if new:
        encoder, is_first = Encoder(trainings), trainings is not None and not trainings.exists()
        vectors = encoder.encode_all([normalise(text) for text in new.values()])
        if is_first:
            encoder.keep()
        known |= dict(zip(new, vectors.astype(np.float16), strict=True))
    wanted = {name: known[name] for name in names}
    if new or len(wanted) != len(known):
        _write(cache / KEPT, wanted)
    return np.stack([wanted[name] for name in names]).astype(np.float32) if names else np.zeros((0, SIZE), np.float32)


def _name(text: str) -> str:
    return hashlib.sha256(f"{MODEL[2]}\0{normalise(text)}".encode()).hexdigest()[:24]


def _read(file: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(file, allow_pickle=False) as kept:
            return dict(zip(kept["names"].tolist(), kept["vectors"], strict=True))
    except (OSError, ValueError, KeyError, BadZipFile):  # none, or one that was cut short
        return {}


def _write(file: Path, vectors: dict[str, np.ndarray]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f".{os.getpid()}.npz")
    np.savez(new, names=np.array(list(vectors)), vectors=np.stack(list(vectors.values())))
    new.replace(file)
