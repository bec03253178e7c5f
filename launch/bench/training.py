"""Training both sides' models, measured, and kept by a hash of all that makes them."""

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from launch.bench.project import STOCK, write_project
from launch.model import TrainingFailedError, make_model, train_with_rasa
from launch.parent import end_with_parent
from launch.settings import child_environment

TICK_SECONDS = 30


@dataclass(frozen=True)
class Training:
    """What a training cost: seconds on the clock, and of processors. `on`: the day it was measured."""

    wall: float
    cpu: float
    on: str


def train_ours(models: Path) -> Training:
    """Our model in `models`, trained where it is missing. Raises TrainingFailedError."""
    new: list[Training] = []

    def measured(out: Path) -> None:
        new.append(_measure(lambda: train_with_rasa(out)))

    model = make_model(models, train=measured)
    notes = model.with_name(f"{model.name.removesuffix('.tar.gz')}.json")
    if not new and not notes.exists():  # made by something else than a bench: nobody noted what it cost
        model.unlink()
        model = make_model(models, train=measured)
    return _noted(notes, new)


def train_stock(var: Path, epochs: int) -> tuple[Path, Training]:
    """The stock project with its model, trained where it is missing, and what that cost. Raises TrainingFailedError."""
    home = write_project(var / "projects", epochs)
    model, notes, new = home / "models" / "model.tar.gz", home / "training.json", []
    if not model.exists() or not notes.exists():
        print(
            f"Training stock Rasa's default pipeline, {epochs} epochs: a quarter of an hour on two cores.", flush=True
        )
        new.append(_measure(lambda: _train_with_stock(home)))
    return home, _noted(notes, new)


def _train_with_stock(home: Path) -> None:
    command = [str(STOCK / "bin" / "python"), "-m", "rasa", "train", "--domain", "domain.yml", "--data", "data",
               "--config", "config.yml", "--out", "models", "--fixed-model-name", "model"]  # fmt: skip
    began, parent = perf_counter(), os.getpid()
    with (
        (home / "train.log").open("w") as log,
        subprocess.Popen(  # noqa: S603  # our own words, no shell
            command,
            cwd=home,
            env=child_environment(
                RASA_TELEMETRY_ENABLED="false", SQLALCHEMY_SILENCE_UBER_WARNING="1", RASA_MAX_CACHE_SIZE="0"
            ),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=lambda: end_with_parent(signal.SIGKILL, parent),  # noqa: PLW1509  # one thread here
        ) as process,
    ):
        try:
            while process.poll() is None:
                try:
                    process.wait(TICK_SECONDS)
                except subprocess.TimeoutExpired:
                    print(f"   … {perf_counter() - began:.0f} s", flush=True)
        except BaseException:
            process.kill()
            raise
    if process.returncode or not (home / "models" / "model.tar.gz").exists():
        print((home / "train.log").read_text(errors="replace")[-2000:], file=sys.stderr)
        raise TrainingFailedError(TrainingFailedError.__doc__)


def _measure(work: Callable[[], None]) -> Training:
    before, began = _children_cpu(), perf_counter()
    work()
    return Training(perf_counter() - began, _children_cpu() - before, datetime.now(UTC).date().isoformat())


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _noted(notes: Path, new: list[Training]) -> Training:
    """What was just measured, written down; or what was written down before."""
    if new:
        notes.write_text(json.dumps(asdict(new[0])))
    return Training(**json.loads(notes.read_text()))
