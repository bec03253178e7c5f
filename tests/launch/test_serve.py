"""The port that faces people: whose word is taken for where somebody comes from."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn
from websockets.sync.client import connect

from launch.prepare import prepare
from launch.serve import web_config
from launch.settings import Settings, read_settings
from launch.wiring import make_app
from programme.rules.limit import SESSIONS


@pytest.fixture
def served(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The app as it is served with TRUSTED_PROXY of the test's parameter; its address."""
    environment = {"VAR_DIR": str(tmp_path / "var"), "TRUSTED_PROXY": request.param, "DIALOGUE_PORT": "9"}
    settings = read_settings({**environment, "ACTIONS_PORT": "9"})
    prepare(settings)
    with serving(settings) as address:
        yield address


@contextmanager
def serving(settings: Settings) -> Iterator[str]:
    """The whole app on a port of its own, as `launch app` serves it; its address."""
    settings = settings.model_copy(update={"port": 0})
    server = uvicorn.Server(web_config(make_app(settings), settings))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 15
    while not server.started and time.monotonic() < until:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(15)


def refused(address: str, *claims: str) -> int:
    """How many of one session more than the limit are too fast, asked for with these X-Forwarded-For by turns."""
    with httpx.Client(base_url=address, timeout=30) as client:
        answers = [
            client.post("/chat/sessions", json={}, headers={"X-Forwarded-For": claims[number % len(claims)]})
            for number in range(SESSIONS.count + 1)
        ]
    return [answer.status_code for answer in answers].count(429)


@pytest.mark.parametrize("served", [""], indirect=True)
def test_by_default_nobody_is_believed_about_where_they_come_from(served: str) -> None:
    assert refused(served, "192.0.2.1", "192.0.2.2") == 1


@pytest.mark.parametrize("served", ["192.0.2.77"], indirect=True)
def test_only_the_trusted_proxy_is_believed(served: str) -> None:
    """We come from 127.0.0.1, which is not that proxy."""
    assert refused(served, "192.0.2.1", "192.0.2.2") == 1


@pytest.mark.parametrize("served", ["127.0.0.1, 10.0.0.0/24"], indirect=True)
def test_behind_the_trusted_proxy_each_address_has_its_own_limit(served: str) -> None:
    assert refused(served, "192.0.2.1", "192.0.2.2") == 0
    # What the person wrote into the header stands before what the proxy added: it does not count.
    assert refused(served, "198.51.100.1, 192.0.2.3", "198.51.100.2, 192.0.2.3") == 1


@pytest.mark.parametrize("served", [""], indirect=True)
def test_a_frame_that_is_too_long_gets_words_not_a_line_that_breaks(served: str) -> None:
    token = httpx.post(f"{served}/chat/sessions", json={}).json()["token"]
    with connect(served.replace("http", "ws") + "/chat/ws") as line:
        line.send(json.dumps({"type": "hello", "token": token}))
        for size in (70_000, 200_000):
            line.send(json.dumps({"type": "say", "id": str(size), "text": "a" * size}))
            while (frame := json.loads(line.recv(10)))["type"] != "error":
                pass
            assert (frame["code"], frame["id"]) == ("too_long", str(size))
        line.send(json.dumps({"type": "say", "id": "short", "text": "hello"}))
        while json.loads(line.recv(10)) != {"type": "accepted", "id": "short"}:
            pass
