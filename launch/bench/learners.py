"""The two sides as learners: each trained on a set's examples and asked about its messages, by programs of its own.

Both are trained by `rasa train nlu`, each in its own environment. What was learnt and what was answered is kept under
the hash of all that makes it.
"""

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from launch.bench.program import run_program
from launch.bench.project import DEFAULTS, STOCK, make_config, stock_environment
from launch.bench.sets import LabelledSet, digest
from launch.bench.table import OURS, STOCK_RASA
from launch.bench.training import Training, measure, note, noted
from launch.settings import PROJECT, RASA_PYTHON, child_environment

CODE = ("nlu/components", "nlu/words")  # what makes our model besides the examples and the configuration
ASKING = ("nlu/bench/parse.py", "nlu/score.py")
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_INTRA_OP_PARALLELISM_THREADS", "TF_INTER_OP_PARALLELISM_THREADS"),
    "1",
)
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Answer:
    """What a side made of a message: what it would act on, its likeliest intents with their probabilities, best first,
    how sure it is that the message is one of its own, milliseconds on the clock and of the processor."""

    predicted: str
    chances: Mapping[str, float]
    score: float
    milliseconds: float
    cpu: float


@dataclass(frozen=True)
class Learnt:
    """How a side did with a set: an answer for each of its rows. `memory`, megabytes beyond an interpreter that has
    nothing but the messages: `resident` and `peak` once the model serves; `model` of it, beyond Rasa as imported."""

    training: Training
    answers: tuple[Answer, ...]
    memory: Mapping[str, float]


@dataclass(frozen=True)
class Learner:
    """A side. `train` and `parse`: its commands, up to where the files are named; `made_of`: what changes its model."""

    name: str
    config: Mapping[str, Any]
    made_of: str
    train: tuple[str, ...]
    parse: tuple[str, ...]
    environment: Mapping[str, str]

    def learn(self, one: LabelledSet, folder: Path, tell: Tell) -> Learnt:
        """Trains and asks, or takes what was kept in `folder`. Raises ProgramFailedError."""
        home = folder / f"{one.name}-{self.name.replace(' ', '-')}-{digest(self.made_of, self.config, one.train)}"
        model, notes = home / "model.tar.gz", home / "training.json"
        if not notes.exists():
            tell(f"{one.title}: training {self.name} on {len(one.train):,} examples")
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir(mode=0o700, parents=True)
            note(notes, measure(lambda: self._train(one, home)))
        asked = home / f"answers-{digest(files=[one.file, *(PROJECT / file for file in ASKING)])}.json"
        if not asked.exists():
            tell(f"{one.title}: asking {self.name} about {len(one.rows):,} messages, one after another")
            new, log = asked.with_suffix(".new"), home / "ask.log"
            words = ("--model", str(model), "--rows", str(one.file), "--out", str(new))
            run_program((*self.parse, *words), PROJECT, {**self.environment, **ONE_THREAD}, log, makes=new)
            new.replace(asked)
        found = json.loads(asked.read_text(encoding="utf-8"))
        return Learnt(noted(notes), tuple(Answer(**answer) for answer in found["parsed"]), found["memory"])

    def _train(self, one: LabelledSet, home: Path) -> None:
        write_yaml(home / "config.yml", self.config)
        blocks = [
            {"intent": intent, "examples": "".join(f"- {text}\n" for text in texts)}
            for intent, texts in one.examples().items()
        ]
        write_yaml(home / "nlu.yml", {"version": "3.1", "nlu": blocks})
        words = ("--config", str(home / "config.yml"), "--nlu", str(home / "nlu.yml"), "--out", str(home),
                 "--fixed-model-name", "model")  # fmt: skip
        environment = {**self.environment, "RASA_MAX_CACHE_SIZE": "0"}
        run_program((*self.train, *words), home, environment, home / "train.log", makes=home / "model.tar.gz")


def make_learners(epochs: int, shipped: Path = DEFAULTS) -> tuple[Learner, Learner]:
    """Our pipeline as nlu/config.yml has it, and Rasa's default with this many epochs."""
    stock_python = str(STOCK / "bin" / "python")
    files = sorted(file for folder in CODE for file in (PROJECT / folder).rglob("*") if file.is_file())
    code = [file for file in files if "__pycache__" not in file.parts]
    ours = Learner(
        OURS,
        read_yaml(PROJECT / "nlu" / "config.yml"),
        digest(files=[*code, PROJECT / "nlu" / "requirements.lock"]),
        (str(RASA_PYTHON), "-m", "nlu.launcher", "rasa", "train", "nlu"),
        (str(RASA_PYTHON), "-m", "nlu.bench.parse", "ours"),
        child_environment(PYTHONPATH=str(PROJECT), KEEP_VECTORS=""),  # where its components are; it learns from nothing
    )
    stock = Learner(
        STOCK_RASA,
        make_config(read_yaml(shipped), epochs),
        digest(files=[PROJECT / "nlu" / "requirements-stock.lock"]),
        (stock_python, "-m", "rasa", "train", "nlu"),
        (stock_python, "-m", "nlu.bench.parse", "stock"),
        stock_environment(),
    )
    return ours, stock


def read_yaml(file: Path) -> dict[str, Any]:
    """A configuration."""
    return dict(yaml.safe_load(file.read_text(encoding="utf-8")))


def write_yaml(file: Path, content: Mapping[str, Any]) -> None:
    """In its order, each text on a line of its own."""
    file.write_text(yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True, width=100_000), encoding="utf-8")
