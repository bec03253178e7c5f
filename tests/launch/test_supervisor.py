"""The supervisor with real processes: what ends, hangs or leaves something behind is replaced, and nothing is left."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from launch import child as child_module
from launch.child import Child, ask
from launch.parts import free_ports
from launch.supervisor import Pace, Supervisor
from tests.launch.roof import PACE, part

SOON = 15.0


async def until(seen: Callable[[], object]) -> None:
    """Waits until something is seen; a test that waits for it in vain fails."""
    async with asyncio.timeout(SOON):
        while not seen():  # noqa: ASYNC110  # other processes set no event of ours
            await asyncio.sleep(0.02)


def starts(folder: Path) -> list[list[int]]:
    """The pids of each start: the part's own, then its child's."""
    with suppress(FileNotFoundError):
        return [[int(pid) for pid in line.split()] for line in (folder / "pids").read_text().splitlines()]
    return []


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@asynccontextmanager
async def supervised(*children: Child, pace: Pace = PACE) -> AsyncIterator[list[str]]:
    """The children, kept; what the supervisor said."""
    said: list[str] = []
    supervisor = Supervisor(children, said.append, pace)
    task = asyncio.create_task(supervisor.run())
    try:
        yield said
    finally:
        supervisor.stop()
        await asyncio.wait_for(task, SOON)


async def test_one_that_is_killed_is_started_again(tmp_path: Path) -> None:
    port = free_ports(1)[0]
    async with supervised(part(tmp_path / "a", port)) as said:
        await until(lambda: len(starts(tmp_path / "a")) == 1)
        first = starts(tmp_path / "a")[0][0]
        os.kill(first, signal.SIGKILL)
        await until(lambda: len(starts(tmp_path / "a")) == 2)
        second = starts(tmp_path / "a")[1][0]
        assert await ask(f"http://127.0.0.1:{port}/health", {}) == 200
        assert said == ["The part a was ended by SIGKILL; starting it again."]
    assert not alive(first)
    assert not alive(second)


async def test_one_that_accepts_and_never_answers_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_module, "HEALTH_SECONDS", 1.0)
    port = free_ports(1)[0]
    async with supervised(part(tmp_path / "a", port, "child"), pace=replace(PACE, stopping=0.3)) as said:
        await until(lambda: len(starts(tmp_path / "a")) == 1)
        await until((tmp_path / "a" / "answered").exists)
        await asyncio.sleep(0.3)  # well for a while
        (tmp_path / "a" / "stuck").touch()
        await until(lambda: said)
        (tmp_path / "a" / "stuck").unlink()
        await until(lambda: len(starts(tmp_path / "a")) == 2)
        assert said == ["The part a no longer answered; starting it again."]
        assert not any(alive(pid) for pid in starts(tmp_path / "a")[0])


async def test_one_that_never_answers_at_all_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_module, "HEALTH_SECONDS", 0.2)
    never = part(tmp_path / "a", free_ports(1)[0])
    (tmp_path / "a" / "stuck").touch()
    async with supervised(replace(never, patience=0.5), pace=replace(PACE, stopping=0.3)) as said:
        await until(lambda: len(starts(tmp_path / "a")) == 2)
    assert said[0] == "The part a did not answer within 0 seconds; starting it again."


async def test_what_a_killed_part_leaves_behind_is_ended(tmp_path: Path) -> None:
    async with supervised(part(tmp_path / "a", free_ports(1)[0], "child")):
        await until(lambda: len(starts(tmp_path / "a")) == 1)
        leader, left = starts(tmp_path / "a")[0]
        os.kill(leader, signal.SIGKILL)
        await until(lambda: len(starts(tmp_path / "a")) == 2)
        assert not alive(left)
    assert not any(alive(pid) for pid in starts(tmp_path / "a")[1])


async def test_one_that_ignores_term_is_killed_with_its_group(tmp_path: Path) -> None:
    async with supervised(part(tmp_path / "a", free_ports(1)[0], "deaf", "child"), pace=replace(PACE, stopping=0.5)):
        await until(lambda: len(starts(tmp_path / "a")) == 1)
        began = time.monotonic()
    assert 0.5 <= time.monotonic() - began < SOON
    assert not any(alive(pid) for pid in starts(tmp_path / "a")[0])


async def test_one_that_cannot_start_is_tried_less_and_less_often(tmp_path: Path) -> None:
    broken = replace(
        part(tmp_path / "a", free_ports(1)[0]),
        command=(sys.executable, "-S", "-c", "print('why'); raise SystemExit(3)"),
    )
    times: list[float] = []
    pace = replace(PACE, first_pause=0.1, longest_pause=0.4, settled=60)
    said: list[str] = []

    def say(words: str) -> None:
        said.append(words)
        if "starting it again" in words:
            times.append(time.monotonic())

    supervisor = Supervisor([broken], say, pace)
    task = asyncio.create_task(supervisor.run())
    await until(lambda: len(times) == 6)
    supervisor.stop()
    await task
    gaps = [later - earlier for earlier, later in pairwise(times)]
    for gap, pause in zip(gaps, [0.1, 0.2, 0.4, 0.4, 0.4], strict=True):
        assert gap >= pause
    assert said[0] == "The part a ended with code 3; starting it again."


async def test_the_log_of_one_that_cannot_start_is_shown(tmp_path: Path) -> None:
    broken = replace(
        part(tmp_path / "a", free_ports(1)[0]),
        command=(sys.executable, "-S", "-c", "print('why'); raise SystemExit(3)"),
    )
    async with supervised(broken, pace=replace(PACE, first_pause=0.01, settled=60)) as said:
        await until(lambda: any("why" in words for words in said))


async def test_a_program_that_is_not_there_is_said_and_tried_again(tmp_path: Path) -> None:
    missing = replace(part(tmp_path / "a", free_ports(1)[0]), command=(str(tmp_path / "nothing"),))
    async with supervised(missing) as said:
        await until(lambda: len(said) >= 2)
    assert said[0] == "The part a could not be started (No such file or directory); starting it again."


async def test_parts_start_side_by_side_each_in_its_own_group(tmp_path: Path) -> None:
    ports = free_ports(3)
    async with supervised(*(part(tmp_path / name, port) for name, port in zip("abc", ports, strict=True))):
        await until(lambda: all(starts(tmp_path / name) for name in "abc"))
        pids = [starts(tmp_path / name)[0][0] for name in "abc"]
        assert [os.getpgid(pid) for pid in pids] == pids


async def test_a_log_keeps_its_last_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_module, "LOG_BYTES", 100)
    log = tmp_path / "log"
    log.write_text("x" * 200 + "the end")
    with log.open("a") as writer:
        child_module.trim(log)
        writer.write("!")
    assert log.read_text() == ("x" * 43) + "the end!"
