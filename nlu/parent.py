"""Dying with the parent: a server that outlives its supervisor would hold a port and a database for nobody."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # Linux: the signal that this process gets when its parent dies
LOOK_SECONDS = 1.0


def die_with_parent() -> None:
    """From now on, end when the process PARENT_PID ends. Nothing where that is not set.

    Raises SystemExit where the parent is gone already, before the signal could be asked for.
    """
    parent = _parent()
    if parent is None:
        return
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        raise SystemExit("The process that started this server is gone.")


async def watch_parent() -> None:
    """End this process when the parent has gone: where there is no such signal, or a thread of it took it along."""
    parent = _parent()
    while parent is not None:
        if os.getppid() != parent:
            os._exit(1)
        await asyncio.sleep(LOOK_SECONDS)


def _parent() -> int | None:
    given = os.environ.get("PARENT_PID")
    return int(given) if given else None
