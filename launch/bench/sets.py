"""The labelled messages that both sides learn from and are asked about, as nlu/bench/rows.py writes them."""

import hashlib
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from launch.score import ask_annex

OWN = "own"
SEED = 20261123
TITLES = {
    OWN: "our own examples and test set",
    "banking77_10": "BANKING77, 10 examples an intent",
    "clinc_small": "CLINC150 small, validation set",
}


@dataclass(frozen=True)
class LabelledRow:
    """A message. `group`: `test`, `one` or `two` (the tests with so many typos), `foreign`; `lookalike`: it only sounds
    like danger."""

    text: str
    intent: str
    group: str
    lookalike: bool = False


@dataclass(frozen=True)
class LabelledSet:
    """Messages to learn from, (text, intent) each, and to be asked about; `file` holds the latter too.

    `drawn_from`: of how many examples these are a sample, 0 where they are all. `ours_alone`: they are more than stock
    Rasa is to learn from.
    """

    name: str
    train: tuple[tuple[str, str], ...]
    rows: tuple[LabelledRow, ...]
    file: Path
    drawn_from: int = 0
    ours_alone: bool = False

    @property
    def title(self) -> str:
        """What it is, for people."""
        return TITLES.get(self.name, self.name)

    def examples(self) -> dict[str, list[str]]:
        """What is to be learnt, by intent."""
        found: dict[str, list[str]] = {}
        for text, intent in self.train:
            found.setdefault(intent, []).append(text)
        return found


def make_sets(folder: Path, data: str) -> list[LabelledSet]:
    """Our own set and, from a folder named `data`, public ones. Raises BadSetError, ScoreFailedError: it said why."""
    for old in folder.glob("*.json"):
        old.unlink()
    more = ("--data", str(Path(data).expanduser().absolute())) if data else ()
    ask_annex("nlu.bench.rows", "--out", str(folder), *more)
    found = [read_set(file) for file in folder.glob("*.json")]
    return sorted(found, key=lambda one: (one.name != OWN, one.name))


def with_samples(one: LabelledSet, most: int | None) -> list[LabelledSet]:
    """The set; where it has more examples than `most`, ours learns it alone, and both a sample of it."""
    if most is None or len(one.train) <= most:
        return [one]
    return [replace(one, ours_alone=True), replace(one, train=_draw(one, most), drawn_from=len(one.train))]


def _draw(one: LabelledSet, most: int) -> tuple[tuple[str, str], ...]:
    """The same share of each intent's examples, one at least, about `most` in all: always the same ones."""
    chance = random.Random(SEED)  # noqa: S311  # to be repeatable
    share = most / len(one.train)
    return tuple(
        (text, intent)
        for intent, texts in one.examples().items()
        for text in chance.sample(texts, max(1, round(share * len(texts))))
    )


def read_set(file: Path) -> LabelledSet:
    """A set from its file."""
    content = json.loads(file.read_text(encoding="utf-8"))
    train = tuple((text, intent) for text, intent in content["train"])
    return LabelledSet(content["name"], train, tuple(LabelledRow(**row) for row in content["rows"]), file)


def digest(*parts: object, files: Sequence[Path] = ()) -> str:
    """16 hex digits that change with any of the parts, or with a file."""
    found = hashlib.sha256(json.dumps(parts, default=str).encode())
    for file in files:
        content = file.read_bytes()
        found.update(f"{file.name}\0{len(content)}\0".encode() + content)
    return found.hexdigest()[:16]
