"""Live hints over a real Redis: two processes of the app tell each other, and neither needs it."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from redis import Redis as Client
from redis.exceptions import RedisError
from websockets.sync.client import ClientConnection, connect

from bot import socket as chat_socket
from launch.hints import CHANNEL
from launch.prepare import prepare
from launch.settings import Settings, read_settings
from tests.journeys.system import free_port
from tests.launch.test_serve import serving
from tests.launch.test_signals import wait
from tests.launch.test_supervisor import SOON

INSTALL = "apt-get update && apt-get install --yes --no-install-recommends redis-server"


class Redis:
    """A redis-server of the test's own, which can be killed and come back."""

    def __init__(self, program: str, folder: Path) -> None:
        self.port = free_port()
        self._command = [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)

    def wait_for_listeners(self, count: int) -> None:
        """Returns when so many processes hear each hint."""
        with Client(port=self.port) as asking:

            def heard() -> bool:
                with suppress(RedisError):
                    return dict(asking.pubsub_numsub(CHANNEL))[CHANNEL.encode()] == count
                return False

            wait(heard)

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait(10)


@pytest.fixture(scope="session")
def redis_program() -> str:
    """Debian's package, installed where we may; a missing one fails the test."""
    if not shutil.which("redis-server") and shutil.which("apt-get"):
        as_root = ["sh", "-c", INSTALL] if os.geteuid() == 0 else ["sudo", "-n", "sh", "-c", INSTALL]
        subprocess.run(as_root, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False)
    program = shutil.which("redis-server")
    assert program, f"The test of live hints needs Redis. Install it with: sudo sh -c '{INSTALL}'"
    return program


@pytest.fixture
def redis(redis_program: str, tmp_path: Path) -> Iterator[Redis]:
    server = Redis(redis_program, tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def settings(redis: Redis, tmp_path: Path) -> Settings:
    environment = {"VAR_DIR": str(tmp_path / "var"), "REDIS_URL": f"redis://127.0.0.1:{redis.port}/0"}
    settings = read_settings({**environment, "DIALOGUE_PORT": "9", "ACTIONS_PORT": "9"})
    prepare(settings)
    return settings


def open_page(address: str, token: str) -> ClientConnection:
    """A page that has shown all that was said so far."""
    line = connect(address.replace("http", "ws") + "/chat/ws")
    line.send(json.dumps({"type": "hello", "token": token}))
    hear(line, "message", SOON)
    return line


def hear(line: ClientConnection, kind: str, seconds: float) -> dict[str, str]:
    until = time.monotonic() + seconds
    while True:
        frame: dict[str, str] = json.loads(line.recv(max(0.01, until - time.monotonic())))
        if frame["type"] == kind:
            return frame


def say(line: ClientConnection, name: str) -> None:
    line.send(json.dumps({"type": "say", "id": name, "text": "i want to kill myself"}))


def test_what_one_process_writes_another_shows_at_once(
    settings: Settings, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat_socket, "LOOK_SECONDS", 60.0)  # so that only a hint can make a page look
    with serving(settings) as one, serving(settings) as two:
        token = httpx.post(f"{one}/chat/sessions", json={}).json()["token"]
        with open_page(one, token) as here, open_page(two, token) as there:
            redis.wait_for_listeners(2)
            say(here, "a")
            assert hear(there, "message", SOON)["answer"] == "utter_danger_risk_of_suicide"


def test_without_redis_everything_goes_on_and_afterwards_hints_come_again(
    settings: Settings, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    redis.kill()
    monkeypatch.setattr("launch.hints.PAUSE_SECONDS", 0.2)
    with serving(settings) as one, serving(settings) as two:
        token = httpx.post(f"{one}/chat/sessions", json={}).json()["token"]
        with open_page(one, token) as here, open_page(two, token) as there:
            say(here, "a")
            assert hear(here, "accepted", SOON)["id"] == "a"
            assert hear(there, "message", SOON)["answer"] == "utter_danger_risk_of_suicide"
        redis.start()
        redis.wait_for_listeners(2)
        monkeypatch.setattr(chat_socket, "LOOK_SECONDS", 60.0)
        token = httpx.post(f"{one}/chat/sessions", json={}).json()["token"]
        with open_page(one, token) as here, open_page(two, token) as there:
            say(here, "b")
            assert hear(there, "message", SOON)["answer"] == "utter_danger_risk_of_suicide"
