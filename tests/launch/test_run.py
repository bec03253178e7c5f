"""`make run` itself, with the real servers: the lines it prints, who can reach what, and that nothing is left."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from launch.model import make_model
from launch.settings import PROJECT, read_settings
from tests.launch.test_signals import wait
from tests.launch.test_supervisor import alive

READY_SECONDS = 90.0
OTHER_LOOPBACK = "127.0.0.2"  # reaches whoever listens on every address, not whoever listens on 127.0.0.1


@dataclass
class Running:
    """A `make run` with a folder of its own."""

    make: subprocess.Popen[str]
    var: Path
    lines: list[str]

    @property
    def address(self) -> str:
        return next(line for line in self.lines if line.startswith("Chat: ")).removeprefix("Chat: ")

    def processes(self) -> list[psutil.Process]:
        """Everything below make: the supervisor and the three servers."""
        return psutil.Process(self.make.pid).children(recursive=True)

    def server(self, words: str) -> psutil.Process:
        return next(one for one in self.processes() if words in " ".join(one.cmdline()))


@pytest.fixture(scope="module")
def model() -> Path:
    """The model of the files as they are, which `make test` has trained before."""
    return make_model(read_settings().models)


def start(var: Path, model: Path) -> subprocess.Popen[str]:
    models = var / "models"
    models.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (models / model.name).exists():
        os.link(model, models / model.name)
    return subprocess.Popen(
        ["make", "--no-print-directory", "run"],
        cwd=PROJECT,
        env={**os.environ, "VAR_DIR": str(var), "PORT": "0"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, model: Path) -> Iterator[Running]:
    var = tmp_path_factory.mktemp("run") / "var"
    make = start(var, model)
    running, end = Running(make, var, []), time.monotonic() + READY_SECONDS
    try:
        assert make.stdout is not None
        while not (running.lines and running.lines[-1].startswith("With the same password")):
            assert time.monotonic() < end and make.poll() is None, running.lines
            running.lines.append(make.stdout.readline().rstrip())
        yield running
    finally:
        left = running.processes() if make.poll() is None else []
        make.terminate()
        make.communicate(timeout=30)
        assert not any(alive(one.pid) for one in left)


def test_the_lines_that_say_where_to_look(running: Running) -> None:
    chat, console, referral, login, others = running.lines[-5:]
    assert chat.startswith("Chat: http://127.0.0.1:")
    assert chat.endswith("/")
    assert console == chat.replace("Chat", "Console") + "console"
    assert referral == "Sample referral: TVP-4F7K-92, born 14 March 1990"
    assert re.fullmatch(r"Sample login: worker@example\.org password: [a-z]{5}(-[a-z]{5}){3}", login)
    assert others.endswith("trainer@example.org, lead@example.org, manager@example.org")


def test_ready_when_it_says_so(running: Running) -> None:
    assert httpx.get(f"{running.address}live").status_code == 200
    assert httpx.get(f"{running.address}ready").json() == {"ready": True, "missing": []}
    assert httpx.get(running.address).status_code == 200


def test_every_server_is_on_loopback_only(running: Running) -> None:
    listening = [
        connection.laddr
        for process in running.processes()
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) == 3
    others = [OTHER_LOOPBACK, *socket.gethostbyname_ex(socket.gethostname())[2]]
    for at in listening:
        assert at.ip == "127.0.0.1"
        socket.create_connection(("127.0.0.1", at.port), timeout=5).close()
        for other in others:
            if other != "127.0.0.1":
                with pytest.raises(ConnectionRefusedError):
                    socket.create_connection((other, at.port), timeout=5)


def test_the_check_of_loopback_can_fail() -> None:
    """A server on every address is reached by the other one, so being refused above means something."""
    with socket.create_server(("0.0.0.0", 0)) as everywhere:
        socket.create_connection((OTHER_LOOPBACK, everywhere.getsockname()[1]), timeout=5).close()


def test_the_dialogue_and_the_actions_ask_for_their_secret(running: Running) -> None:
    for words, path in (("nlu.launcher", "webhooks/dialogue/turn"), ("launch actions", "webhook")):
        port = next(
            one.laddr.port for one in running.server(words).net_connections("inet") if one.status == psutil.CONN_LISTEN
        )
        assert httpx.post(f"http://127.0.0.1:{port}/{path}", json={}).status_code == 401, words


def test_what_is_written_is_for_its_owner_alone(running: Running) -> None:
    for file in [running.var, *running.var.rglob("*")]:
        if file.suffixes != [".tar", ".gz"]:  # a link to the tests' own model
            assert file.stat().st_mode & 0o077 == 0, file


def test_a_second_start_with_the_same_data_is_refused_in_words(running: Running, model: Path) -> None:
    second = start(running.var, model)
    said = second.communicate(timeout=60)[0]
    assert second.returncode != 0
    assert "already running with this VAR_DIR" in said
    assert httpx.get(f"{running.address}ready").status_code == 200


@pytest.mark.parametrize("words", ["nlu.launcher", "launch actions"])
def test_a_killed_server_comes_back_while_the_app_goes_on(running: Running, words: str) -> None:
    killed = running.server(words)
    killed.kill()
    end = time.monotonic() + READY_SECONDS
    statuses = set()
    while (status := httpx.get(f"{running.address}ready", timeout=20).status_code) != 200 or killed.is_running():
        statuses.add(status)
        assert httpx.get(f"{running.address}live").status_code == 200
        assert time.monotonic() < end
        time.sleep(0.05)
    assert statuses == {503}
    assert running.server(words).pid != killed.pid


def test_all_processes_together_are_small(running: Running) -> None:
    assert sum(process.memory_info().rss for process in running.processes()) < 950e6


def test_a_killed_make_ends_everything(running: Running) -> None:
    processes = running.processes()
    assert len(processes) == 4
    running.make.kill()
    end = time.monotonic() + 20
    while any(alive(process.pid) for process in processes):
        assert time.monotonic() < end
        time.sleep(0.05)


def begun(make: int) -> bool:
    """Whether the first process has come as far as our own code: from there on nobody sees Python's tracebacks.

    Until it is Python it is make's fork, which catches what make does.
    """
    with contextlib.suppress(psutil.NoSuchProcess, FileNotFoundError, IndexError):
        for process in psutil.Process(make).children():
            if {"launch.bootstrap", "launch"} & set(process.cmdline()):
                caught = Path(f"/proc/{process.pid}/status").read_text().partition("SigCgt:")[2].split()[0]
                return bool(int(caught, 16) >> (signal.SIGHUP - 1) & 1)
    return False


@pytest.mark.parametrize("seconds", [0, 0.05, 0.15, 0.3, 0.6, 1.2])
def test_an_interrupt_while_it_starts_leaves_nothing_and_no_traceback(
    tmp_path: Path, model: Path, seconds: float
) -> None:
    make = start(tmp_path / "var", model)
    wait(lambda: begun(make.pid))
    time.sleep(seconds)
    below = psutil.Process(make.pid).children(recursive=True)
    for _ in range(2):
        os.killpg(make.pid, signal.SIGINT)
        time.sleep(0.05)
    said = make.communicate(timeout=30)[0]
    assert "Traceback" not in said
    assert not any(alive(process.pid) for process in below)
