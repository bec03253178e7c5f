"""The command line: `python -m launch <command>`, in the app's environment. The Makefile is the way in for people."""

import importlib
import os
import sys
from collections.abc import Callable

from launch.parent import release_signals
from launch.settings import BadSettingsError, Settings, read_settings

PARENT = os.getppid()
# What these write, only their owner reads.
PRIVATE = {"run", "app", "actions", "prepare", "migrate", "train", "bench", "rotate", "link"}


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
        print(f"Trained: {make_model(settings.models)}")
    except TrainingFailedError as error:
        sys.exit(str(error))


def _bench(settings: Settings) -> None:
    importlib.import_module("launch.bench").bench(settings)


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
    "test": _test,
    "lint": _lint,
    "fmt": _fmt,
}
TAKES = {"link": ("<reference>",)}  # what stands behind a command; the others take nothing


def main(arguments: list[str]) -> None:
    """Reads the settings and does as told; what is wrong with either is said in words, with exit code 2."""
    command, *given = arguments or [""]
    if command not in COMMANDS or len(given) != len(TAKES.get(command, ())):
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
