"""The command line: `python -m launch <command>`, in the app's environment. The Makefile is the way in for people."""

import importlib
import os
import sys
from collections.abc import Callable

from launch.parent import release_signals
from launch.settings import BadSettingsError, Settings, read_settings

PARENT = os.getppid()
# What these write, only their owner reads.
PRIVATE = {"run", "app", "actions", "prepare", "migrate", "train", "bench", "rotate", "link", "score", "compare"}
PRIVATE |= {"live", "back", "follow", "models", "misses"}


def _run(settings: Settings) -> None:
    from launch.model import TrainingFailedError
    from launch.run import NotPreparedError, run

    try:
        run(settings, PARENT)
    except (NotPreparedError, TrainingFailedError) as error:
        sys.exit(str(error))


def _app(settings: Settings) -> None:
    from launch.serve import serve_app

    serve_app(settings)


def _actions(settings: Settings) -> None:
    from launch.serve import serve_actions

    serve_actions(settings)


def _prepare(settings: Settings) -> None:
    from launch.prepare import as_json, prepare

    print(as_json(prepare(settings)))


def _migrate(settings: Settings) -> None:
    from launch.prepare import migrate_database

    migrate_database(settings)
    print("The database is at its newest migration.")


def _train(settings: Settings) -> None:
    from launch.model import TrainingFailedError, find_model, make_model

    settings.make_var_dir()
    if found := find_model(settings.models):
        print(f"Nothing has changed since {found} was trained.")
        return
    try:
        model = make_model(settings.models)
    except TrainingFailedError as error:
        sys.exit(str(error))
    print(f"Trained: {model}", flush=True)
    from launch.score import report_on

    _measure(lambda: report_on(settings, model))


def _bench(settings: Settings, data: str = "") -> None:
    importlib.import_module("launch.bench").bench(settings, data)


def _rotate(settings: Settings) -> None:
    from launch.rotate import DialogueNotRotatedError, rotate_keys
    from storage.keys import CannotOpenError

    try:
        rows, conversations = rotate_keys(settings)
    except (CannotOpenError, DialogueNotRotatedError) as error:
        sys.exit(str(error))
    print(f"Sealed under the newest key: {rows} rows of the programme, {conversations} conversations of the dialogue.")


def _link(settings: Settings, reference: str) -> None:
    from launch.link import NoReferralError, make_link

    try:
        print(make_link(settings, reference))
    except NoReferralError as error:
        sys.exit(str(error))


def _score(settings: Settings, file: str = "", out: str = "", model: str = "", page: str = "") -> None:
    from launch.score import score

    _measure(lambda: score(settings, file, out, model, page))


def _compare(settings: Settings, candidate: str = "", live: str = "", file: str = "", out: str = "") -> None:
    from launch.compare import compare_models

    _measure(lambda: compare_models(settings, candidate, live, file, out))


def _measure(work: Callable[[], None]) -> None:
    """What the trainers' tools cannot do is said in words: exit code 2 where the messages are at fault, else 1."""
    from launch.model import TrainingFailedError
    from launch.score import BadSetError, ScoreFailedError

    try:
        work()
    except BadSetError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except (ScoreFailedError, TrainingFailedError) as error:
        sys.exit(str(error))


def _check_language(settings: Settings, *words: str) -> None:
    from launch.check import check_language

    settings.make_var_dir()
    sys.exit(check_language(settings, *words))


def _live(settings: Settings, model: str = "") -> None:
    from launch.golive import go_live

    _change_live(lambda: go_live(settings, model, _tell))


def _back(settings: Settings) -> None:
    from launch.golive import go_back

    _change_live(lambda: go_back(settings, _tell))


def _follow(settings: Settings) -> None:
    from launch.golive import follow

    _change_live(lambda: follow(settings, _tell))


def _models(settings: Settings) -> None:
    from launch.golive import list_models

    _change_live(lambda: list_models(settings, _tell))


def _change_live(work: Callable[[], None]) -> None:
    """Whatever keeps a model from going live is said in words, with exit code 1: the old one serves on."""
    from launch.fitness import CannotLookError
    from launch.golive import NotLiveError
    from launch.live import DamagedPointerError, NothingBeforeError
    from launch.rollout import RolloutError

    def guarded() -> None:
        try:
            work()
        except RolloutError as error:
            sys.exit(f"Not put live: {error}. What was live is live.")
        except (NotLiveError, NothingBeforeError, DamagedPointerError, CannotLookError) as error:
            sys.exit(str(error))

    _measure(guarded)


def _misses(settings: Settings, done: str = "", intent: str = "") -> None:
    from launch.misses import NoMissError, list_misses, settle_miss

    try:
        settle_miss(settings, done, intent, _tell) if done else list_misses(settings, _tell)
    except NoMissError as error:
        sys.exit(str(error))


def _tell(words: str) -> None:
    print(words, flush=True)


def _test(_settings: Settings) -> None:
    from launch.check import check_all

    sys.exit(check_all())


def _lint(_settings: Settings) -> None:
    from launch.check import check_style

    sys.exit(check_style())


def _fmt(_settings: Settings) -> None:
    from launch.check import put_right

    sys.exit(put_right())


COMMANDS: dict[str, Callable[..., None]] = {
    "run": _run,
    "app": _app,
    "actions": _actions,
    "prepare": _prepare,
    "migrate": _migrate,
    "train": _train,
    "bench": _bench,
    "rotate": _rotate,
    "link": _link,
    "score": _score,
    "compare": _compare,
    "check-language": _check_language,
    "live": _live,
    "back": _back,
    "follow": _follow,
    "models": _models,
    "misses": _misses,
    "test": _test,
    "lint": _lint,
    "fmt": _fmt,
}
# What stands behind a command, the most of it; what is in square brackets may be left out. The others take nothing.
TAKES = {
    "link": ("<reference>",),
    "bench": ("[folder]",),
    "score": ("<file>", "[report]", "[model]", "[page]"),
    "check-language": ("[--all]",),
    "compare": ("[candidate]", "[live]", "[file]", "[report]"),
    "live": ("[model]",),
    "misses": ("[miss]", "[intent]"),
}


def main(arguments: list[str]) -> None:
    """Reads the settings and does as told; what is wrong with either is said in words, with exit code 2."""
    command, *given = arguments or [""]
    takes = TAKES.get(command, ())
    fewest = sum(not word.startswith("[") for word in takes)
    if command not in COMMANDS or not fewest <= len(given) <= len(takes):
        known = ", ".join(" ".join((name, *TAKES.get(name, ()))) for name in COMMANDS)
        print(f"python -m launch: one of {known}", file=sys.stderr)
        sys.exit(2)
    if command in PRIVATE:
        os.umask(0o077)
    try:
        release_signals()  # launch/bootstrap.py holds them while Python starts anew
        COMMANDS[command](read_settings(), *given)
    except BadSettingsError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main(sys.argv[1:])
