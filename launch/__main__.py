"""The command line: `python -m launch <command>`, in the app's environment. The Makefile is the way in for people."""

import importlib
import os
import sys
from collections.abc import Callable

from launch.parent import release_signals
from launch.settings import BadSettingsError, Settings, read_settings

PARENT = os.getppid()
PRIVATE = {"run", "app", "actions", "prepare", "migrate", "train", "bench"}  # what these write, only their owner reads


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


def _test(_settings: Settings) -> None:
    from launch.check import check_all

    sys.exit(check_all())


def _lint(_settings: Settings) -> None:
    from launch.check import check_style

    sys.exit(check_style())


def _fmt(_settings: Settings) -> None:
    from launch.check import put_right

    sys.exit(put_right())


COMMANDS: dict[str, Callable[[Settings], None]] = {
    "run": _run,
    "app": _app,
    "actions": _actions,
    "prepare": _prepare,
    "migrate": _migrate,
    "train": _train,
    "bench": _bench,
    "test": _test,
    "lint": _lint,
    "fmt": _fmt,
}


def main(arguments: list[str]) -> None:
    """Reads the settings and does as told; what is wrong with either is said in words, with exit code 2."""
    if len(arguments) != 1 or arguments[0] not in COMMANDS:
        print(f"python -m launch: one of {', '.join(COMMANDS)}", file=sys.stderr)
        sys.exit(2)
    if arguments[0] in PRIVATE:
        os.umask(0o077)
    try:
        release_signals()  # launch/bootstrap.py holds them while Python starts anew
        COMMANDS[arguments[0]](read_settings())
    except BadSettingsError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main(sys.argv[1:])
