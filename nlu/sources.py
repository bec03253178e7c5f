"""What a model is made of: the files, read and checked as training and `make check-language` do.

Everything that Rasa would only warn about is told, with the file and the line, unless `ALLOWED` says why it is meant.
"""

from __future__ import annotations

import copy
import logging
import os
import random
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rasa.shared.importers.importer import TrainingDataImporter

SEED = 20240229
WRONG = (ValueError, TypeError, KeyError, OSError)  # what Rasa raises of bad files, besides its own
BUTTONS_ONLY = (
    "im_safe",
    "show_more",
    "carry_on",
    "stop_reminders",
    "start_reminders",
    "withdraw_human",
    "tell_worker",
    "ask_callback",
    "withdraw_callback",
    "rate",
)

# Rasa's one function for warnings, and our components'. Libraries' remarks about one another are not about the data.
WARNERS = ("/rasa/shared/utils/io.py", *map(str, Path(__file__).parent.glob("components/*.py")))

# What Rasa warns about and we mean, each with the reason.
ALLOWED: dict[str, str] = {
    r"The utterance 'utter_\w+' is not used in any story or rule": "actions say most answers, by their names",
    rf"The intent '({'|'.join(BUTTONS_ONLY)})' is listed in the domain file, but is not found in the NLU": "buttons",
    r"Slot auto-fill has been removed in 3\.0": "said of every domain that has entities and slots",
    r"There is a message in the training data labeled with intent 'nlu_fallback'": "the gate's own intent",
    r"does not include an entity extractor trained on your training data": "entities are found by rules, not learnt",
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

    def describe(self, error: Exception) -> str:
        """What is wrong, with the file and the line where they can be told."""
        message = str(error).strip() or type(error).__name__
        if message.startswith("Can't load class for name"):
            message += " Those made of TensorFlow need the extra `stock` of nlu/pyproject.toml."
        return f"{self.place_of(message)}{message}"


def inspect(sources: Sources) -> list[str]:
    """What training would refuse in the files as they are, a line each, without training."""
    settle_chance()
    from rasa.shared.exceptions import RasaException

    from nlu.standins import StoodIn

    try:
        with each_file_parsed_once(), complaints(sources) as found:
            importer = read(sources)
            extent(importer)
            check(importer)
    except BadData as error:
        return list(error.args)
    except (RasaException, StoodIn, *WRONG) as error:
        return [sources.describe(error)]
    return found


def settle_chance() -> None:
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


def read(sources: Sources) -> TrainingDataImporter:
    from rasa.shared.importers.importer import TrainingDataImporter

    for place in (sources.config, sources.domain, *sources.data):
        if not Path(place).exists():
            raise BadData(f"{place} is missing.")
    return TrainingDataImporter.load_from_config(sources.config, sources.domain, sources.trained_from())


def extent(importer: TrainingDataImporter) -> str:
    data, stories, domain = importer.get_nlu_data(), importer.get_stories(), importer.get_domain()
    rules = sum("Rule" in type(step).__name__ for step in stories.story_steps)
    if not data.intent_examples or not stories.story_steps or domain.is_empty():
        raise BadData("There must be examples, rules and a domain.")
    return (
        f"{len(data.intents)} intents, {len(data.intent_examples):,} examples, {rules} rules, "
        f"{len(stories.story_steps) - rules} stories, {len(domain.responses)} answers"
    )


def check(importer: TrainingDataImporter) -> None:
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


@contextmanager
def complaints(sources: Sources) -> Iterator[list[str]]:
    """What Rasa and our components warn about meanwhile and is not allowed, with file and line."""
    found: list[str] = []
    conflicts = Listener(logging.WARNING, lambda record: found.append(record.getMessage()))
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


class Listener(logging.Handler):
    def __init__(self, level: int, hear: Callable[[logging.LogRecord], Any]) -> None:
        super().__init__(level)
        self._hear = hear

    def emit(self, record: logging.LogRecord) -> None:
        self._hear(record)


@contextmanager
def each_file_parsed_once() -> Iterator[None]:
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
