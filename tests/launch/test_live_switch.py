"""Changing the model of running processes, with processes that start in no time: everywhere, or nowhere."""

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from launch.address import make_address, write_address
from launch.child import Child
from launch.live import Live, Mark, mark_of
from launch.parts import free_ports
from launch.rollout import BusyError, RolloutError, roll_out
from launch.serving import Place, Serving, all_serving
from launch.smoke import SmokeError
from launch.supervisor import Supervisor
from launch.switch import Means, Switch, SwitchPace
from tests.launch.roof import PACE, part
from tests.launch.test_supervisor import alive, starts, until

SWITCH_PACE = SwitchPace(looking=0.05, standing=0.6)


def a_model(models: Path, name: str) -> Mark:
    models.mkdir(exist_ok=True)
    (models / f"{name}.tar.gz").write_text(f"the model {name}")
    return mark_of(models / f"{name}.tar.gz")


@dataclass
class System:
    """A supervisor with one dialogue, which notes its starts in a folder for each model, and its switch."""

    folder: Path
    live: Live
    place: Place
    supervisor: Supervisor
    said: list[str]
    refused: dict[str, str] = field(default_factory=dict)  # by model: what the last look at it finds
    slow: dict[str, asyncio.Event] = field(default_factory=dict)  # by model: what that look waits for

    def child(self, mark: Mark) -> Child:
        folder = self.folder / mark.model
        return replace(part(folder, free_ports(1)[0]), name="The dialogue server")

    async def check(self, _child: Child, model: str) -> None:
        if model in self.slow:
            await self.slow[model].wait()
        if model in self.refused:
            raise SmokeError(self.refused[model])

    def move(self, child: Child) -> None:
        write_address(self.folder / "address", int(child.health.rsplit(":")[2].partition("/")[0]))

    def told(self) -> Serving:
        return self.place.told

    def pids(self, name: str) -> list[int]:
        return [one[0] for one in starts(self.folder / f"{name}.tar.gz")]

    def address(self) -> str:
        return make_address(self.folder / "address", "")()

    def serves(self, name: str) -> bool:
        """Whether it says so, and the address leads to a process of this model that lives."""
        return self.told().model == f"{name}.tar.gz" and any(alive(pid) for pid in self.pids(name))


@asynccontextmanager
async def system(folder: Path, models: Path, first: Mark, pace: SwitchPace = SWITCH_PACE) -> AsyncIterator[System]:
    folder.mkdir()  # noqa: ASYNC240  # nothing else is waiting
    live, said = Live(models), list[str]()
    made = System(folder, live, Place(models, folder.name), Supervisor([], said.append, PACE), said)
    child = made.child(first)
    made.supervisor = Supervisor([child], said.append, PACE)
    made.move(child)
    means = Means(made.child, made.check, made.move, lambda: datetime.now(UTC))
    switch = Switch(live, made.place, made.supervisor, first, means, said.append, pace)
    tasks = [asyncio.create_task(made.supervisor.run()), asyncio.create_task(switch.run())]
    try:
        await until(lambda: made.pids(first.model.partition(".")[0]))
        yield made
    finally:
        made.supervisor.stop()
        await asyncio.wait_for(tasks[0], 20)
        tasks[1].cancel()
        await asyncio.gather(tasks[1], return_exceptions=True)
        left = [pid for folder in made.folder.iterdir() if folder.is_dir() for one in starts(folder) for pid in one]
        assert not any(alive(pid) for pid in left)


@pytest.fixture
def models(tmp_path: Path) -> Path:
    models = tmp_path / "models"
    for name in ("old", "new"):
        a_model(models, name)
    return models


@pytest.fixture
def old(models: Path) -> Mark:
    mark = mark_of(models / "old.tar.gz")
    Live(models).begin(models / mark.model, "")
    return mark


@pytest.fixture
def new(models: Path) -> Mark:
    return mark_of(models / "new.tar.gz")


async def go(live: Live, mark: Mark, seconds: float = 10) -> list[str]:
    """Rolls a model out; what was said. Raises RolloutError."""
    said: list[str] = []
    await asyncio.to_thread(roll_out, live, mark, seconds, "put live", said.append)
    return said


