"""Measures the understanding on a folder of intent data, as a table.

    .venv-rasa/bin/python -m nlu.measure FOLDER [setting=value …]

FOLDER holds `text<TAB>intent` files: `<set>_train*.tsv` or `*_train_*.tsv` beside test files, as in `SETS`. Without a
folder our own examples are measured against tests/nlu/*.yml. Nothing in the project depends on the data of FOLDER.
"""

from __future__ import annotations

import dataclasses
import random
import resource
import sys
import time
from pathlib import Path

import numpy as np
import yaml

from nlu import annotations
from nlu.components.encoder import Encoder
from nlu.components.gate import OUT_OF_SCOPE
from nlu.components.model import IntentModel, Reading, Settings
from nlu.components.training import train
from nlu.components.typos import mistype

Rows = list[tuple[str, str]]
# name: training file, test file, out-of-scope file
SETS = {
    "clinc_small": ("clinc_small_train.tsv", "clinc_full_val.tsv", "clinc_full_oos_val.tsv"),
    "banking77_10": ("fewshot_banking77_train_10.tsv", "banking77_test.tsv", "clinc_full_oos_val.tsv"),
}
HERE = Path(__file__).resolve().parent


def read_table(path: Path) -> Rows:
    """The rows of a `text<TAB>intent` file."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [(text, intent) for text, intent in (line.split("\t") for line in lines if line)]


def read_examples(folder: Path) -> Rows:
    """The rows of all of Rasa's example files in `folder`, without marks of entities."""
    return [(text, intent) for path in sorted(folder.glob("*.yml")) for text, intent, _ in annotations.read(path)]


def area(inside: np.ndarray, outside: np.ndarray) -> float:
    """The chance that a score of `inside` is above one of `outside` (AUROC)."""
    above = inside[:, None] > outside[None, :]
    return float((above + 0.5 * (inside[:, None] == outside[None, :])).mean())


def calibration_error(readings: list[Reading], rows: Rows, bins: int = 15) -> float:
    """Expected calibration error of the best intent's probability."""
    sure = np.array([reading.ranking[0][1] if reading.ranking else 0.0 for reading in readings])
    right = np.array([best(reading) == intent for reading, (_, intent) in zip(readings, rows, strict=True)])
    at = np.minimum((sure * bins).astype(int), bins - 1)
    return float(sum((at == b).mean() * abs(sure[at == b].mean() - right[at == b].mean()) for b in set(at)))


def best(reading: Reading) -> str:
    return reading.ranking[0][0] if reading.ranking else OUT_OF_SCOPE


def accuracy(readings: list[Reading], rows: Rows, gated: bool = False) -> float:
    """Share of right intents; `gated`: a closed gate counts as wrong, but right where the message is out of scope."""
    right = 0
    for reading, (_, intent) in zip(readings, rows, strict=True):
        answer = best(reading) if reading.sure or not gated else OUT_OF_SCOPE
        right += answer == intent
    return right / len(rows)


def measure(name: str, learn: Rows, test: Rows, foreign: Rows, settings: Settings) -> None:
    """Train and print one column of figures."""
    began, cpu = time.monotonic(), time.process_time()
    model = train(learn, settings, Encoder())
    print(f"\n{name}: {len(learn)} examples, {len(model.names)} intents; {len(test)} test, {len(foreign)} out of scope")
    print(f"  training             {time.monotonic() - began:6.1f} s, {time.process_time() - cpu:.1f} s CPU")
    model.read("hello")
    clock = []
    readings = []
    for text, _ in test:
        start = time.perf_counter()
        readings.append(model.read(text))
        clock.append((time.perf_counter() - start) * 1000)
    gated = accuracy(readings, test, gated=True)
    print(f"  accuracy             {accuracy(readings, test):6.2%}   behind the gate {gated:.2%}")
    for slips in (1, 2):
        chance = random.Random(slips)  # noqa: S311 - to be repeatable
        typed = [(mistype(text, slips, chance), intent) for text, intent in test]
        right = accuracy([model.read(text) for text, _ in typed], typed)
        print(f"  with {slips} typo{'s' if slips > 1 else ' '}          {right:6.2%}")
    report_gate(model, readings, test, foreign)
    print(f"  calibration error    {calibration_error(readings, test):6.3f}")
    print(f"  milliseconds         p50 {np.percentile(clock, 50):.1f}, p95 {np.percentile(clock, 95):.1f}")
    print(f"  2,000 characters     {_time_long(model):.1f} ms")


def report_gate(model: IntentModel, readings: list[Reading], test: Rows, foreign: Rows) -> None:
    """How well the gate keeps foreign messages out, as set and at a false reject of 5%."""
    away = [model.read(text) for text, _ in foreign]
    inside = [r for r, (_, intent) in zip(readings, test, strict=True) if intent != OUT_OF_SCOPE]
    ours, theirs = (np.array([r.score for r in side]) for side in (inside, away))
    at = float(np.quantile(ours, 0.05))
    caught = np.mean([r.score < at or best(r) == OUT_OF_SCOPE for r in away])
    print(f"  out of scope         AUROC {area(ours, theirs):.3f}, caught at 5% false reject {caught:.1%}")
    refused = np.mean([not r.sure for r in inside])
    caught = np.mean([not r.sure or best(r) == OUT_OF_SCOPE for r in away])
    print(f"  the gate as set      refuses {refused:.1%} of ours, catches {caught:.1%} of theirs")


def _time_long(model: IntentModel) -> float:
    text = ("i was told by the officer that i have to come to this and i really do not know what it is about " * 21)[
        :2000
    ]
    start = time.perf_counter()
    model.read(text)
    return (time.perf_counter() - start) * 1000


def configured() -> Settings:
    """The settings of nlu/config.yml."""
    config = yaml.safe_load((HERE / "config.yml").read_text(encoding="utf-8"))["pipeline"][0]
    known = {field.name for field in dataclasses.fields(Settings)}
    given = {key: tuple(value) if key == "danger" else value for key, value in config.items() if key in known}
    return Settings(**given)


def main(arguments: list[str]) -> None:
    """The command line: a folder of tables or nothing, and settings."""
    changes = dict(argument.split("=", 1) for argument in arguments if "=" in argument)
    settings = dataclasses.replace(
        configured(), **{key: type(getattr(Settings(), key))(value) for key, value in changes.items()}
    )
    folders = [Path(argument) for argument in arguments if "=" not in argument]
    for folder in folders:
        for name, files in SETS.items():
            if all((folder / file).exists() for file in files):
                measure(name, *(read_table(folder / file) for file in files), settings)
    if not folders:
        test = read_examples(HERE.parent / "tests" / "nlu")
        foreign = [row for row in test if row[1] == OUT_OF_SCOPE]
        measure("our own", read_examples(HERE / "examples"), test, foreign, settings)
    print(f"\n{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB at most, training included")


if __name__ == "__main__":
    main(sys.argv[1:])
