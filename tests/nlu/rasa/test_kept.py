"""Vectors of an earlier training: the same as if made again, only new wordings are run, and a bad file is no harm."""

from pathlib import Path

import numpy as np
import pytest

from nlu.components.encoder import Encoder
from nlu.components.kept import KeptVectors

SIZE = 3


class Maker:
    """Makes vectors of SIZE, and remembers of what."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, texts: list[str]) -> np.ndarray:
        self.asked += texts
        return np.array([[len(text), sum(text.encode()), 1] for text in texts], np.float32)


def test_only_new_texts_are_run(tmp_path: Path) -> None:
    file, make = tmp_path / "v.npz", Maker()
    first = KeptVectors(file, "a maker", SIZE)
    before = first.encode_all(["one", "two", "one"], make)
    first.save()
    again = KeptVectors(file, "a maker", SIZE)
    after = again.encode_all(["two", "one", "three"], make)
    assert make.asked == ["one", "two", "three"]
    assert np.array_equal(before[[1, 0]], after[:2])
    assert np.array_equal(after[2], Maker()(["three"])[0])


def test_what_was_not_used_is_dropped(tmp_path: Path) -> None:
    file, make = tmp_path / "v.npz", Maker()
    for texts in (["one", "two"], ["two"], ["one"]):
        kept = KeptVectors(file, "a maker", SIZE)
        kept.encode_all(texts, make)
        kept.save()
    assert make.asked == ["one", "two", "one"]


@pytest.mark.parametrize("spoil", ["other maker", "cut off", "text", "other size"])
def test_a_file_that_does_not_fit_is_made_anew(tmp_path: Path, spoil: str) -> None:
    file, make = tmp_path / "v.npz", Maker()
    kept = KeptVectors(file, "a maker", SIZE)
    kept.encode_all(["one"], make)
    kept.save()
    if spoil == "cut off":
        file.write_bytes(file.read_bytes()[:40])
    if spoil == "text":
        file.write_text("not vectors")
    size = SIZE + 1 if spoil == "other size" else SIZE
    anew = KeptVectors(file, "another maker" if spoil == "other maker" else "a maker", size)
    assert anew.encode_all(["one"], lambda texts: np.zeros((len(texts), size), np.float32)).sum() == 0


def test_the_file_holds_no_text(tmp_path: Path) -> None:
    file = tmp_path / "v.npz"
    kept = KeptVectors(file, "a maker", SIZE)
    kept.encode_all(["zebra crossing"], Maker())
    kept.save()
    assert b"zebra" not in file.read_bytes()


def test_an_encoder_gives_the_same_with_and_without(tmp_path: Path) -> None:
    texts = ["when is my course", "how much is it"]
    keeping = Encoder(tmp_path / "v.npz")
    keeping.encode_all(texts)
    keeping.keep()
    assert np.array_equal(Encoder(tmp_path / "v.npz").encode_all(texts), Encoder().encode_all(texts))