async def test_the_next_model_serves_and_the_old_process_ends(
    tmp_path: Path, models: Path, old: Mark, new: Mark
) -> None:
    async with system(tmp_path / "one", models, old) as one:
        before = one.address()
        said = await go(one.live, new)
        assert one.serves("new")
        assert one.address() != before
        assert "new.tar.gz" in said[0]
        await until(lambda: not alive(one.pids("old")[0]))
        pointer = one.live.read()
        assert pointer is not None
        assert (pointer.live, pointer.previous, pointer.pinned) == (new, old, True)


async def test_the_old_one_answers_until_the_new_one_is_well_and_looked_at(
    tmp_path: Path, models: Path, old: Mark, new: Mark
) -> None:
    async with system(tmp_path / "one", models, old) as one:
        before, one.slow["new.tar.gz"] = one.address(), asyncio.Event()
        task = asyncio.create_task(go(one.live, new))
        await until(lambda: one.pids("new"))
        await asyncio.sleep(0.3)
        assert (one.address(), one.serves("old"), one.told().ready) == (before, True, None)
        one.slow["new.tar.gz"].set()
        await task
        assert one.serves("new")


async def test_all_of_several_processes_change(tmp_path: Path, models: Path, old: Mark, new: Mark) -> None:
    async with system(tmp_path / "one", models, old) as one, system(tmp_path / "two", models, old) as two:
        said = await go(one.live, new)
        assert len(said) == 2
        assert one.serves("new")
        assert two.serves("new")
        await until(lambda: not alive(one.pids("old")[0]) and not alive(two.pids("old")[0]))


async def test_where_one_refuses_none_changes(tmp_path: Path, models: Path, old: Mark, new: Mark) -> None:
    async with system(tmp_path / "one", models, old) as one, system(tmp_path / "two", models, old) as two:
        two.refused["new.tar.gz"] = "takes a cry for help for greet"
        addresses = one.address(), two.address()
        with pytest.raises(RolloutError, match="takes a cry for help for greet"):
            await go(one.live, new)
        assert (one.address(), two.address()) == addresses  # nobody ever talked to it
        for each in (one, two):
            assert each.serves("old")
            assert len(each.pids("old")) == 1  # the same process as before
            await until(lambda each=each: not any(alive(pid) for pid in each.pids("new")))
        pointer = one.live.read()
        assert pointer is not None
        assert (pointer.live, pointer.previous, pointer.trial) == (old, None, None)


async def test_a_model_that_is_not_the_one_that_was_looked_at_is_refused(
    tmp_path: Path, models: Path, old: Mark, new: Mark
) -> None:
    async with system(tmp_path / "one", models, old) as one:
        (models / new.model).write_text("something else")
        with pytest.raises(RolloutError, match="not the one that was looked at"):
            await go(one.live, new)
        assert one.serves("old")
        assert one.pids("new") == []


async def test_one_that_is_killed_while_it_is_made_ready_changes_nothing(
    tmp_path: Path, models: Path, old: Mark, new: Mark
) -> None:
    async with system(tmp_path / "one", models, old) as one:
        before = one.address()
        tried = one.live.try_out(new, 10, "")
        await until(lambda: one.told().ready == "new.tar.gz")
        assert one.told().number == tried.number
        os.kill(one.pids("new")[0], signal.SIGKILL)
        await until(lambda: one.told().why)
        assert "ended while it stood by" in one.told().why
        pointer = one.live.read()
        assert pointer is not None
        assert (pointer.live, pointer.trial) == (old, None)
        assert (one.address(), one.serves("old")) == (before, True)


async def test_one_that_is_killed_just_after_the_change_takes_everybody_back(
    tmp_path: Path, models: Path, old: Mark, new: Mark
) -> None:
    pace = replace(SWITCH_PACE, standing=5)
    async with (
        system(tmp_path / "one", models, old, pace) as one,
        system(tmp_path / "two", models, old, pace) as two,
    ):
        addresses = one.address(), two.address()
        task = asyncio.create_task(go(one.live, new, 20))
        await until(lambda: one.serves("new") and two.serves("new"))
        os.kill(two.pids("new")[0], signal.SIGKILL)
        with pytest.raises(RolloutError, match="ended just after it had gone live"):
            await task
        await until(lambda: one.serves("old") and two.serves("old"))
        assert (one.address(), two.address()) == addresses
        assert len(one.pids("old")) == len(two.pids("old")) == 1  # they had stood by: nobody waited for a start
        pointer = one.live.read()
        assert pointer is not None
        assert (pointer.live, pointer.previous, pointer.pinned) == (old, None, False)


