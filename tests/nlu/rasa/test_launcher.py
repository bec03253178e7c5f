"""What a server loads, whom the launcher lets in, what it refuses to start with, and that it dies in time."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nlu import launcher
from nlu.tracker import BadTrackerKeys, SealedTrackerStore
from tests.nlu.rasa.conftest import free_port
from tests.nlu.rasa.launching import ROOT, run_python


def test_a_server_loads_nothing_heavy(server):
    code = (
        "from nlu import launcher; launcher.prepare(serving=True);"
        "import nlu.channel, rasa.engine.recipes.default_components, sys, json, types;"
        "print(json.dumps([name for name, module in sys.modules.items() if getattr(module, '__file__', None)]))"
    )
    done = run_python(code)
    loaded = {name.split(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}
    assert not loaded & {
        "tensorflow",
        "keras",
        "matplotlib",
        "sklearn",
        "pandas",
        "prompt_toolkit",
        "sentry_sdk",
        "aiogram",
    }


def test_the_whole_server_is_small(server):
    status = Path(f"/proc/{server.child.pid}/status").read_text()
    resident = int(status.split("VmRSS:")[1].split()[0]) / 1024
    assert resident < 220, f"{resident:.0f} MB"


def test_a_server_is_ready_in_seconds(make_server):
    assert make_server().start() < 13


# Who gets in ----------------------------------------------------------------------------------------------------------


def other_addresses() -> list[str]:
    """This machine's addresses that are not loopback."""
    found = set()
    for family, probe in ((socket.AF_INET, "198.51.100.1"), (socket.AF_INET6, "2001:db8::1")):
        with socket.socket(family, socket.SOCK_DGRAM) as asking:
            try:
                asking.connect((probe, 9))  # sends nothing; the system picks the address it would send from
            except OSError:
                continue
            found.add(asking.getsockname()[0])
    return sorted(address for address in found if not address.startswith(("127.", "::1")))


def test_the_server_listens_on_loopback_only(server):
    assert server.answers("127.0.0.1")
    for address in other_addresses():
        assert not server.answers(address), f"reachable at {address}"
    listening = [
        line.split()
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        for line in Path(table).read_text().splitlines()[1:]
        if line.split()[3] == "0A" and int(line.split()[1].rpartition(":")[2], 16) == server.port
    ]
    assert [line[1].rpartition(":")[0] for line in listening] == ["0100007F"]  # 127.0.0.1, and no other line


@pytest.mark.parametrize(
    "path",
    [
        "",
        "webhooks/rest/webhook",
        "webhooks/rest",
        "model/parse",
        "conversations/x/tracker",
        "status",
        "version",
        "domain",
    ],
)
def test_nothing_of_rasas_own_interfaces_is_there(server, path):
    assert server.ask(f"../../{path}", {"sender": "x", "message": "hello"})[0] == 404
    assert server.ask(f"../../{path}")[0] == 404


def test_telemetry_is_off_whatever_the_environment_says():
    code = (
        "from nlu import launcher; launcher.prepare(serving=False); import rasa.telemetry as t;"
        "print(t.is_telemetry_enabled())"
    )
    done = run_python(code, RASA_TELEMETRY_ENABLED="true")
    assert done.stdout.strip() == "False", done.stderr


