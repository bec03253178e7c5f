"""The assistant as the demonstration runs it: `launch run` in a process of its own, with a folder of its own."""

import asyncio
import fcntl
import os
import shutil
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx

from launch.parts import LOOPBACK, free_ports
from launch.run import AlreadyRunningError
from launch.settings import PROJECT, BadSettingsError, Settings, child_environment, read_settings
from launch.stand_in.world import TOKEN

STOP_SECONDS = 20.0
READY_SECONDS = 3.0
DIALOGUE = "nlu.launcher"
HEARD = ("Chat: ", "Console: ")  # lines of `launch run` that the stage says better
PARTS = ("app", "dialogue", "actions", "database", "telegram")


class NotOursError(BadSettingsError):
    """This folder was not made by `make demo`, so it is not emptied. Move it away, or set another VAR_DIR."""


def fresh_folder(settings: Settings, keep: bool) -> Path:
    """VAR_DIR/demo, emptied unless it is to be kept. Raises AlreadyRunningError, NotOursError."""
    folder, mark = settings.var_dir / "demo", settings.var_dir / "demo" / "made-by-make-demo"
    if folder.exists():
        if not mark.exists():
            raise NotOursError(f"{folder}: {NotOursError.__doc__}")
        _refuse_running(folder / "running")
        if not keep:
            shutil.rmtree(folder)
    settings.make_var_dir()
    folder.mkdir(mode=0o700, exist_ok=True)
    mark.touch()
    return folder


def _refuse_running(lock: Path) -> None:
    if not lock.exists():
        return
    with lock.open("r+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunningError(AlreadyRunningError.__doc__) from None


class System:
    """`address`: where its chat and console are. `say`: told each line that it prints."""

    def __init__(self, settings: Settings, folder: Path, stage: str, say: Callable[[str], None]) -> None:
        (port,) = free_ports(1)
        self.address = f"http://{LOOPBACK}:{port}"
        self.clock_file = folder / "clock.json"
        self._say = say
        given = {
            "VAR_DIR": str(folder),
            "MODELS_DIR": str(settings.models),
            "PORT": str(port),
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "TELEGRAM_API_URL": stage,
            "DEMO_CLOCK": str(self.clock_file),
            "DEMO_STAGE": stage,
        }
        self._environment = child_environment(None, **given)
        self.settings = read_settings(given)
        self._process: asyncio.subprocess.Process | None = None
        self._client = httpx.AsyncClient(timeout=READY_SECONDS, trust_env=False)

    async def run(self) -> int:
        """Until it ends; with which code."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "launch",
            "run",
            cwd=PROJECT,
            env=self._environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is ours to answer: then it ends with us
        )
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            words = line.decode(errors="replace").rstrip("\n")
            if not words.startswith(HEARD):
                self._say(words)
        return await self._process.wait()

    async def stop(self) -> None:
        """All of it; it has some seconds to end in order."""
        await self._client.aclose()
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    async def parts(self) -> dict[str, bool]:
        """Which parts answer, by name."""
        try:
            told = (await self._client.get(f"{self.address}/ready")).json()
        except (httpx.HTTPError, ValueError):
            return dict.fromkeys(PARTS, False)
        up = {name: name not in told["missing"] for name in PARTS}
        return up | {"telegram": bool(told.get("telegram"))}

    def kill_dialogue(self) -> int | None:
        """Kills the dialogue server with -9, as a machine short of memory does it; its pid, None where it is away."""
        if self._process is None:
            return None
        for pid in _children(self._process.pid):
            with suppress(OSError):
                if DIALOGUE.encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
                    os.kill(pid, signal.SIGKILL)
                    return pid
        return None


def _children(pid: int) -> list[int]:
    """The processes that a process has started and that are there still."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += map(int, task.read_text().split())
    return found
