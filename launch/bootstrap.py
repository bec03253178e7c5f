"""Before anything is installed: makes the tools and the two environments, then becomes `python -m launch <command>`.

Standard library only, since it runs on a bare Python 3.11. An environment is touched only when its lock file changed.
"""

from __future__ import annotations

import signal

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # first of all: Ctrl-C while importing is no traceback

import os
import shutil
import sys
from pathlib import Path

from launch.environments import (
    APP,
    RASA,
    STOCK,
    BootstrapError,
    Environment,
    install_uv,
    is_built,
    is_uv_installed,
    one_at_a_time,
    sync,
)
from launch.parent import end_with_parent, hold_signals

PROJECT = Path(__file__).resolve().parent.parent
NEEDED = (3, 11)
FREE_BYTES = 2_500_000_000  # both environments, uv's downloads, and room for a model
STOCK_BYTES = 3_500_000_000  # TensorFlow and all that comes with it
WITH_RASA = {
    "run",
    "demo",
    "train",
    "test",
    "bench",
    "score",
    "compare",
    "check-language",
    "rotate",
    "live",
    "back",
    "follow",
    "models",
}
WITH_TEST_TOOLS = {"test", "bench", "check-language", "lint", "fmt"}
STEPS_OF = {
    "run": 4,
    "demo": 4,
    "train": 4,
    "bench": 5,
    "score": 4,
    "compare": 4,
}  # the last is the model, which launch/model.py makes


class WrongPythonError(BootstrapError):
    """This needs Python 3.11, and was started with another. On Debian or Ubuntu: sudo apt install python3.11
    python3.11-venv; or say which to use: make run PYTHON=/path/to/python3.11"""


class NoRoomError(BootstrapError):
    """The disk is too full: about 2.5 GB are needed in this folder to build the environments."""


def prepare(command: str, project: Path = PROJECT) -> None:
    """Makes whatever `command` needs and does not have. Raises BootstrapError, in words a person can act on."""
    test_tools = command in WITH_TEST_TOOLS
    wanted: list[Environment] = [APP, RASA] if command in WITH_RASA else [APP]
    if command == "bench":
        wanted.append(STOCK)
    total = STEPS_OF.get(command, 1 + len(wanted))
    with one_at_a_time(project):
        missing = [environment for environment in wanted if not is_built(project, environment, test_tools)]
        if not missing:
            return
        if sys.version_info[:2] != NEEDED:
            raise WrongPythonError
        if shutil.disk_usage(project).free < FREE_BYTES + (STOCK_BYTES if STOCK in missing else 0):
            raise NoRoomError
        if not is_uv_installed(project):
            install_uv(project, f"1 of {total}")
        for environment in missing:
            sync(project, environment, test_tools, f"{2 + wanted.index(environment)} of {total}")


def main(arguments: list[str]) -> None:
    """Prepares, then replaces this process (same pid, so signals and `make` find it) by the app's Python."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _frame: os._exit(128 + number))
    end_with_parent(signal.SIGTERM)
    try:
        prepare(arguments[0] if arguments else "help")
    except BootstrapError as error:
        sys.exit(f"\n{error}")
    hold_signals()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # what we import is compiled once: 0.9 s instead of 3.5 to prepare
    python = PROJECT / APP.folder / "bin" / "python"
    os.execv(python, [str(python), "-m", "launch", *arguments])  # noqa: S606  # that is the point: no shell between


if __name__ == "__main__":
    main(sys.argv[1:])
