"""The trained model of these very files: found in VAR_DIR, or trained once, by one process, and put there whole."""

import fcntl
import hashlib
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from launch.live import Live
from launch.parent import end_with_parent
from launch.settings import PROJECT, RASA_PYTHON, child_environment

KEPT = 5
LESSONS = "lessons.yml"  # beside the models
VECTORS = ".vectors.npz"  # what nlu/train.py keeps for the next training
TRIES = 3
SOURCES = ("nlu", "stories")
DATA = ("nlu/examples", "stories")  # what nlu/train.py learns from unless told otherwise
KINDS = {".yml", ".yaml", ".txt", ".json", ".py", ".lock"}
# What is beside the model and not in it. A file that is new and not named here trains anew, which is never wrong.
NOT_IN_IT = {
    "nlu/action_server.py",
    "nlu/archive.py",
    "nlu/channel.py",
    "nlu/endpoints.yml",
    "nlu/in_use.py",
    "nlu/intents.yml",
    "nlu/keys.py",
    "nlu/launcher.py",
    "nlu/logs.py",
    "nlu/measure.py",
    "nlu/parent.py",
    "nlu/processor.py",
    "nlu/requirements-dev.lock",
    "nlu/requirements-stock.lock",
    "nlu/rotate.py",
    "nlu/rows.py",
    "nlu/runner.py",
    "nlu/score.py",
    "nlu/sets.py",
    "nlu/shell.py",
    "nlu/trace.py",
    "nlu/tracker.py",
    "stories/test_booking.yml",  # played against the model, never trained from
    "stories/test_care.yml",
    "stories/test_first.yml",
}

ANSWERS = "nlu/answers/"
ANSWER = re.compile(rb"^  (utter_\w+):", re.MULTILINE)
BESIDE_IT = ("nlu/bench/", "nlu/language/", "nlu/report/")  # folders of the same kind

Train = Callable[[Path], None]


class TrainingFailedError(RuntimeError):
    """The model could not be trained; what is wrong stands above."""


class NoModelError(LookupError):
    """There is no such model"""


class FilesChangingError(TrainingFailedError):
    """The files in nlu/ or stories/ changed each time while the model was trained. Finish editing, then try again."""


def fingerprint(project: Path = PROJECT, lessons: Path | None = None) -> str:
    """16 hex digits that change when anything that makes the model changes: data, stories, code, lock file. Of the
    answers only the names are in it: their words are the app's, and may change at any hour.

    `lessons`: what trainers taught beside the files (launch/lessons.py), where that is there.
    """
    digest = hashlib.sha256()
    taught = [(LESSONS, lessons)] if lessons is not None and lessons.exists() else []
    names = set[bytes]()
    for name, file in [*sorted(_sources(project)), *taught]:
        content = file.read_bytes()
        if name.startswith(ANSWERS):
            names.update(ANSWER.findall(content))
            continue
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    digest.update(b"\n".join(sorted(names)))
    return digest.hexdigest()[:16]


def find_model(models: Path, project: Path = PROJECT) -> Path | None:
    """The model of the files and lessons as they are now, if it has been trained."""
    model = models / f"{fingerprint(project, models / LESSONS)}.tar.gz"
    return model if model.exists() else None


def find_named(models: Path, named: str) -> Path:
    """A model among `models` by its name or the beginning of it, or a file anywhere. Raises NoModelError."""
    ours = sorted(models.glob("*.tar.gz"))
    elsewhere = Path(named).expanduser().absolute()
    if fitting := [one for one in ours if one.name in (named, f"{named}.tar.gz") or one == elsewhere]:
        return fitting[0]
    if elsewhere.is_file():
        return elsewhere
    fitting = [one for one in ours if one.name.startswith(named)]
    if len(fitting) != 1:
        known = ", ".join(one.name for one in ours) or "none"
        raise NoModelError(f"{NoModelError.__doc__}: {named}. There are: {known}")
    return fitting[0]


def make_model(models: Path, project: Path = PROJECT, train: Train | None = None) -> Path:
    """The model of the files as they are now, trained where it is missing. Raises TrainingFailedError.

    Files that are edited meanwhile: it is trained again, a few times at most (FilesChangingError).

    Two that ask at once: one trains, the other waits and takes what was made. What stands under the final name is
    always whole.
    """
    models.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _one_at_a_time(models):
        model = find_model(models, project) or _train_until_it_fits(models, project, train or train_with_rasa)
        os.utime(model)  # the newest is the one in use
        _prune(models, {model, *Live(models).kept()})
    return model


def _train_until_it_fits(models: Path, project: Path, train: Train) -> Path:
    """A model of files that stood still meanwhile: one of others would be refused by the server at each start."""
    for _ in range(TRIES):
        before = fingerprint(project, models / LESSONS)
        new = models / f".{before}.{os.getpid()}.tar.gz"
        try:
            train(new)
            if fingerprint(project, models / LESSONS) == before:
                return new.replace(models / f"{before}.tar.gz")
        finally:
            new.unlink(missing_ok=True)
        print("The files of the model were changed while it was trained.", flush=True)
    raise FilesChangingError(FilesChangingError.__doc__)


def train_with_rasa(out: Path, config: Path | None = None) -> None:
    """Trains in the Rasa environment, its progress on our standard output. Raises TrainingFailedError.

    `config`: another one than nlu/config.yml.
    """
    parent = os.getpid()
    lessons = out.parent / LESSONS
    given = ["--data", *DATA, str(lessons)] if lessons.exists() else []
    given += ["--config", str(config)] if config else []
    done = subprocess.run(  # noqa: S603  # our own words, no shell; one thread, no lock to inherit
        [str(RASA_PYTHON), "-m", "nlu.train", "--out", str(out), *given],
        cwd=PROJECT,
        env=child_environment(),
        stdin=subprocess.DEVNULL,
        check=False,
        start_new_session=True,  # Ctrl-C is ours to answer: then it ends with us
        preexec_fn=lambda: end_with_parent(signal.SIGKILL, parent),
    )
    if done.returncode or not out.exists():
        raise TrainingFailedError(TrainingFailedError.__doc__)


def _sources(project: Path) -> Iterator[tuple[str, Path]]:
    for folder in SOURCES:
        for file in (project / folder).rglob("*"):
            name = file.relative_to(project).as_posix()
            if name in NOT_IN_IT or name.startswith(BESIDE_IT) or any(part.startswith(".") for part in file.parts):
                continue
            if file.suffix in KINDS:
                yield name, file


@contextmanager
def _one_at_a_time(models: Path) -> Iterator[None]:
    with (models / "lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another training is under way here. Waiting until it has ended …", flush=True)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _prune(models: Path, kept: set[Path]) -> None:
    """Keeps `kept`, and so many of the newest that there are a few; takes away what a killed training left."""
    for left in (*models.glob(".*.tar.gz"), *models.glob(f"{VECTORS}.*")):
        left.unlink(missing_ok=True)
    for folder in models.glob(".training-*"):
        shutil.rmtree(folder, ignore_errors=True)
    old = sorted((one for one in models.glob("*.tar.gz") if one not in kept), key=_age, reverse=True)
    for model in old[max(KEPT - len(kept), 0) :]:
        with suppress(FileNotFoundError):
            model.unlink()


def _age(file: Path) -> float:
    return file.stat().st_mtime
