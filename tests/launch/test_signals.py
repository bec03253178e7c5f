"""Everything ends with whoever started it: through a real `make`, with real signals."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from launch.parent import STOPPING, is_interrupted
from launch.parts import free_ports
from launch.settings import PROJECT
from tests.launch.test_supervisor import SOON, alive, starts


def wait(seen: Callable[[], object]) -> None:
    end = time.monotonic() + SOON
    while not seen():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


@dataclass
class Roof:
    """A running `make`, the supervisor under it, and the pids of the parts."""

    make: subprocess.Popen[str]
    supervisor: int
    parts: list[int]

    def is_gone(self) -> bool:
        return not any(alive(pid) for pid in [self.supervisor, *self.parts])


@pytest.fixture
def roof(tmp_path: Path) -> Iterator[Roof]:
    """Started as the Makefile does: make starts Python itself, no shell between."""
    ports = [str(port) for port in free_ports(2)]
    makefile = tmp_path / "Makefile"
    makefile.write_text(f"run:\n\t@{sys.executable} -m tests.launch.roof {tmp_path} {' '.join(ports)}\n")
    make = subprocess.Popen(
        ["make", "-f", makefile, "run"],
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        # Whoever runs the tests in the background has a shell that makes them, and so make, deaf to Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - one thread
    )
    try:
        wait(lambda: all(starts(tmp_path / port) for port in ports))
        supervisor = int(Path(f"/proc/{make.pid}/task/{make.pid}/children").read_text().split()[0])
        yield Roof(make, supervisor, [starts(tmp_path / port)[0][0] for port in ports])
    finally:
        with suppress(ProcessLookupError):
            os.killpg(make.pid, signal.SIGKILL)
        make.wait()
        assert make.stdout is not None
        make.stdout.close()


def said(roof: Roof) -> str:
    return roof.make.communicate(timeout=SOON)[0]


def test_a_killed_make_ends_everything(roof: Roof) -> None:
    roof.make.kill()
    wait(roof.is_gone)


def test_a_killed_supervisor_ends_the_parts(roof: Roof) -> None:
    os.kill(roof.supervisor, signal.SIGKILL)
    wait(roof.is_gone)


def test_two_interrupts_from_the_keyboard_are_as_harmless_as_one(roof: Roof) -> None:
    for _ in range(2):
        os.killpg(roof.make.pid, signal.SIGINT)  # what a terminal does on Ctrl-C
        time.sleep(0.05)
    words = said(roof)
    assert "Stopped." in words
    assert "Traceback" not in words
    assert roof.is_gone()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_make_alone_ends_everything(roof: Roof, number: signal.Signals) -> None:
    roof.make.send_signal(number)
    words = said(roof)
    assert "Stopped." in words
    assert "Traceback" not in words
    assert roof.is_gone()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_supervisor_alone_ends_everything(roof: Roof, number: signal.Signals) -> None:
    os.kill(roof.supervisor, number)
    assert "Stopped." in said(roof)
    assert roof.make.returncode == 0
    assert roof.is_gone()


def test_a_parent_that_holds_signals_back_for_a_moment_is_no_make_that_was_interrupted() -> None:
    """As every program does while it begins a thread or a process, such as the one that runs these tests."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    try:
        assert not is_interrupted(os.getpid())
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