async def test_one_that_is_not_ready_in_time_is_given_up_everywhere(
    tmp_path: Path, models: Path, old: Mark, new: Mark
) -> None:
    async with system(tmp_path / "one", models, old) as one, system(tmp_path / "two", models, old) as two:
        (two.folder / "new.tar.gz").mkdir()
        (two.folder / "new.tar.gz" / "stuck").touch()  # it accepts and never answers
        began = time.monotonic()
        with pytest.raises(RolloutError, match=f"not ready in process {os.getpid()}"):
            await go(one.live, new, 1.5)
        assert time.monotonic() - began < 10
        assert one.serves("old")
        assert two.serves("old")


async def test_where_the_command_is_killed_the_trial_ends_by_itself(
    tmp_path: Path, models: Path, old: Mark, new: Mark
) -> None:
    async with system(tmp_path / "one", models, old) as one:
        one.live.try_out(new, 1.5, "and then nobody settles it")
        await until(lambda: one.told().ready == "new.tar.gz")
        await until(lambda: one.told().ready is None)
        await until(lambda: not alive(one.pids("new")[0]))
        assert one.serves("old")


async def test_going_back_is_the_same_way(tmp_path: Path, models: Path, old: Mark, new: Mark) -> None:
    async with system(tmp_path / "one", models, old) as one:
        await go(one.live, new)
        await go(one.live, one.live.before())
        assert one.serves("old")
        assert len(one.pids("old")) == 2
        await until(lambda: not alive(one.pids("new")[0]))


async def test_the_model_that_serves_is_the_one_that_is_started_again_after_a_crash(
    tmp_path: Path, models: Path, old: Mark, new: Mark
) -> None:
    async with system(tmp_path / "one", models, old) as one:
        await go(one.live, new)
        address = one.address()
        os.kill(one.pids("new")[0], signal.SIGKILL)
        await until(lambda: len(one.pids("new")) == 2)
        assert one.address() == address
        assert len(one.pids("old")) == 1


async def test_a_pointer_that_is_damaged_meanwhile_changes_nothing(
    tmp_path: Path, models: Path, old: Mark, new: Mark
) -> None:
    async with system(tmp_path / "one", models, old) as one:
        (models / "live.json").write_text("{")
        await asyncio.sleep(0.3)
        assert one.serves("old")
        one.live.begin(models / old.model, "mended")
        await go(one.live, new)
        assert one.serves("new")


async def test_stopping_everything_just_after_the_change_is_no_reason_to_go_back(
    tmp_path: Path, models: Path, old: Mark, new: Mark
) -> None:
    async with system(tmp_path / "one", models, old, replace(SWITCH_PACE, standing=5)) as one:
        one.live.settle(one.live.try_out(new, 10, "").number, "")
        await until(lambda: one.serves("new"))
    pointer = Live(models).read()
    assert pointer is not None
    assert pointer.live == new
    assert all_serving(models) == []


async def test_only_one_goes_live_at_a_time(tmp_path: Path, models: Path, old: Mark, new: Mark) -> None:
    async with system(tmp_path / "one", models, old, replace(SWITCH_PACE, standing=2)) as one:
        first = asyncio.create_task(go(one.live, new))
        await until(lambda: one.told().ready or one.serves("new"))
        with pytest.raises(BusyError):
            await go(one.live, new)
        await first


async def test_where_nothing_runs_it_is_live_from_the_next_start(models: Path, old: Mark, new: Mark) -> None:
    said = await go(Live(models), new)
    assert said == ["   Nothing is running: it is live from the next start on."]
    assert json.loads((models / "live.json").read_text())["live"]["model"] == "new.tar.gz"
