"""Sentence vectors that an earlier training made, kept beside the models: only new wordings have to be run again."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

KEY_BYTES = 16


class KeptVectors:
    """Vectors by the hash of their text, in one `.npz` file. No text is in it.

    `maker`: what made them (weights, layers, length): the vectors of another maker are not used. A file that cannot be
    read is made anew; what the last training did not use is dropped.
    """

    def __init__(self, file: Path, maker: str, size: int) -> None:
        self._file, self._maker, self._size = file, maker, size
        self._kept = self._read()
        self._used: dict[bytes, np.ndarray] = {}

    def encode_all(self, texts: list[str], encode: Callable[[list[str]], np.ndarray]) -> np.ndarray:
        """The vectors of `texts` (n, size) float32; `encode` is asked for those that are not kept."""
        keys = [hashlib.blake2b(text.encode(), digest_size=KEY_BYTES).digest() for text in texts]
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._kept}
        if new:
            self._kept.update(zip(new, encode(list(new.values())), strict=True))
        self._used.update((key, self._kept[key]) for key in keys)
        return np.stack([self._kept[key] for key in keys]) if keys else np.zeros((0, self._size), np.float32)

    def save(self) -> None:
        """Keeps what was used since the start; put there whole."""
        if not self._used:
            return
        keys = np.frombuffer(b"".join(self._used), np.uint8).reshape(-1, KEY_BYTES)
        new = self._file.with_name(f"{self._file.name}.{os.getpid()}")
        with new.open("wb") as out:
            np.savez(out, maker=np.array(self._maker), keys=keys, vectors=np.stack(list(self._used.values())))
        new.replace(self._file)

    def _read(self) -> dict[bytes, np.ndarray]:
        try:
            with np.load(self._file, allow_pickle=False) as held:
                if str(held["maker"]) != self._maker or held["vectors"].shape[1:] != (self._size,):
                    return {}
                return {bytes(key): vector for key, vector in zip(held["keys"], held["vectors"], strict=True)}
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            return {}
