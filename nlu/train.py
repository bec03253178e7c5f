"""Trains a model from nlu/ and stories/, and refuses data that would make a bad one.

    python -m nlu.train --out var/models/model.tar.gz

Everything that Rasa would only warn about stops the training, with the file and the line, unless `ALLOWED` says why
it is meant. The same files give the same model: its parts are trained from fixed seeds, and nothing is taken from an
earlier training (Rasa's own cache does not see when a component's code has changed).
"""

from __future__ import annotations

import argparse
import copy
import logging
import os
import random
import re
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rasa.shared.importers.importer import TrainingDataImporter

SEED = 20240229
BUTTONS_ONLY = (
    "im_safe",
    "show_more",
    "carry_on",
    "stop_reminders",
    "start_reminders",
    "withdraw_human",
    "tell_worker",
)

# Rasa's one function for warnings, and our components'. Libraries' remarks about one another are not about the data.
WARNERS = ("/rasa/shared/utils/io.py", *map(str, Path(__file__).parent.glob("components/*.py")))

# What Rasa warns about and we mean, each with the reason.
ALLOWED: dict[str, str] = {
    r"The utterance 'utter_\w+' is not used in any story or rule": "actions say most answers, by their names",
    rf"The intent '({'|'.join(BUTTONS_ONLY)})' is listed in the domain file, but is not found in the NLU": "buttons",
    r"Slot auto-fill has been removed in 3\.0": "said of every domain that has entities and slots",
    r"There is a message in the training data labeled with intent 'nlu_fallback'": "the gate's own intent",
}


class BadData(Exception):
    """The training data cannot make a model; the arguments are what is wrong, a line each."""


@dataclass
class Sources:
    """What a model is made of, as paths from the project's folder."""

    config: str = "nlu/config.yml"
    domain: str = "nlu"
    data: list[str] = field(default_factory=lambda: ["nlu/examples", "stories"])

    def files(self) -> Iterator[Path]:
        for place in map(Path, (self.config, self.domain, *self.data)):
            yield from [place] if place.is_file() else sorted(place.rglob("*.yml"))

    def trained_from(self) -> list[str]:
        """The files of `data` without the test stories: Rasa would learn from those what they are there to test."""
        files = (file for file in self.files() if any(file.is_relative_to(place) for place in self.data))
        return [str(file) for file in files if not file.name.startswith("test_")]

    def place_of(self, complaint: str) -> str:
        """`file:line: ` of the first thing in quotes that stands in one of the files, or nothing."""
        for name in re.findall(r"(?<!\w)'([^']+)'", complaint):
            word = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")
            for path in self.files():
                for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                    if word.search(line.partition(" #")[0]):
                        return f"{path}:{number}: "
        return ""


def train(sources: Sources, out: Path, say: Callable[[str], None] = print) -> None:
    """Write a trained, checked model to `out` (a .tar.gz), in one step. Raises `BadData`; `out` is untouched then."""
    started = time.monotonic()
    _settle_chance()
    from rasa.shared.exceptions import RasaException

    from nlu.standins import StoodIn

    try:
        with _each_file_parsed_once():
            with _complaints(sources) as complaints:
                say(f"Reading {sources.config}, {sources.domain} and {', '.join(sources.data)}")
                importer = _read(sources)
                say(f"  {_extent(importer)} ({time.monotonic() - started:.1f} s)")
                _check(importer)
            _refuse(complaints)
            say("Checked: nothing contradicts anything. Training")
            with _complaints(sources) as complaints, _progress(say):
                _build(sources, out, lambda: _refuse(complaints))
    except (RasaException, StoodIn, ValueError, TypeError, KeyError, OSError) as error:
        message = str(error).strip() or type(error).__name__
        if message.startswith("Can't load class for name"):
            message += " Those made of TensorFlow need the extra `stock` of nlu/pyproject.toml."
        raise BadData(f"{sources.place_of(message)}{message}") from error
    say(f"Model: {out} ({out.stat().st_size / 1e6:.1f} MB) in {time.monotonic() - started:.1f} s")


def _settle_chance() -> None:
    """Fixed seeds for whatever a component leaves to chance, and Rasa's progress bars off."""
    os.environ["LOG_LEVEL"] = "WARNING"
    os.environ["RASA_MAX_CACHE_SIZE"] = "0"
    from nlu.launcher import prepare
    from nlu.logs import silence_structlog

    prepare(serving=False)
    silence_structlog()
    import numpy as np

    random.seed(SEED)
    np.random.seed(SEED)  # scikit-learn 1.1 and Rasa read this one


def _read(sources: Sources) -> TrainingDataImporter:
    from rasa.shared.importers.importer import TrainingDataImporter

    for place in (sources.config, sources.domain, *sources.data):
        if not Path(place).exists():
            raise BadData(f"{place} is missing.")
    return TrainingDataImporter.load_from_config(sources.config, sources.domain, sources.trained_from())


def _extent(importer: TrainingDataImporter) -> str:
    data, stories, domain = importer.get_nlu_data(), importer.get_stories(), importer.get_domain()
    rules = sum("Rule" in type(step).__name__ for step in stories.story_steps)
    if not data.intent_examples or not stories.story_steps or domain.is_empty():
        raise BadData("There must be examples, rules and a domain.")
    return (
        f"{len(data.intents)} intents, {len(data.intent_examples):,} examples, {rules} rules, "
        f"{len(stories.story_steps) - rules} stories, {len(domain.responses)} answers"
    )


