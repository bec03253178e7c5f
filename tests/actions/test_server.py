"""The action server's door, as the real process: who may call, and what a failure says."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from launch.context import make_context
from launch.keys import make_sample_keys
from launch.parts import all_children, make_inside
from launch.settings import Settings
from storage.migrate import migrate
from tests.dialogue.servers import await_health, start


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    settings = Settings(var_dir=tmp_path_factory.mktemp("actions"))
    make_sample_keys(settings)
    database = make_context(settings).database
    migrate(database)
    database.close()
    inside = make_inside()
    child = all_children(settings, Path("no model is needed"), inside)[1]
    process = start(child)
    secret = {"Authorization": f"Bearer {inside.actions_secret}"}
    try:
        await_health(child, process)
        with httpx.Client(
            base_url=f"http://127.0.0.1:{inside.actions_port}", headers=secret, trust_env=False
        ) as client:
            yield client
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, 15)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()


TRACKER = {"sender_id": "nobody", "slots": {}, "latest_message": {}, "events": [], "active_loop": {}}
DOMAIN: dict[str, object] = {"intents": [], "slots": {}, "actions": []}


def ask(door: httpx.Client, name: str, **more: object) -> httpx.Response:
    frame = {"next_action": name, "sender_id": "nobody", "tracker": TRACKER, "domain": DOMAIN}
    return door.post("/webhook", json={**frame, **more})


def test_it_is_closed_to_whoever_does_not_know_the_secret(door: httpx.Client) -> None:
    for header in ("", "Bearer", "Bearer wrong", "Basic x"):
        assert door.post("/webhook", json={}, headers={"Authorization": header}).status_code == 401


def test_an_action_that_is_not_ours(door: httpx.Client) -> None:
    said = ask(door, "action_of_somebody_else")
    assert (said.status_code, said.json()["error"]) == (404, "no such action")


def test_a_failure_is_a_failure_and_tells_nothing(door: httpx.Client) -> None:
    said = ask(door, "action_stop_reminders")  # there is no such conversation
    assert said.status_code == 500
    assert said.json() == {"error": "failed", "action_name": "action_stop_reminders"}


def test_it_asks_for_a_domain_that_it_has_not_seen(door: httpx.Client) -> None:
    assert ask(door, "action_start_over", domain=None, domain_digest="never seen").status_code == 449
