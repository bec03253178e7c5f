"""One process of ours: started directly, asked for its health over HTTP, ended with everything it started."""

import asyncio
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

LOG_BYTES = 5_000_000
HEALTH_SECONDS = 3.0
READ_BYTES = 65536
GONE_SECONDS = 1.0


@dataclass(frozen=True)
class Child:
    """What to start, and where to ask whether it serves.

    `health`: an http:// address that answers 200; `patience`: seconds until the first such answer, after which it
    counts as stuck; `log`: the file that what it prints goes to.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    health: str
    log: Path
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    patience: float = 60.0
    folder: Path | None = None


class Running:
    """A started child: the leader of a session, hence of a process group, of its own."""

    def __init__(self, child: Child, process: asyncio.subprocess.Process) -> None:
        self.child = child
        self.process = process

    @classmethod
    async def start(cls, child: Child) -> "Running":
        """Starts the interpreter itself, no shell between. Raises OSError."""
        trim(child.log)
        child.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        log = os.open(child.log, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        try:
            process = await asyncio.create_subprocess_exec(
                *child.command,
                cwd=child.folder,
                env=dict(child.environment),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        finally:
            os.close(log)
        return cls(child, process)

    @property
    def ended(self) -> bool:
        return self.process.returncode is not None

    async def is_healthy(self) -> bool:
        """Whether it answers 200 within seconds. A pid proves nothing: a stuck process has one too."""
        with suppress(OSError, TimeoutError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            async with asyncio.timeout(HEALTH_SECONDS):
                return await ask(self.child.health, self.child.headers) == 200
        return False

    async def stop(self, seconds: float) -> None:
        """TERM to the whole group, then KILL to what is left of it after `seconds` or when its leader has ended."""
        self._signal(signal.SIGTERM)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.process.wait()
        await self.kill()

    async def kill(self) -> None:
        """KILL to the whole group; returns when it is gone, so that what comes next finds its port free."""
        self._signal(signal.SIGKILL)
        await self.process.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(GONE_SECONDS):
                while self._group_is_there():  # noqa: ASYNC110  # nobody sets an event for this
                    await asyncio.sleep(0.01)

    def _group_is_there(self) -> bool:
        """Also while only the dead of it are left, which whoever adopted them has yet to bury."""
        try:
            os.killpg(self.process.pid, 0)
        except (ProcessLookupError, PermissionError):
            return False
        return True

    def _signal(self, number: signal.Signals) -> None:
        # The group outlives its leader where the leader left something behind: signal the group, never the pid.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)


async def ask(address: str, headers: Mapping[str, str]) -> int:
    """The status of a GET over plain HTTP. Raises OSError, ValueError where the answer is none of HTTP's."""
    return (await exchange(address, headers))[0]


async def exchange(address: str, headers: Mapping[str, str], body: bytes | None = None) -> tuple[int, bytes]:
    """The status and the content of a GET, or of a POST where there is a body. Raises OSError, ValueError."""
    parts = urlsplit(address)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        lines = [f"{'GET' if body is None else 'POST'} {parts.path or '/'} HTTP/1.1", f"Host: {parts.netloc}"]
        lines += ["Connection: close", *(f"{name}: {value}" for name, value in headers.items())]
        if body is not None:
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        writer.write("\r\n".join([*lines, "", ""]).encode() + (body or b""))
        await writer.drain()
        status = (await reader.readline()).split()
        if len(status) < 2 or not status[0].startswith(b"HTTP/"):
            raise ValueError("not HTTP")
        length = -1
        while (line := await reader.readline()).strip():
            if line.lower().startswith(b"content-length:"):
                length = min(int(line.partition(b":")[2]), READ_BYTES)
        return int(status[1]), await (reader.read(READ_BYTES) if length < 0 else reader.readexactly(length))
    finally:
        writer.close()


def trim(log: Path) -> None:
    """Keeps the last half of a log that has grown long. Its writers append, so they go on at its new end."""
    with suppress(FileNotFoundError):
        if log.stat().st_size > LOG_BYTES:
            with log.open("rb+") as file:
                file.seek(-LOG_BYTES // 2, os.SEEK_END)
                rest = file.read()
                file.seek(0)
                file.write(rest)
                file.truncate()


def last_lines(log: Path, count: int = 15) -> str:
    """The end of a log, to show why a child does not start."""
    with suppress(OSError):
        return "\n".join(log.read_text(errors="replace").splitlines()[-count:])
    return ""
