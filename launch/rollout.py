"""Taking a model to every process at once: ready everywhere, then live everywhere, or back to what was."""

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from launch.live import Live, Mark, Pointer
from launch.serving import Serving, all_serving

LOOK_SECONDS = 0.3
ANSWER_SECONDS = 60.0  # in which every process must have changed, once all have the model ready

Say = Callable[[str], None]


class RolloutError(RuntimeError):
    """The model did not go live; the one that was live still is."""


class BusyError(RolloutError):
    """Another model is just going live. Wait until that has ended."""


def roll_out(live: Live, mark: Mark, seconds: float, why: str, say: Say) -> Pointer:
    """Makes `mark` live in every process that runs, within `seconds`. Raises RolloutError: then none has it."""
    with _alone(live.models):
        tried = live.try_out(mark, seconds, why)
        number = tried.number
        try:
            _wait(live, tried, seconds, lambda one: mark.model in (one.ready, one.model))
            settled = live.settle(number, why)
            number = settled.number
            served = _wait(live, settled, ANSWER_SECONDS, lambda one: one.model == mark.model and one.settled)
        except BaseException as error:
            live.give_up(
                number, "it was not ready everywhere in time" if isinstance(error, RolloutError) else "stopped"
            )
            raise
    for one in served:
        say(f"   {show(one)}")
    if not served:
        say("   Nothing is running: it is live from the next start on.")
    return settled


def show(one: Serving) -> str:
    """A process in a line."""
    since = f" since {one.since:%d %B %H:%M:%S} UTC" if one.since else ""
    return f"process {one.pid} ({one.address}): {one.model}{since}" + (f"; {one.why}" if one.why else "")


def _wait(live: Live, pointer: Pointer, seconds: float, done: Callable[[Serving], bool]) -> list[Serving]:
    """Until every process that is alive has acted on this pointer. Raises RolloutError."""
    until = time.monotonic() + seconds
    while True:
        now = live.read()
        states = all_serving(live.models)
        failed = [one for one in states if one.number == pointer.number and one.why]
        if failed:
            raise RolloutError("; ".join(f"in process {one.pid} ({one.address}) it {one.why}" for one in failed))
        if now is None or now.number != pointer.number:
            raise RolloutError(now.why if now else "the pointer is gone")
        waiting = [one for one in states if one.number != pointer.number or not done(one)]
        if not waiting:
            return states
        if time.monotonic() > until:
            late = ", ".join(str(one.pid) for one in waiting)
            raise RolloutError(f"within {seconds:.0f} seconds it was not ready in process {late}")
        time.sleep(LOOK_SECONDS)


@contextmanager
def _alone(models: Path) -> Iterator[None]:
    with (models / "rollout.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BusyError(BusyError.__doc__) from None
        yield