def _check(importer: TrainingDataImporter) -> None:
    """All of `rasa data validate`: what it finds, it warns about or logs."""
    from rasa.validator import Validator

    validator = Validator.from_importer(importer)
    validator.warn_if_config_mandatory_keys_are_not_set()
    for check in (
        validator.verify_domain_validity,
        validator.verify_actions_in_stories_rules,
        validator.verify_forms_in_stories_rules,
        validator.verify_form_slots,
        validator.verify_slot_mappings,
        validator.verify_nlu,
        validator.verify_story_structure,
    ):
        check()


def _build(sources: Sources, out: Path, check: Callable[[], None]) -> None:
    """Train into a folder beside `out`, check it, and move the model into its place."""
    from rasa.engine import loader
    from rasa.engine.storage.local_model_storage import LocalModelStorage
    from rasa.model_training import train as rasa_train

    from nlu.runner import PlainRunner
    from nlu.standins import absent

    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".training-") as folder:
        with _quiet_output():
            result = rasa_train(
                sources.domain,
                sources.config,
                sources.trained_from(),
                output=folder,
                force_training=True,
                fixed_model_name="model.tar.gz",
            )
        check()
        if result.code or not result.model:
            raise BadData("Rasa trained no model.")
        unpacked = Path(folder, "unpacked")
        unpacked.mkdir()
        model, _ = loader.load_predict_graph_runner(unpacked, Path(result.model), LocalModelStorage, PlainRunner)
        for node in model.predict_schema.nodes.values():
            if node.uses.__module__ in absent(serving=True):
                raise BadData(f"{node.uses.__name__} can be trained, but the server leaves it out (nlu/standins.py).")
        Path(result.model).replace(out)


@contextmanager
def _complaints(sources: Sources) -> Iterator[list[str]]:
    """What Rasa and our components warn about meanwhile and is not allowed, with file and line."""
    found: list[str] = []
    conflicts = _Listener(logging.WARNING, lambda record: found.append(record.getMessage()))
    loggers = [logging.getLogger(name) for name in ("rasa.validator", "rasa.shared", "rasa.core.policies")]
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always")
        for logger in loggers:
            logger.addHandler(conflicts)
        try:
            yield found
        finally:
            for logger in loggers:
                logger.removeHandler(conflicts)
            ours = [str(one.message) for one in raised if one.filename.endswith(WARNERS)]
            meant = [one for one in (*found, *ours) if not any(re.search(allowed, one) for allowed in ALLOWED)]
            found[:] = [sources.place_of(one) + one.strip() for one in dict.fromkeys(meant)]


def _refuse(complaints: list[str]) -> None:
    if complaints:
        raise BadData(*complaints)


class _Listener(logging.Handler):
    def __init__(self, level: int, hear: Callable[[logging.LogRecord], Any]) -> None:
        super().__init__(level)
        self._hear = hear

    def emit(self, record: logging.LogRecord) -> None:
        self._hear(record)


@contextmanager
def _progress(say: Callable[[str], None]) -> Iterator[None]:
    """A line when a component has been trained."""
    since = time.monotonic()

    def hear(record: logging.LogRecord) -> None:
        nonlocal since
        said = re.search(r"(Starting to train|Finished training) component '(.+)'", record.getMessage())
        if said and said[1].startswith("Starting"):
            since = time.monotonic()
            say(f"  {said[2]} …")
        elif said:
            say(f"  {said[2]} trained in {time.monotonic() - since:.1f} s")

    logger = logging.getLogger("rasa.engine.training.hooks")
    listener, level, above = _Listener(logging.INFO, hear), logger.level, logger.propagate
    logger.addHandler(listener)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(listener)
        logger.setLevel(level)
        logger.propagate = above


@contextmanager
def _each_file_parsed_once() -> Iterator[None]:
    """Rasa parses every file about ten times, in Python: most of the time that training takes without this."""
    import rasa.shared.utils.io as files

    parse, known = files.read_yaml, {}

    def read(content: str, reader_type: str | list[str] = "safe") -> Any:
        key = (content, str(reader_type))
        if key not in known:
            known[key] = parse(content, reader_type)
        return copy.deepcopy(known[key])

    files.read_yaml = read
    try:
        yield
    finally:
        files.read_yaml = parse


@contextmanager
def _quiet_output() -> Iterator[None]:
    """Rasa prints that a model is saved, at a place where it will not stay."""
    from rasa.shared.utils import cli

    printed, cli.print_success = cli.print_success, lambda *_: None
    try:
        yield
    finally:
        cli.print_success = printed


def main(arguments: list[str]) -> None:
    """The command line: 0 and a model, or 1 and what is wrong on standard error."""
    if os.environ.get("PYTHONHASHSEED") != "0":  # the order of sets is chance too, and settled before Python starts
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, "-m", "nlu.train", *arguments])  # noqa: S606  # ourselves
    default = Sources()
    parser = argparse.ArgumentParser(prog="python -m nlu.train", description="Train and check a model.")
    parser.add_argument("--out", type=Path, required=True, help="the model's file, ending in .tar.gz")
    parser.add_argument("--config", default=default.config)
    parser.add_argument("--domain", default=default.domain)
    parser.add_argument("--data", nargs="+", default=default.data)
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.ERROR, format="%(message)s")
    try:
        train(Sources(given.config, given.domain, given.data), given.out, lambda line: print(line, flush=True))
    except BadData as error:
        for line in error.args:
            print(line, file=sys.stderr)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main(sys.argv[1:])
