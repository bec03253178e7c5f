"""The command line: `python -m launch <command>`, in the app's environment. The Makefile is the way in for people.

`python -m launch --json <command>` is the way in for programs: see launch/telling.py.
"""

import importlib
import os
import sys
from collections.abc import Callable

from launch import trainers
from launch.parent import release_signals
from launch.settings import BadSettingsError, Settings, read_settings
from launch.telling import tell_in_json

PARENT = os.getppid()
# What these write, only their owner reads.
PRIVATE = {"run", "app", "actions", "prepare", "migrate", "train", "bench", "rotate", "link", "score", "compare"}
PRIVATE |= {"account", "bench-year", "live", "back", "follow", "models", "misses", "demo"}


def _run(settings: Settings) -> None:
    from launch.model import TrainingFailedError
    from launch.run import NotPreparedError, run

    try:
        run(settings, PARENT)
    except (NotPreparedError, TrainingFailedError) as error:
        sys.exit(str(error))


def _demo(settings: Settings, keep: str = "") -> None:
    from launch.demo.run import demo

    sys.exit(demo(settings, PARENT, keep == "--keep"))


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


def _bench(settings: Settings, data: str = "") -> None:
    importlib.import_module("launch.bench").bench(settings, data)


def _bench_year(settings: Settings) -> None:
    from launch.bench.year import bench_year

    bench_year(settings)


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


def _account(settings: Settings, email: str, role: str) -> None:
    from launch.account import NoRoleError, NotAnEmailError, make_account

    try:
        address = make_account(settings, email, role)
    except (NoRoleError, NotAnEmailError) as error:
        sys.exit(" ".join(str(error).split()))
    print(f"Open this within 7 days to give the account its name and password:\n{address}")


def _check_language(settings: Settings, *words: str) -> None:
    from launch.check import check_language

    settings.make_var_dir()
    sys.exit(check_language(settings, *words))


def _test(_settings: Settings) -> None:
    from launch.check import check_all

    sys.exit(check_all())


def _lint(_settings: Settings) -> None:
    from launch.check import check_style

    sys.exit(check_style())


def _fmt(_settings: Settings) -> None:
    from launch.check import put_right

    sys.exit(put_right())


COMMANDS: dict[str, Callable[..., object]] = {
    "run": _run,
    "demo": _demo,
    "app": _app,
    "actions": _actions,
    "prepare": _prepare,
    "migrate": _migrate,
    "train": trainers.train,
    "bench": _bench,
    "bench-year": _bench_year,
    "rotate": _rotate,
    "link": _link,
    "account": _account,
    "score": trainers.score,
    "compare": trainers.compare,
    "check-language": _check_language,
    "live": trainers.put_live,
    "back": trainers.go_back,
    "follow": trainers.follow,
    "models": trainers.list_models,
    "misses": trainers.misses,
    "test": _test,
    "lint": _lint,
    "fmt": _fmt,
}
AS_JSON = "--json"
# What stands behind a command, the most of it; what is in square brackets may be left out. The others take nothing.
TAKES = {
    "link": ("<reference>",),
    "account": ("<email>", "<role>"),
    "bench": ("[folder]",),
    "demo": ("[--keep]",),
    "score": ("<file>", "[report]", "[model]", "[page]"),
    "check-language": ("[--all]",),
    "compare": ("[candidate]", "[live]", "[file]", "[report]"),
    "live": ("[model]",),
    "misses": ("[miss]", "[intent]"),
}


def main(arguments: list[str]) -> None:
    """Reads the settings and does as told; what is wrong with either is said in words, with exit code 2."""
    in_json = arguments[:1] == [AS_JSON]
    command, *given = arguments[in_json:] or [""]
    takes = TAKES.get(command, ())
    fewest = sum(not word.startswith("[") for word in takes)
    if command not in COMMANDS or not fewest <= len(given) <= len(takes):
        known = ", ".join(" ".join((name, *TAKES.get(name, ()))) for name in COMMANDS)
        print(f"python -m launch [{AS_JSON}]: one of {known}", file=sys.stderr)
        sys.exit(2)
    if command in PRIVATE:
        os.umask(0o077)
    if in_json:
        tell_in_json(lambda: _do(command, given))
    _do(command, given)


def _do(command: str, given: list[str]) -> object:
    try:
        release_signals()  # launch/bootstrap.py holds them while Python starts anew
        return COMMANDS[command](read_settings(), *given)
    except BadSettingsError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main(sys.argv[1:])
