"""The trainers' commands: what each does, what it gives to a program, and how what goes wrong is said in words."""

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from launch.settings import Settings
from launch.telling import Refused

Result = dict[str, Any]


def train(settings: Settings) -> Result:
    """A model of the files as they are, and how well it does."""
    from launch.judged import report_on
    from launch.lessons import refresh_lessons
    from launch.model import find_model, make_model, train_with_rasa

    settings.make_var_dir()
    if lessons := refresh_lessons(settings):
        tell(f"Lessons that trainers gave on their page: {lessons}")
    found = find_model(settings.models)
    tell(f"Nothing has changed since {found} was trained." if found else "1 of 2: training")

    def work() -> Result:
        model = found or make_model(settings.models, train=partial(train_with_rasa, config=settings.train_config))
        if not found:
            tell(f"Trained: {model}")
        tell("2 of 2: how well it understands the messages of tests/nlu")
        return {"model": model.name, "trained": not found, **report_on(settings, model)}

    return measured(work)


def score(settings: Settings, file: str = "", out: str = "", model: str = "", page: str = "") -> Result:
    """A model on labelled messages."""
    from launch.score import score as work

    return measured(lambda: work(settings, file, out, model, page))


def compare(settings: Settings, candidate: str = "", live: str = "", file: str = "", out: str = "") -> Result:
    """Two models on the same messages."""
    from launch.compare import compare_models

    return measured(lambda: dict(compare_models(settings, candidate, live, file, out)))


def put_live(settings: Settings, model: str = "") -> Result:
    """A model, everywhere."""
    from launch.golive import go_live

    return changed(lambda: go_live(settings, model, tell))


def go_back(settings: Settings) -> Result:
    """The model that was live before."""
    from launch.golive import go_back as work

    return changed(lambda: work(settings, tell))


def follow(settings: Settings) -> Result:
    """From the next start on, the model of the files."""
    from launch.golive import follow as work

    return changed(lambda: work(settings, tell))


def list_models(settings: Settings) -> Result:
    """What there is, and what serves."""
    from launch.golive import list_models as work

    return changed(lambda: work(settings, tell))


def misses(settings: Settings, done: str = "", intent: str = "") -> Result:
    """What was not understood."""
    from launch.misses import NoMissError, list_misses, settle_miss

    try:
        return settle_miss(settings, done, intent, tell) if done else list_misses(settings, tell)
    except NoMissError as error:
        raise Refused(str(error)) from None


def measured(work: Callable[[], Result]) -> Result:
    """What the trainers' tools cannot do is said in words: exit code 2 where the messages are at fault, else 1."""
    from launch.model import TrainingFailedError
    from launch.score import BadSetError, ScoreFailedError

    try:
        return work()
    except BadSetError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except (ScoreFailedError, TrainingFailedError) as error:
        raise Refused(str(error)) from None


def changed(work: Callable[[], Result]) -> Result:
    """Whatever keeps a model from going live is said in words, with exit code 1: the old one serves on."""
    from launch.fitness import CannotLookError
    from launch.golive import NotLiveError
    from launch.live import DamagedPointerError, NothingBeforeError
    from launch.rollout import RolloutError

    try:
        return measured(work)
    except RolloutError as error:
        raise Refused(f"Not put live: {error}. What was live is live.") from None
    except NotLiveError as error:
        raise Refused(str(error), error.result) from None
    except (NothingBeforeError, DamagedPointerError, CannotLookError) as error:
        raise Refused(str(error)) from None


def tell(words: str) -> None:
    """A line, at once."""
    print(words, flush=True)