# What it refuses ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "store",
    [
        "",
        "tracker_store: {type: nlu.tracker.NoSuchStore, url: x, keys: y}",
        "tracker_store: {type: nlu.no_such_module.Store}",
        "tracker_store: {type: in_memory}",
        "tracker_store: {type: SQL, dialect: sqlite, db: ':memory:'}",
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_no_other_tracker_store_may_serve(tmp_path, store):
    endpoints = tmp_path / "endpoints.yml"
    endpoints.write_text(f"nothing: 1\n{store}\n")
    with pytest.raises(SystemExit) as refused:
        launcher.sealed_store(str(endpoints))
    assert "only SealedTrackerStore" in str(refused.value)


def test_our_tracker_store_serves_bare_of_rasas_wrappers(tmp_path, monkeypatch):
    monkeypatch.setenv("ACTIONS_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("ACTIONS_SECRET", "x")
    monkeypatch.setenv("TRACKER_URL", f"sqlite:///{tmp_path}/tracker.db")
    monkeypatch.setenv("TRACKER_KEYS", "A" * 43 + "=")
    store = launcher.sealed_store()
    assert type(store) is SealedTrackerStore
    store.close()


@pytest.mark.parametrize("keys", ["short", "!" * 44, "A" * 43 + "=,short"])
def test_bad_keys_are_refused_at_the_start(make_server, keys):
    server = make_server(TRACKER_KEYS=keys)
    server.start(wait=False)
    assert server.child.wait(timeout=30) == 1
    assert BadTrackerKeys.__doc__ in server.log.read_text()
    assert keys not in server.log.read_text()


@pytest.mark.parametrize("name", launcher.SETTINGS)
def test_what_is_not_set_is_named(make_server, name):
    server = make_server(**{name: ""})
    server.start(wait=False)
    assert server.child.wait(timeout=30) == 1
    assert f"{name} is not set." in server.log.read_text()


def test_a_file_that_is_no_model_is_refused(make_server, tmp_path):
    (tmp_path / "model.tar.gz").write_bytes(b"not a model")
    for path in (tmp_path / "model.tar.gz", tmp_path / "missing.tar.gz"):
        server = make_server(MODEL_PATH=str(path))
        server.start(wait=False)
        assert server.child.wait(timeout=30) == 1
        assert f"{path} is not a model" in server.log.read_text()


@pytest.mark.parametrize("command", [["run"], ["run", "actions"], ["--quiet", "run"], ["x"]])
def test_rasas_own_servers_are_refused(command):
    with pytest.raises(SystemExit, match="unguarded"):
        launcher.rasa(command)


def test_rasas_shell_listens_on_loopback():
    assert launcher._on_loopback(["-m", "models"]) == ["-i", "127.0.0.1", "-m", "models"]
    for word in ("-i", "--interface=0.0.0.0", "--interf", "-i0.0.0.0"):
        with pytest.raises(SystemExit):
            launcher._on_loopback([word, "0.0.0.0"])


def test_rasas_own_commands_run(tmp_path, model):
    bot = Path(__file__).parent / "data" / "bot"
    out = tmp_path / "results"
    command = ["test", "nlu", "--model", model, "--nlu", bot / "nlu/examples", "--out", out]
    done = subprocess.run(
        [sys.executable, "-m", "nlu.launcher", "rasa", *map(str, command)],
        cwd=ROOT,
        text=True,
        capture_output=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads((out / "intent_report.json").read_text())["accuracy"] > 0.9
    assert (out / "intent_histogram.png").stat().st_size > 1000  # matplotlib is real


def test_rasas_shell_talks_and_names_the_actions_that_only_the_app_can_do(model):
    done = subprocess.run(
        [sys.executable, "-m", "nlu.launcher", "rasa", "shell", "--model", str(model), "--port", str(free_port())],
        cwd=ROOT,
        input="cost\njson\nhello\n/stop\n",
        text=True,
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    answers = ("It is in the settings.", "[action_json]", "Hello {place}, {starts_at:day}.")
    lines = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", done.stdout).splitlines()
    assert [line for line in lines if line in answers] == list(answers)
    assert "Traceback" not in done.stderr


# Living and dying -----------------------------------------------------------------------------------------------------


def gone(pid: int, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.05)
    return False


def test_the_server_dies_when_its_parent_is_killed(make_server):
    server = make_server()
    code = (
        "import os, subprocess, sys, time;"
        "os.environ['PARENT_PID'] = str(os.getpid());"
        "child = subprocess.Popen([sys.executable, '-m', 'nlu.launcher', 'serve']);"
        "print(child.pid, flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, **server.environment},
        stdout=subprocess.PIPE,
        text=True,
    )
    pid = int(parent.stdout.readline())
    try:
        end = time.monotonic() + 60
        while not server.answers():
            assert time.monotonic() < end
            time.sleep(0.1)
        parent.kill()
        parent.wait()
        assert gone(pid, 3)
        end = time.monotonic() + 3
        while server.answers():  # its last thread may close the port a moment after it is counted as dead
            assert time.monotonic() < end
            time.sleep(0.05)
    finally:
        parent.kill()
        if not gone(pid, 0.1):
            os.kill(pid, signal.SIGKILL)


def test_a_server_whose_parent_is_gone_already_does_not_start(make_server):
    server = make_server(PARENT_PID="1" if os.getpid() != 1 else "2")
    server.start(wait=False)
    assert server.child.wait(timeout=30) == 1
    assert "gone" in server.log.read_text()


def test_told_to_stop_it_stops_at_once(make_server):
    server = make_server()
    server.start()
    assert server.turn("c", "t1", "hello")["ok"]
    started = time.monotonic()
    assert server.stop(signal.SIGTERM) == 0
    assert time.monotonic() - started < 5
