"""The parts of `make test`: in turn, or beside others so that no core waits; printed in order all the same."""

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from multiprocessing.connection import Connection
from pathlib import Path

from launch.parent import end_with_parent

LOOK_SECONDS = 0.2


@dataclass
class Counts:
    """Tests of one part, and how long the slowest of them took."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: list[tuple[float, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Part:
    """A heading and what is done under it; says how many passed and failed.

    `aside`: one after the other such parts run beside those that stand before them, up to the last ones aside.
    """

    name: str
    work: Callable[[], Counts]
    aside: bool = False


@dataclass(frozen=True)
class Outcome:
    """How a part went; `seconds` it took."""

    name: str
    counts: Counts
    seconds: float


def go_through(parts: Iterable[Part]) -> list[Outcome]:
    """One after the other, each under its heading."""
    outcomes = []
    for part in parts:
        print(f"\n━━ {part.name} ━━", flush=True)
        began = time.monotonic()
        outcomes.append(Outcome(part.name, part.work(), time.monotonic() - began))
    return outcomes


def go_side_by_side(parts: Iterable[Part], folder: Path) -> list[Outcome]:
    """All parts in their order, those aside beside the ones before them. `folder`: for what is printed aside."""
    outcomes: list[Outcome] = []
    before: list[Part] = []
    for aside, group in groupby(parts, key=lambda part: part.aside):
        if not aside:
            before = list(group)
            continue
        with _aside(list(group), folder / "aside.txt") as ended:
            outcomes += go_through(before)
            outcomes += ended()
        before = []
    return outcomes + go_through(before)


@contextmanager
def _aside(parts: Sequence[Part], printed: Path) -> Iterator[Callable[[], list[Outcome]]]:
    """Begins the parts in a process of their own; what is given shows what they print, and returns when they end."""
    sys.stdout.flush()  # or both processes would write what waits here
    fork = multiprocessing.get_context("fork")
    ours, theirs = fork.Pipe(duplex=False)
    printed.write_bytes(b"")
    process = fork.Process(target=_go_aside, args=(parts, printed, theirs, os.getpid()))
    process.start()
    theirs.close()

    def end() -> list[Outcome]:
        with printed.open("rb") as lines:
            while not ours.poll(LOOK_SECONDS):
                _show(lines.read())
            try:
                outcomes: list[Outcome] = ours.recv()
            except EOFError:  # killed
                outcomes = [Outcome(part.name, Counts(failed=1), 0.0) for part in parts]
            process.join()
            _show(lines.read())
        return outcomes

    try:
        yield end
    finally:
        process.terminate()  # it ends what it runs
        process.join()
        ours.close()


def _show(printed: bytes) -> None:
    sys.stdout.flush()
    sys.stdout.buffer.write(printed)
    sys.stdout.buffer.flush()


def _go_aside(parts: Sequence[Part], printed: Path, told: Connection, parent: int) -> None:
    end_with_parent(signal.SIGTERM, parent)
    with printed.open("a", buffering=1) as out:
        for standard in (1, 2):  # what is started here prints there too
            os.dup2(out.fileno(), standard)
        sys.stdout = sys.stderr = out
        told.send(go_through(parts))
