"""`/ready` answers in time, whatever hangs behind it."""

import asyncio
import base64
import socket
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from bot.dialogue import Dialogue
from launch.context import make_context
from launch.keys import make_sample_keys
from launch.ready import Readiness
from launch.settings import Settings, read_settings
from storage.engine import CONNECT_SECONDS


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A server that takes connections and never says a word."""
    with closing(socket.socket()) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(20)
        yield listening


@pytest.fixture
def settings(silent: socket.socket, tmp_path: Path) -> Settings:
    port = silent.getsockname()[1]
    environment = {"DATABASE_URL": f"postgresql://u@127.0.0.1:{port}/d", "VAR_DIR": str(tmp_path)}
    keys = {"DATA_KEYS": base64.urlsafe_b64encode(bytes(32)).decode()}
    return read_settings({**environment, **keys, "DIALOGUE_PORT": str(port), "ACTIONS_PORT": str(port)})


async def test_it_says_within_seconds_what_hangs_and_asks_it_once(settings: Settings, silent: socket.socket) -> None:
    dialogue = Dialogue(settings.dialogue_url, "secret")
    ready = Readiness(make_context(settings), dialogue, settings)
    began = time.monotonic()
    for _ in range(2):
        assert await ready.missing() == ["database", "dialogue", "actions"]
    assert time.monotonic() - began < CONNECT_SECONDS
    assert asked_of_postgresql(silent) == 1
    await ready.close()
    await dialogue.close()


async def test_many_ask_at_once_and_each_is_answered(tmp_path: Path) -> None:
    settings = read_settings({"VAR_DIR": str(tmp_path), "DIALOGUE_PORT": "1", "ACTIONS_PORT": "1"})
    make_sample_keys(settings)
    dialogue = Dialogue(settings.dialogue_url, "secret")
    ready = Readiness(make_context(settings), dialogue, settings)

    async def ask() -> None:
        for _ in range(20):
            assert await ready._database()  # the next question begins before the other has its answer

    await asyncio.gather(ask(), ask())
    await ready.close()
    await dialogue.close()


def asked_of_postgresql(silent: socket.socket) -> int:
    """How many of those who connected began as PostgreSQL's clients do."""
    silent.setblocking(False)
    began = []
    with suppress(BlockingIOError):
        while True:
            with silent.accept()[0] as line:
                began.append(line.recv(8)[:4])
    return began.count(bytes((0, 0, 0, 8)))  # the length of a wish for TLS


def test_a_postgresql_that_says_nothing_is_given_up(settings: Settings) -> None:
    database = make_context(settings).database
    began = time.monotonic()
    with pytest.raises(OperationalError), database.reading() as session:
        session.connection()
    assert time.monotonic() - began < CONNECT_SECONDS + 3
