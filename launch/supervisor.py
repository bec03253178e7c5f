"""Keeps the processes running: starts them side by side, replaces what ended or no longer answers, stops them all."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass

from launch.child import Child, Running, last_lines, trim
from launch.parent import STOPPING, is_interrupted


@dataclass(frozen=True)
class Pace:
    """Seconds, so that tests need not wait as long as people do."""

    starting: float = 0.1  # between questions until the first answer
    looking: float = 2.0  # between questions afterwards
    failures: int = 3  # this many unanswered questions in a row mean stuck
    first_pause: float = 0.2  # before a child is started again; doubles each time …
    longest_pause: float = 30.0
    settled: float = 30.0  # … until it has been well for this long
    stopping: float = 10.0  # from TERM to KILL
    parent: float = 0.5  # between looks at our own parent
    trimming: float = 60.0


class Supervisor:
    """Runs children until it is told to stop. `say` tells whoever watches, in one line."""

    def __init__(self, children: Sequence[Child], say: Callable[[str], None], pace: Pace | None = None) -> None:
        self.children = children
        self.pace = pace or Pace()
        self._say = say
        self._stop = asyncio.Event()
        self._running: dict[str, Running] = {}

    def stop(self) -> None:
        """Ask for the end. Once or many times, it is the same."""
        self._stop.set()

    @property
    def stopping(self) -> bool:
        return self._stop.is_set()

    async def run(self) -> None:
        """Until `stop()`; returns when no process of any group is left."""
        tasks = [asyncio.create_task(self._keep(child)) for child in self.children]
        tasks.append(asyncio.create_task(self._trim_logs()))
        try:
            stopped = asyncio.create_task(self._stop.wait())
            done, _ = await asyncio.wait([stopped, *tasks], return_when=asyncio.FIRST_COMPLETED)
            for task in done - {stopped}:
                task.result()  # a bug in here must not look like an orderly end
        finally:
            self._stop.set()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.gather(*(running.stop(self.pace.stopping) for running in self._running.values()))

    async def _keep(self, child: Child) -> None:
        """Starts the child, again and again."""
        pause = self.pace.first_pause
        while True:
            began = asyncio.get_running_loop().time()
            why = await self._run_once(child)
            lasted = asyncio.get_running_loop().time() - began
            pause = self.pace.first_pause if lasted > self.pace.settled else pause
            self._say(f"{child.name} {why}; starting it again.")
            if pause > 8 * self.pace.first_pause:
                self._say(f"The end of {child.log}:\n{last_lines(child.log)}")
            await asyncio.sleep(pause)
            pause = min(2 * pause, self.pace.longest_pause)

    async def _run_once(self, child: Child) -> str:
        """From its start to its end, however it ends; says how. Nothing of its group is left afterwards."""
        try:
            running = await Running.start(child)
        except OSError as error:
            return f"could not be started ({error.strerror})"
        self._running[child.name] = running
        why = await self._watch(running)
        await (running.kill() if running.ended else running.stop(self.pace.stopping))
        del self._running[child.name]
        return why

    async def _watch(self, running: Running) -> str:
        """Asks for its health until it ends or is stuck, and says which."""
        now = asyncio.get_running_loop().time
        until, failures, well = now() + running.child.patience, 0, False
        while not running.ended:
            if await running.is_healthy():
                well, failures = True, 0
            else:
                failures += 1
            if running.ended:
                break
            if well and failures >= self.pace.failures:
                return "no longer answered"
            if not well and now() > until:
                return f"did not answer within {running.child.patience:.0f} seconds"
            await self._pause(running, self.pace.looking if well else self.pace.starting)
        code = running.process.returncode or 0
        return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"

    async def _pause(self, running: Running, seconds: float) -> None:
        """Waits, but not for one that has ended: it is started again at once."""
        try:
            async with asyncio.timeout(seconds):
                await running.process.wait()
        except TimeoutError:
            pass

    async def _trim_logs(self) -> None:
        while True:
            await asyncio.sleep(self.pace.trimming)
            for child in self.children:
                trim(child.log)


async def supervise(supervisor: Supervisor, parent: int, *beside: Coroutine[None, None, None]) -> None:
    """Runs the supervisor, and what goes on beside it, until a signal or the end of `parent`."""
    stop_on_signals(supervisor.stop)
    others = [stop_with_parent(parent, supervisor.stop, supervisor.pace), *beside]
    tasks = [asyncio.create_task(other) for other in others]
    try:
        await supervisor.run()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def stop_on_signals(stop: Callable[[], None]) -> None:
    """INT, TERM and HUP call `stop`, each time; never an exception in the middle of something.

    Not by `loop.add_signal_handler`: that gives the default handler back when the loop closes, and a second Ctrl-C
    would then break into the very end.
    """
    loop = asyncio.get_running_loop()

    def handle(_number: int, _frame: object) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(stop)

    for number in STOPPING:
        signal.signal(number, handle)


async def stop_with_parent(parent: int, stop: Callable[[], None], pace: Pace) -> None:
    """Calls `stop` when our parent has ended, or is a `make` that waits for us to end."""
    while os.getppid() == parent and not is_interrupted(parent):  # noqa: ASYNC110  # nobody sets an event for this
        await asyncio.sleep(pace.parent)
    stop()


def say(words: str) -> None:
    """To whoever started us; a terminal that is gone is no reason to stop in disorder."""
    try:
        print(words, flush=True)
    except (BrokenPipeError, OSError):
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123  # kept open to the end
