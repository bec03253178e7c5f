"""Keeps the processes running: starts them side by side, replaces what ended or no longer answers, stops them all."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
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


class NeverWellError(RuntimeError):
    """A child that was started beside another did not come to answer; the argument says why."""


class Supervisor:
    """Runs children until it is told to stop. `say` tells whoever watches, in one line."""

    def __init__(self, children: Sequence[Child], say: Callable[[str], None], pace: Pace | None = None) -> None:
        self._children = {child.name: child for child in children}
        self.pace = pace or Pace()
        self._say = say
        self._stop = asyncio.Event()
        self._running: dict[str, Running] = {}
        self._beside: set[Running] = set()
        self._taken_over = {child.name: asyncio.Event() for child in children}

    def stop(self) -> None:
        """Ask for the end. Once or many times, it is the same."""
        self._stop.set()

    @property
    def stopping(self) -> bool:
        return self._stop.is_set()

    async def run(self) -> None:
        """Until `stop()`; returns when no process of any group is left."""
        tasks = [asyncio.create_task(self._keep(name)) for name in self._children]
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
            left = [*self._running.values(), *self._beside]
            await asyncio.gather(*(running.stop(self.pace.stopping) for running in left))

    async def start_beside(self, child: Child) -> Running:
        """Starts one more of a child's kind, which nothing asks yet, and waits until it answers.

        It is the caller's: to `take_over`, or to `end`. Raises NeverWellError; then it is ended already.
        """
        try:
            running = await Running.start(child)
        except OSError as error:
            raise NeverWellError(f"could not be started ({error.strerror})") from None
        self._beside.add(running)
        if self.stopping:  # while it was being started
            await self.end(running)
            raise NeverWellError("was not wanted any more")
        try:
            if why := await self._come_up(running, kept=False):
                raise NeverWellError(why)
        except BaseException:
            await asyncio.shield(self.end(running))
            raise
        return running

    def take_over(self, running: Running) -> Running | None:
        """From now on `running` is the one that is kept. Gives back the one that was: the caller's, to `end`."""
        name = running.child.name
        old = self._running.get(name)
        self._beside.discard(running)
        if old is not None:
            self._beside.add(old)
        self._running[name], self._children[name] = running, running.child
        self._taken_over[name].set()
        return old

    async def end(self, running: Running) -> None:
        """Stops one that was started beside, or that another has taken over from: what it has begun it finishes."""
        if running in self._beside:
            await (running.kill() if running.ended else running.stop(self.pace.stopping))
            self._beside.discard(running)

    async def _keep(self, name: str) -> None:
        """Keeps a child running, whichever of its kind that is at the time."""
        pause = self.pace.first_pause
        while True:
            began = asyncio.get_running_loop().time()
            why = await self._run_once(name)
            if why is None:
                continue
            lasted = asyncio.get_running_loop().time() - began
            pause = self.pace.first_pause if lasted > self.pace.settled else pause
            self._say(f"{name} {why}; starting it again.")
            if pause > 8 * self.pace.first_pause:
                log = self._children[name].log
                self._say(f"The end of {log}:\n{last_lines(log)}")
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._taken_over[name].wait()
            pause = min(2 * pause, self.pace.longest_pause)

    async def _run_once(self, name: str) -> str | None:
        """From its start to its end, however it ends; says how, or None where another has taken over.

        Of one that has ended nothing of its group is left.
        """
        self._taken_over[name].clear()
        if name not in self._running:
            try:
                started = await Running.start(self._children[name])
            except OSError as error:
                return f"could not be started ({error.strerror})"
            if name in self._running:  # another took over meanwhile
                await started.kill()
            else:
                self._running[name] = started
        running = self._running[name]
        why = await self._watch(running)
        if self._is_kept(running):
            await (running.kill() if running.ended else running.stop(self.pace.stopping))
        if not self._is_kept(running):  # whoever took over from it ends it
            return None
        del self._running[name]
        return why

    async def _come_up(self, running: Running, kept: bool = True) -> str | None:
        """Asks for its health until it answers; why it never did, None where it does, or where another took over."""
        now = asyncio.get_running_loop().time
        until = now() + running.child.patience
        while not running.ended and (not kept or self._is_kept(running)):
            if await running.is_healthy():
                return None
            if running.ended:
                break
            if now() > until:
                return f"did not answer within {running.child.patience:.0f} seconds"
            await self._pause(running, self.pace.starting)
        return how_it_ended(running) if running.ended else None

    def _is_kept(self, running: Running) -> bool:
        return self._running.get(running.child.name) is running

    async def _watch(self, running: Running) -> str | None:
        """Asks for its health until it ends or is stuck, and says which; or until another takes over."""
        if why := await self._come_up(running):
            return why
        failures = 0
        while not running.ended and self._is_kept(running):
            failures = 0 if await running.is_healthy() else failures + 1
            if failures >= self.pace.failures and not running.ended:
                return "no longer answered"
            await self._pause(running, self.pace.looking)
        return how_it_ended(running) if running.ended else None

    async def _pause(self, running: Running, seconds: float) -> None:
        """Waits, but not for one that has ended, which is started again at once, nor when another takes over."""
        ended = asyncio.create_task(running.process.wait())
        replaced = asyncio.create_task(self._taken_over[running.child.name].wait())
        try:
            await asyncio.wait({ended, replaced}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ended.cancel()
            replaced.cancel()

    async def _trim_logs(self) -> None:
        while True:
            await asyncio.sleep(self.pace.trimming)
            for child in self._children.values():
                trim(child.log)


def how_it_ended(running: Running) -> str:
    """Of one that has ended: by which signal, or with which code."""
    code = running.process.returncode or 0
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"


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
