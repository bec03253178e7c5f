"""The clock of a demonstration: the real one, moved ahead by what a file says. Every process of it reads the same file.

Never in a real programme: launch/settings.py refuses it beside DATA_KEYS, `refuse_real` on data that is no sample.
"""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from launch.settings import BadSettingsError, Settings

if TYPE_CHECKING:
    from programme.context import Context


class NoSampleError(BadSettingsError):
    """DEMO_CLOCK and DEMO_STAGE are for sample data only, and this database is not a sample."""


def make_clock(file: Path | None) -> Callable[[], datetime]:
    """Gives the time (aware UTC) whenever it is called; without a file, and without an offset in it, the real one."""
    if file is None:
        return _now
    known, seen = timedelta(0), (0, 0)

    def clock() -> datetime:
        nonlocal known, seen
        try:
            about = file.stat()
            if (about.st_ino, about.st_mtime_ns) != seen:
                known, seen = read(file), (about.st_ino, about.st_mtime_ns)
        except (OSError, ValueError, KeyError, TypeError):
            pass  # as it was told last
        return _now() + known

    return clock


def read(file: Path) -> timedelta:
    """How far ahead the clock is. Raises OSError, ValueError, KeyError, TypeError."""
    return max(timedelta(seconds=float(json.loads(file.read_text())["ahead_seconds"])), timedelta(0))


def move_on(file: Path, to: datetime) -> timedelta:
    """Moves the clock on to `to`, for every process at once; how far ahead it is then. It never goes back."""
    try:
        before = read(file)
    except (OSError, ValueError, KeyError, TypeError):
        before = timedelta(0)
    ahead = max(to - _now(), before)
    new = file.with_name(f".{file.name}.{os.getpid()}")
    new.write_text(json.dumps({"ahead_seconds": ahead.total_seconds()}) + "\n")
    new.replace(file)
    return ahead


def refuse_real(ctx: "Context", settings: Settings) -> None:
    """Where this is a demonstration, its data must be a sample. Raises NoSampleError."""
    from programme import sample

    if settings.is_demo and not sample.is_sample(ctx):
        raise NoSampleError(NoSampleError.__doc__)


def _now() -> datetime:
    return datetime.now(UTC)
