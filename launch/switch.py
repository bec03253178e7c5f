"""Changing the model while people talk: the next dialogue server beside the old one, then one address for the other.

Each supervisor watches the pointer. What is in trial is started on a port of its own and looked at, while the old one
answers. When the pointer moves, the app is told the new address: a question that the old one has is answered there,
the next goes to the new one, and both read the same stored conversations. The old one stands by for a while; should the
new one end meanwhile, everybody goes back. A process of its own costs a few seconds and its memory twice for that
time; in return a model that cannot be loaded, hangs or crashes touches nobody's conversation, and nothing of an old
model stays in memory.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from launch.child import Child, Running
from launch.live import DamagedPointerError, Live, Mark, Pointer, mark_of
from launch.serving import Place
from launch.smoke import SmokeError
from launch.supervisor import NeverWellError, Supervisor


@dataclass(frozen=True)
class SwitchPace:
    """Seconds."""

    looking: float = 0.5  # between looks at the pointer
    standing: float = 5.0  # the old one stands by after the change


@dataclass(frozen=True)
class Server:
    """A started dialogue server and its model."""

    mark: Mark
    running: Running


@dataclass(frozen=True)
class Means:
    """What a switch works with. `make_child`: a dialogue server with a model; `move`: tells the app its address."""

    make_child: Callable[[Mark], Child]
    check: Callable[[Child, str], Awaitable[None]]
    move: Callable[[Child], None]
    clock: Callable[[], datetime]


class NotTheModelError(RuntimeError):
    """has lost its file, or it is not the one that was looked at"""


class Switch:
    """Keeps one supervisor's dialogue server at the model that the pointer names. `serving`: the one it starts with."""

    def __init__(
        self,
        live: Live,
        place: Place,
        supervisor: Supervisor,
        serving: Mark,
        means: Means,
        say: Callable[[str], None],
        pace: SwitchPace | None = None,
    ) -> None:
        self._live = live
        self._place = place
        self._supervisor = supervisor
        self._serving = serving
        self._means = means
        self._say = say
        self._pace = pace or SwitchPace()
        self._making: tuple[Mark, asyncio.Task[Running]] | None = None
        self._ready: Server | None = None
        self._new: Running | None = None  # since the last change, while the old one stands by
        self._old: Server | None = None
        self._settles_at = 0.0
        self._failed = 0  # the pointer's number that this process could not follow
        self._ending: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until it is cancelled."""
        self._place.tell(model=self._serving.model, since=self._means.clock())
        try:
            while True:
                await self._look()
                await asyncio.sleep(self._pace.looking)
        finally:
            if self._making:
                self._making[1].cancel()
            self._place.close()

    async def _look(self) -> None:
        if self._supervisor.stopping:  # what ends now ends for another reason than its model
            return
        try:
            if (pointer := self._live.read()) is not None:
                await self._follow(pointer)
        except (DamagedPointerError, OSError):
            return  # as it is now, it serves
        except Exception as error:  # whatever it is, people are served, and the next look may go well
            self._say(f"Following the live model failed: {type(error).__name__}")

    async def _follow(self, pointer: Pointer) -> None:
        """One look: a step towards what the pointer says."""
        self._settle_or_return(pointer)
        if pointer.number == self._failed:
            return
        wanted = pointer.live if pointer.live != self._serving else pointer.tried(self._means.clock())
        if wanted is None or wanted == self._serving:
            self._drop()
            self._tell(pointer)
        elif (server := await self._get(wanted, pointer)) is not None:
            if wanted == pointer.live:
                self._change_to(server)
            self._tell(pointer)

    async def _get(self, wanted: Mark, pointer: Pointer) -> Server | None:
        """A server with this model that is ready, None while it is being made or where that has failed."""
        if self._old is not None and self._old.mark == wanted and not self._old.running.ended:
            self._drop()
            self._ready, self._old = self._old, None
        if self._ready is not None and self._ready.mark == wanted:
            if not self._ready.running.ended:
                return self._ready
            self._ready = None
            self._fail(pointer, "ended while it stood by")
        elif self._making is None or self._making[0] != wanted:
            self._drop()
            self._making = (wanted, asyncio.create_task(self._make(wanted)))
        elif self._making[1].done():
            try:
                self._ready = Server(wanted, self._making[1].result())
            except (NeverWellError, SmokeError, NotTheModelError, OSError) as error:
                self._fail(pointer, str(error) or type(error).__name__)
            finally:
                self._making = None
            return self._ready
        return None

    async def _make(self, mark: Mark) -> Running:
        """A server with this model, looked at. Raises NeverWellError, SmokeError, NotTheModelError."""
        path = self._live.path(mark)
        if not path.is_file() or await asyncio.to_thread(mark_of, path) != mark:
            raise NotTheModelError(NotTheModelError.__doc__)
        child = self._means.make_child(mark)
        running = await self._supervisor.start_beside(child)
        try:
            await self._means.check(child, mark.model)
        except BaseException:
            await asyncio.shield(self._supervisor.end(running))
            raise
        return running

    def _change_to(self, server: Server) -> None:
        """The next question goes to this server. The old one finishes what it has, and stands by."""
        self._ready = None
        if self._old is not None:
            self._end(self._old.running)
        old = self._supervisor.take_over(server.running)
        self._means.move(server.running.child)
        self._old = Server(self._serving, old) if old else None
        self._new, self._serving = server.running, server.mark
        self._settles_at = asyncio.get_running_loop().time() + self._pace.standing
        self._place.tell(model=server.mark.model, since=self._means.clock())
        self._say(f"The dialogue now uses the model {server.mark.model}.")

    def _settle_or_return(self, pointer: Pointer) -> None:
        """After a change: the old one goes when the new one has been well for long enough; else all go back."""
        if self._new is None or pointer.live != self._serving:
            return
        if self._new.ended:
            why = f"{self._serving.model} ended just after it had gone live"
            self._say(f"{why}.")
            if self._live.give_up(pointer.number, why) is not None:
                self._new = None
                return
        elif asyncio.get_running_loop().time() < self._settles_at:
            return
        self._new = None
        if self._old is not None:
            self._end(self._old.running)
            self._old = None

    def _fail(self, pointer: Pointer, why: str) -> None:
        """Says so, everywhere; and where this model was already live, the one before it is again."""
        self._failed = pointer.number
        self._place.tell(number=pointer.number, ready=None, why=why)
        self._say(f"The next model cannot go live: it {why}. The old one goes on.")
        self._live.give_up(pointer.number, f"it {why}")

    def _tell(self, pointer: Pointer) -> None:
        ready = self._ready.mark.model if self._ready else None
        self._place.tell(number=pointer.number, ready=ready, settled=self._new is None, why="")

    def _drop(self) -> None:
        """What was being made ready and is not wanted any more."""
        if self._making is not None:
            made = self._making[1]
            if not made.cancel() and not made.cancelled() and made.exception() is None:  # it was just done
                self._end(made.result())
            self._making = None
        if self._ready is not None:
            self._end(self._ready.running)
            self._ready = None

    def _end(self, running: Running) -> None:
        task = asyncio.create_task(self._supervisor.end(running))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
