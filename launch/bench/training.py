"""Training both sides' models, measured, and kept by a hash of all that makes them."""

import json
import resource
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from launch.bench.program import run_program
from launch.bench.project import STOCK, stock_environment, write_project
from launch.model import make_model, train_with_rasa

VECTORS = ".vectors.npz"  # what nlu/train.py leaves beside a model for the next training


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
        out.with_name(VECTORS).unlink(missing_ok=True)  # what learning from nothing costs
        new.append(measure(lambda: train_with_rasa(out)))

    model = make_model(models, train=measured)
    notes = model.with_name(f"{model.name.removesuffix('.tar.gz')}.json")
    if not new and not notes.exists():  # made by something else than a bench: nobody noted what it cost
        model.unlink()
        model = make_model(models, train=measured)
    if new:
        note(notes, new[-1])
    return noted(notes)


def train_stock(var: Path, epochs: int) -> tuple[Path, Training]:
    """The stock project with its model, trained where it is missing, and what that cost. Raises ProgramFailedError."""
    home = write_project(var / "projects", epochs)
    model, notes = home / "models" / "model.tar.gz", home / "training.json"
    if not model.exists() or not notes.exists():
        print(f"Training stock Rasa's default pipeline and policies, {epochs} epochs: this takes long.", flush=True)
        note(notes, measure(lambda: _train_with_stock(home)))
    return home, noted(notes)


def _train_with_stock(home: Path) -> None:
    command = [str(STOCK / "bin" / "python"), "-m", "rasa", "train", "--domain", "domain.yml", "--data", "data",
               "--config", "config.yml", "--out", "models", "--fixed-model-name", "model"]  # fmt: skip
    environment = {**stock_environment(), "RASA_MAX_CACHE_SIZE": "0"}
    run_program(command, home, environment, home / "train.log", makes=home / "models" / "model.tar.gz")


def measure(work: Callable[[], None]) -> Training:
    """What `work` costs with the programs that it starts and waits for."""
    before, began = _children_cpu(), perf_counter()
    work()
    return Training(perf_counter() - began, _children_cpu() - before, datetime.now(UTC).date().isoformat())


def note(notes: Path, training: Training) -> None:
    """Writes down what a training cost."""
    notes.write_text(json.dumps(asdict(training)))


def noted(notes: Path) -> Training:
    """What was written down."""
    return Training(**json.loads(notes.read_text()))


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
