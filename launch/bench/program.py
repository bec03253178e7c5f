"""A program that the bench waits for: what it prints goes to a file, how long it has run is told, it ends with us."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import perf_counter

from launch.parent import end_with_parent

TICK_SECONDS = 30
EPOCHS = re.compile(rb"Epochs:\s+(\d+)%")
LAST_BYTES = 2000


class ProgramFailedError(RuntimeError):
    """A program that the bench needs stopped with an error; its last words stand above."""


def run_program(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], log: Path, *, makes: Path
) -> None:
    """Runs it in `folder` to its end, when the file that it `makes` must be there. Raises ProgramFailedError."""
    makes.unlink(missing_ok=True)
    began, parent = perf_counter(), os.getpid()
    with (
        log.open("w") as printed,
        subprocess.Popen(  # noqa: S603  # our own words, no shell
            command,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=printed,
            preexec_fn=lambda: end_with_parent(signal.SIGKILL, parent),  # noqa: PLW1509  # one thread here
        ) as process,
    ):
        try:
            while process.poll() is None:
                try:
                    process.wait(TICK_SECONDS)
                except subprocess.TimeoutExpired:
                    print(f"   … {perf_counter() - began:.0f} s{_progress(log)}", flush=True)
        except BaseException:
            process.kill()
            raise
    if process.returncode or not makes.exists():
        print(_tail(log).decode(errors="replace"), file=sys.stderr)
        raise ProgramFailedError(ProgramFailedError.__doc__)


def _progress(log: Path) -> str:
    """How far Rasa's own bar says that a training is."""
    told = EPOCHS.findall(_tail(log))
    return f", {int(told[-1])}% of the epochs" if told else ""


def _tail(log: Path) -> bytes:
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - LAST_BYTES))
        return file.read()
