"""`make run`: model, database, then all processes, and the lines that say where to look."""

import asyncio
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from time import monotonic
from urllib.parse import urlsplit

from launch import address
from launch.child import HEALTH_SECONDS, Child, ask
from launch.choice import choose_model
from launch.live import Live, Mark
from launch.parent import end_with_parent
from launch.parts import Inside, all_children, app_address, free_ports, make_dialogue, make_inside
from launch.serving import Place
from launch.settings import PROJECT, BadSettingsError, Settings, child_environment
from launch.smoke import check_server
from launch.supervisor import Supervisor, say, supervise
from launch.switch import Means, Switch

LOOK_SECONDS = 0.2
SLOW_SECONDS = 60.0


class AlreadyRunningError(BadSettingsError):
    """The assistant is already running with this VAR_DIR. Stop it first, or set another VAR_DIR and PORT."""


class PortTakenError(BadSettingsError):
    """Another program has this address."""


class NotPreparedError(RuntimeError):
    """The database could not be prepared; why stands above."""


def run(settings: Settings, parent: int) -> None:
    """Everything, until a signal or the end of `parent`. Raises BadSettingsError, TrainingFailedError."""
    end_with_parent(signal.SIGTERM, parent)
    settings.make_var_dir()
    with _only_one(settings):
        settings = _with_port(settings)
        sample_lines = _prepare(settings)
        live = Live(settings.models, by="a start")
        mark = choose_model(settings, live, say, bool(sample_lines))
        asyncio.run(_serve(settings, live, mark, parent, sample_lines))
        say("Stopped.")


async def _serve(settings: Settings, live: Live, mark: Mark, parent: int, sample_lines: list[str]) -> None:
    """All processes, and beside them whatever changes their model."""
    inside = make_inside(settings.var_dir / address.FILE)
    address.write_address(settings.var_dir / address.FILE, inside.dialogue_port)
    supervisor = Supervisor(all_children(settings, live.path(mark), inside), say)
    place = Place(settings.models, app_address(settings))
    switch = Switch(live, place, supervisor, mark, _means(settings, live, inside), say)
    await supervise(supervisor, parent, switch.run(), _greet(settings, sample_lines))


def _means(settings: Settings, live: Live, inside: Inside) -> Means:
    """How a dialogue server with another model is made, looked at, and told to the app."""

    def make_child(mark: Mark) -> Child:
        (port,) = free_ports(1)
        return make_dialogue(settings, live.path(mark), replace(inside, dialogue_port=port))

    def move(child: Child) -> None:
        address.write_address(settings.var_dir / address.FILE, urlsplit(child.health).port or 0)

    return Means(make_child, check_server, move, lambda: datetime.now(UTC))


async def _greet(settings: Settings, sample_lines: list[str]) -> None:
    """Says where to look once every part and the model answer."""
    began, slow = monotonic(), False
    while not await _is_ready(settings):
        await asyncio.sleep(LOOK_SECONDS)
        if monotonic() - began > SLOW_SECONDS and not slow:
            slow = True
            say(f"Still starting. The logs are in {settings.var_dir / 'logs'}")
    say(f"Chat: {app_address(settings)}/")
    say(f"Console: {app_address(settings)}/console")
    for line in sample_lines:
        say(line)


async def _is_ready(settings: Settings) -> bool:
    with suppress(OSError, TimeoutError, ValueError):
        async with asyncio.timeout(HEALTH_SECONDS):
            return await ask(f"{app_address(settings)}/ready", {}) == 200
    return False


def _prepare(settings: Settings) -> list[str]:
    """Migrates and seeds in a process that ends: the supervisor itself stays small. Raises NotPreparedError."""
    ours = os.getpid()
    done = subprocess.run(  # our own words, no shell; one thread, no lock to inherit
        [sys.executable, "-m", "launch", "prepare"],
        cwd=PROJECT,
        env=child_environment(settings),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        start_new_session=True,  # Ctrl-C is ours to answer: then it ends with us
        preexec_fn=lambda: end_with_parent(signal.SIGKILL, ours),
    )
    if done.returncode:
        raise NotPreparedError(NotPreparedError.__doc__)
    lines: list[str] = json.loads(done.stdout)
    return lines


def _with_port(settings: Settings) -> Settings:
    """Says now, in words, that the port is taken, not later in a log. PORT=0 takes a free one."""
    if settings.port == 0:
        return settings.model_copy(update={"port": free_ports(1)[0]})
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as trying:
        trying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trying.bind((settings.host, settings.port))
        except OSError as error:
            raise PortTakenError(
                f"{settings.host} port {settings.port} cannot be used ({error.strerror}). "
                f"Choose another, for example: make run PORT={settings.port + 1}"
            ) from None
    return settings


@contextmanager
def _only_one(settings: Settings) -> Iterator[None]:
    """Two starts with the same files would each keep conversations that the other changes."""
    with (settings.var_dir / "running").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunningError(AlreadyRunningError.__doc__) from None
        yield
