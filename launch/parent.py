"""Ending with one's parent, also when the parent is killed with -9. Standard library only: bootstrap uses it too."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def end_with_parent(how: signal.Signals, expected: int | None = None) -> None:
    """Asks the kernel for the signal `how` when our parent ends, and ends now where it already has.

    `expected`: the parent's pid as the parent itself told it; None takes whoever is the parent now.
    Only Linux has this; elsewhere whoever calls also looks at `getppid` now and then.
    """
    parent = os.getppid() if expected is None else expected
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(how), 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), how)


def hold_signals() -> None:
    """Keeps signals back, also through an exec: Python's own start-up would answer them with a traceback."""
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)


def release_signals() -> None:
    """Lets signals in, the held ones first."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)


def is_interrupted(process: int) -> bool:
    """Whether `make` has been told to stop and waits for us to end.

    GNU make passes a TERM on, but not an INT or HUP that was sent to it alone: it blocks the signal and waits. Any
    other program blocks signals for a moment whenever it begins a thread or a process, and means nothing by it.
    """
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False
    if "make" not in status.partition("\n")[0]:
        return False
    blocked = next((int(line.split()[1], 16) for line in status.splitlines() if line.startswith("SigBlk:")), 0)
    return any(blocked >> (number - 1) & 1 for number in STOPPING)
