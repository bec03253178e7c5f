"""Another model goes live and back while somebody books: real processes, and nobody notices; a bad one is refused."""

import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from launch import golive
from launch.golive import Say, find_candidate, go_live
from launch.live import Live, mark_of
from launch.rollout import RolloutError, roll_out
from launch.serving import all_serving
from launch.settings import PROJECT, Settings, read_settings
from storage.referral import Referral
from tests.journeys.system import System, wait
from tests.journeys.test_killed import check_one_booking
from tests.journeys.test_web import in_person, offers, prove
from tests.journeys.web_person import WebPerson

MESSAGES = """version: "3.1"
nlu:
- intent: medical_emergency
  examples: |
    - he has taken too much and he is not breathing
- intent: risk_of_suicide
  examples: |
    - i want to kill myself
- intent: ask_admission
  examples: |
    - does doing the course mean i am pleading guilty
- intent: ask_cost
  examples: |
    - how much does it cost
"""
Change = Callable[[dict[str, Any]], None]


def pack(model: Path, out: Path, file: str, change: Change) -> Path:
    """The model once more, with one of its JSON files changed."""
    with tarfile.open(model) as old, tarfile.open(out, "w:gz", compresslevel=1) as new:
        for member in old:
            content = old.extractfile(member) if member.isfile() else None
            data = content.read() if content else b""
            if Path(member.name).name == file:
                inside = json.loads(data)
                change(inside)
                data = json.dumps(inside).encode()
                member.size = len(data)
            new.addfile(member, io.BytesIO(data))
    return out


def rename(metadata: dict[str, Any]) -> None:
    """The same model under another name: it understands all as before."""
    metadata["model_id"] = "0" * 32


def forget_a_rule(policy: dict[str, Any]) -> None:
    """It understands the question and has nothing to say to it: only a running server shows that."""
    rules = policy["lookup"]["rules"]
    for state in [state for state in rules if '"ask_bot"' in state]:
        del rules[state]


@pytest.fixture
def settings(system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Of the running system; the rules look at a few messages in place of thousands."""
    few = tmp_path / "few.yml"
    few.write_text(MESSAGES)
    monkeypatch.setattr(golive, "own_sets", lambda _settings: [few])
    return read_settings(system.environment)


def take_in(settings: Settings, model: Path, say: Say) -> None:
    """Goes live with it as if nothing had been found against it. Raises RolloutError."""
    roll_out(Live(settings.models), mark_of(find_candidate(settings, str(model))), settings.live_seconds, "a test", say)


def serving(settings: Settings) -> str:
    (one,) = all_serving(settings.models)
    return one.model


def dialogue(settings: Settings, system: System) -> psutil.Process:
    """The server that answers, once it is the only one."""

    def only() -> bool:
        parent = system.server("dialogue").parent()
        assert parent is not None
        return sum("nlu.launcher" in " ".join(one.cmdline()) for one in parent.children()) == 1

    wait(only, 30, "the other dialogue server to end")
    return system.server("dialogue")


PAUSE_MS = 700  # who asks faster for long is told to wait a moment


def keep_asking(person: WebPerson, while_it: Callable[[], Any]) -> tuple[Any, int]:
    """Somebody asks on and on, and is always answered and led on; what came of it, and how often they asked."""
    asked = 0
    with ThreadPoolExecutor(1) as pool:
        going = pool.submit(while_it)
        while not going.done() or not asked:
            answer, again = person.say("how much does it cost")
            assert "no price is set" in answer
            assert "Which one suits you?" in again
            asked += 1
            person.page.wait_for_timeout(PAUSE_MS)
        return going.result(), asked


def test_a_model_goes_live_and_back_while_somebody_books(
    system: System, settings: Settings, visit: Callable[..., WebPerson], referral: Referral, tmp_path: Path
) -> None:
    said: list[str] = []
    first = serving(settings)
    model = settings.models / first
    old = dialogue(settings, system)
    person = visit(system.address)
    prove(person, referral.reference)
    person.tap("Any time")
    chosen = in_person(offers(person))

    # It goes live under a conversation in the middle of a form.
    again = pack(model, tmp_path / "again.tar.gz", "metadata.json", rename)
    told, asked = keep_asking(person, lambda: go_live(settings, str(again), said.append))
    assert asked > 1
    assert (told["live"], told["previous"]) == (serving(settings), first)
    assert told["live"] != first
    assert told["compared"]["verdict"]["dangers"] == {"of": 2, "live": 2, "candidate": 2}
    assert Path(told["compared"]["page"]).is_file()
    new = dialogue(settings, system)
    assert new.pid != old.pid
    assert not old.is_running()
    assert "Shall I book this for you?" in person.tap(chosen)[-1]

    # One that only fails when it runs is looked at beside the other, and ended.
    broken = pack(model, tmp_path / "broken.tar.gz", "rule_policy.json", forget_a_rule)
    with pytest.raises(RolloutError, match="fails at a turn"):
        take_in(settings, broken, said.append)
    pointer = Live(settings.models).read()
    assert pointer is not None
    assert (pointer.live.model, pointer.trial) == (told["live"], None)
    assert serving(settings) == told["live"]
    assert dialogue(settings, system).pid == new.pid
    assert "You are booked." in person.tap("Yes")[-1]

    # Back, by the command as a program calls it.
    done = subprocess.run(
        [sys.executable, "-m", "launch", "--json", "back"],
        cwd=PROJECT,
        env={**os.environ, **system.environment},
        capture_output=True,
        text=True,
        check=False,
    )
    *_, last = map(json.loads, done.stdout.splitlines())
    assert last == {"kind": "done", "result": {"live": first, "previous": told["live"]}}
    assert serving(settings) == first
    assert dialogue(settings, system).pid not in (old.pid, new.pid)
    place = person.say("when is it again")[-1]
    assert "You are booked" in place or "You already have a place" in place
    check_one_booking(system, referral)
