"""The two systems that are measured: each trained, started, weighed and stopped in the same way."""

import asyncio
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Protocol

import psutil  # type: ignore[import-untyped]
import yaml

from launch.bench.people import Person, RestPerson, WebPerson
from launch.bench.project import STOCK, stock_environment, write_endpoints
from launch.bench.training import Training, train_ours, train_stock
from launch.child import Child, Running, last_lines
from launch.parts import free_ports
from launch.settings import PROJECT, Settings, child_environment

LOOK_SECONDS = 0.05
READY_SECONDS = 300.0
STOP_SECONDS = 20.0
MEGABYTE = 1e6
STOCK_PYTHON = STOCK / "bin" / "python"
UNDER = Path(__file__).with_name("under.py")


class NotReadyError(RuntimeError):
    """A system that is to be measured did not start."""


@dataclass(frozen=True)
class Memory:
    """Megabytes of all processes of a side: each page counted once (`pss`), and as `ps` shows them (`rss`)."""

    pss: float
    rss: float
    processes: int


class Side(Protocol):
    """One of the two systems."""

    name: str

    def train(self) -> Training:
        """Makes what it needs before it can start; what the training cost, now or when it was done."""
        ...

    async def start(self) -> float:
        """Starts it; seconds until it is ready. Raises NotReadyError."""
        ...

    async def join(self) -> Person:
        """A new person in a new conversation."""
        ...

    def memory(self) -> Memory:
        """What its processes hold now."""
        ...

    async def stop(self) -> None:
        """Ends all of it."""
        ...


@dataclass
class _Processes:
    """What both sides have in common: processes, started together, ready when each answers."""

    running: list[Running] = field(default_factory=list)

    async def start(self, children: list[Child]) -> float:
        began = perf_counter()
        self.running = [await Running.start(child) for child in children]
        for running in self.running:
            while not await running.is_healthy():
                if running.ended or perf_counter() - began > READY_SECONDS:
                    words = last_lines(running.child.log)
                    await self.stop()
                    raise NotReadyError(f"{running.child.name} did not start:\n{words}")
                await asyncio.sleep(LOOK_SECONDS)
        return perf_counter() - began

    async def stop(self) -> None:
        running, self.running = self.running, []
        await asyncio.gather(*(one.stop(STOP_SECONDS) for one in running))

    def memory(self) -> Memory:
        weights = [_weigh(process) for one in self.running for process in _tree(one.process.pid)]
        known = [weight for weight in weights if weight]
        return Memory(sum(pss for pss, _ in known), sum(rss for _, rss in known), len(known))


class Ours:
    """This assistant as `make run` starts it, on sample data in a folder of its own."""

    name = "ours"

    def __init__(self, var: Path) -> None:
        self._settings = Settings().model_copy(update={"var_dir": var})
        self._processes = _Processes()
        self.address = ""

    def train(self) -> Training:
        """See Side."""
        self._settings.make_var_dir()
        return train_ours(self._settings.models)

    def empty(self) -> None:
        """Forgets all conversations; models stay."""
        for path in self._settings.var_dir.iterdir():
            if path != self._settings.models:
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    async def start(self, trace: Path | None = None) -> float:
        """See Side. `trace`: a folder where its parts write how long each thing takes."""
        (port,) = free_ports(1)
        self.address = f"http://127.0.0.1:{port}"
        # None of the person's own settings (a database, a bot's token): what is measured is the same everywhere.
        var_dir, trace_dir = str(self._settings.var_dir), str(trace) if trace else None
        child = Child(
            name="This assistant",
            command=(sys.executable, "-m", "launch", "run"),
            environment=child_environment(VAR_DIR=var_dir, PORT=str(port), TRACE_DIR=trace_dir),
            health=f"{self.address}/ready",
            log=self._settings.var_dir / "run.log",
            folder=PROJECT,
        )
        return await self._processes.start([child])

    async def join(self) -> WebPerson:
        """See Side."""
        return await WebPerson.join(self.address)

    def memory(self) -> Memory:
        """See Side."""
        return self._processes.memory()

    async def stop(self) -> None:
        """See Side."""
        await self._processes.stop()


class Stock:
    """Rasa 3.6.21 as its makers ship it: default pipeline and policies, SQL store on SQLite, bare REST."""

    name = "stock Rasa"

    def __init__(self, var: Path, epochs: int) -> None:
        self._var = var
        self._epochs = epochs
        self._processes = _Processes()
        self._home = var
        self._address = ""
        self._texts: Mapping[str, str] = {}

    def train(self) -> Training:
        """See Side."""
        self._home, training = train_stock(self._var, self._epochs)
        responses = yaml.safe_load((self._home / "domain.yml").read_text())["responses"]
        self._texts = {name: variations[0]["text"] for name, variations in responses.items()}
        return training

    def empty(self) -> None:
        """Forgets all conversations."""
        for left in self._var.glob("tracker.db*"):
            left.unlink()

    async def start(self) -> float:
        """See Side."""
        port, actions_port = free_ports(2)
        self._address = f"http://127.0.0.1:{port}"
        write_endpoints(self._home, self._var / "tracker.db", actions_port)
        rasa = ("run", "--model", "models/model.tar.gz", "--interface", "127.0.0.1", "--port", str(port),
                "--endpoints", "endpoints.yml", "--credentials", "credentials.yml")  # fmt: skip
        return await self._processes.start(
            [
                self._child("Stock Rasa", f"{self._address}/", "rasa", *rasa),
                self._child(
                    "Its action server",
                    f"http://127.0.0.1:{actions_port}/health",
                    "rasa_sdk",
                    "--actions",
                    "actions",
                    "--port",
                    str(actions_port),
                ),
            ]
        )

    async def join(self) -> RestPerson:
        """See Side."""
        return RestPerson(self._address, self._texts)

    def memory(self) -> Memory:
        """See Side."""
        return self._processes.memory()

    async def stop(self) -> None:
        """See Side."""
        await self._processes.stop()

    def _child(self, name: str, health: str, module: str, *arguments: str) -> Child:
        return Child(
            name=name,
            command=(sys.executable, str(UNDER), str(os.getpid()), str(self._home),
                     str(STOCK_PYTHON), "-m", module, *arguments),
            environment=stock_environment(),
            health=health,
            log=self._var / f"{module}.log",
        )  # fmt: skip


def _tree(pid: int) -> Iterator[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        yield process
        yield from process.children(recursive=True)


def _weigh(process: psutil.Process) -> tuple[float, float] | None:
    with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        found = process.memory_full_info()
        return found.pss / MEGABYTE, found.rss / MEGABYTE
    return None
