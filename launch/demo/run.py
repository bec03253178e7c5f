"""`make demo`: the assistant in processes of its own, Telegram's stand-in, and the stage, until it is told to stop."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Iterator

import uvicorn

from launch.demo.stage import Stage
from launch.demo.system import System, fresh_folder
from launch.demo.until import until
from launch.logs import be_discreet
from launch.parent import end_with_parent
from launch.parts import LOOPBACK
from launch.run import PortTakenError
from launch.settings import Settings
from launch.stand_in.server import bind
from launch.supervisor import Pace, say, stop_on_signals, stop_with_parent

START_SECONDS = 3600.0  # with a model to train on a slow machine


def demo(settings: Settings, parent: int, keep: bool) -> int:
    """Until a signal, the end of `parent`, or the assistant's own; the code to end with.

    `keep`: goes on with the people and the time of the last demonstration. Raises BadSettingsError.
    """
    end_with_parent(signal.SIGTERM, parent)
    bound = _bind(settings.port)
    with contextlib.closing(bound):
        folder = fresh_folder(settings, keep)
        be_discreet()
        origin = f"http://{LOOPBACK}:{bound.getsockname()[1]}"
        code = asyncio.run(_serve(System(settings, folder, origin, say), origin, bound, parent))
    say("Stopped.")
    return code


async def _serve(system: System, origin: str, bound: socket.socket, parent: int) -> int:
    """The stage first, since it is Telegram for the assistant; then the assistant."""
    stage, stopped = Stage(system, origin), asyncio.Event()
    stop_on_signals(stopped.set)
    server = _Server(
        uvicorn.Config(stage.app(), log_config=None, ws="none", lifespan="off", timeout_graceful_shutdown=1)
    )
    serving = asyncio.create_task(server.serve(sockets=[bound]))
    running = asyncio.create_task(system.run())
    beside = [
        asyncio.create_task(stop_with_parent(parent, stopped.set, Pace())),
        asyncio.create_task(_greet(system, origin)),
    ]
    waiting = asyncio.create_task(stopped.wait())
    try:
        await asyncio.wait({waiting, running, serving}, return_when=asyncio.FIRST_COMPLETED)
        return running.result() if running.done() else 0
    finally:
        for task in (*beside, waiting):
            task.cancel()
        await stage.stop()
        await system.stop()
        server.should_exit = server.force_exit = True
        await asyncio.gather(serving, running, *beside, return_exceptions=True)


async def _greet(system: System, origin: str) -> None:
    """Says where to look as soon as every part answers."""

    async def up() -> bool:
        return all((await system.parts()).values())

    await until(up, START_SECONDS)
    say(f"Demo: {origin}/")


class _Server(uvicorn.Server):
    """Leaves signals to us."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _bind(port: int) -> socket.socket:
    try:
        return bind(port)
    except OSError as error:
        raise PortTakenError(
            f"{LOOPBACK} port {port} cannot be used ({error.strerror}). "
            f"Choose another, for example: make demo PORT={port + 1}"
        ) from None
