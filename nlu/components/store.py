"""A trained model as files: arrays in numpy's own format, the rest as JSON. Nothing in them can run."""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import hashlib
import json
from functools import lru_cache
from pathlib import Path

import numpy as np

from nlu.components.encoder import SIZE, Encoder
from nlu.components.features import Features, Reader
from nlu.components.gate import Gate
from nlu.components.model import IntentModel, Settings
from nlu.components.neighbours import Neighbours
from nlu.components.normaliser import WORDS
from nlu.components.speller import Speller, read_english
from nlu.components.tfidf import Tfidf
from nlu.components.weights import DICTIONARY, MODEL, TOKENIZER

ARRAYS, REST = "understanding.npz", "understanding.json"


class ModelOutdatedError(Exception):
    """The model was trained by other code, words or weights than are installed: train it again (`make train`)."""


@lru_cache(maxsize=1)
def fingerprint() -> str:
    """64 hex digits of the code, word lists and weights that a prediction comes from."""
    digest = hashlib.sha256(repr((MODEL, TOKENIZER, DICTIONARY)).encode())
    for path in sorted([*Path(__file__).parent.glob("*.py"), *WORDS.iterdir()]):
        if path.is_file():
            content = path.read_bytes()
            digest.update(f"{path.name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def save(model: IntentModel, folder: Path) -> None:
    """Write `model` into `folder`, which exists."""
    examples, reader = model.neighbours.examples, model.reader
    np.savez(
        folder / ARRAYS,
        weights=model.weights,
        bias=model.bias,
        words=reader.words.rarity,
        parts=reader.parts.rarity,
        labels=model.neighbours.labels,
        **{f"examples_{name}": value for name, value in vars(examples).items()},
    )
    rest = {
        "fingerprint": fingerprint(),
        "settings": dataclasses.asdict(model.settings),
        "names": model.names,
        "words": reader.words.terms,
        "parts": reader.parts.terms,
        "ours": reader.speller.ours,
        "sentences": reader.encoder is not None,
        "temperature": model.temperature,
        "least": model.gate.least,
    }
    (folder / REST).write_text(json.dumps(rest, ensure_ascii=False), encoding="utf-8")


def load(folder: Path) -> IntentModel:
    """The model in `folder`. Raises ModelOutdatedError, WeightsMissingError or WeightsChangedError."""
    rest = json.loads((folder / REST).read_text(encoding="utf-8"))
    if rest["fingerprint"] != fingerprint():
        raise ModelOutdatedError(f"{ModelOutdatedError.__doc__} ({rest['fingerprint'][:12]}, not {fingerprint()[:12]})")
    with np.load(folder / ARRAYS, allow_pickle=False) as arrays:
        kept = {name: arrays[name] for name in arrays.files}
    settings = Settings(**{**rest["settings"], "danger": tuple(rest["settings"]["danger"])})
    words, parts = (Tfidf(kind, rest[kind], kept[kind]) for kind in ("words", "parts"))
    encoder = Encoder() if rest["sentences"] else None
    reader = Reader(Speller(read_english(), rest["ours"]), words, parts, encoder, settings.lexical)
    names = tuple(rest["names"])
    examples = Features(*(kept[f"examples_{field.name}"] for field in dataclasses.fields(Features)))
    neighbours = Neighbours(examples, kept["labels"], len(names), reader.width, settings.lexical)
    neighbours.lighten()
    if kept["weights"].shape != (SIZE + reader.width, len(names)):
        raise ModelOutdatedError(f"{ModelOutdatedError.__doc__} (its tables do not fit together)")
    gate = Gate(names, rest["least"])
    _give_back_memory()
    return IntentModel(settings, names, reader, kept["weights"], kept["bias"], neighbours, rest["temperature"], gate)


def _give_back_memory() -> None:
    """Loading needs 70 MB for a moment, which glibc would keep; other systems' allocators see to it themselves."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)
