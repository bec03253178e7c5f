"""Commands told to a program: every line JSON, whoever wrote it, and a last line that says how it ended."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from launch.settings import PROJECT
from launch.telling import as_event

WORK = """
import os, subprocess, sys, time
from launch.telling import Refused, tell_in_json

def work():
    {body}

tell_in_json(work)
"""


def told(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert done.stderr == ""
    return [json.loads(line) for line in done.stdout.splitlines()]


def do(body: str) -> subprocess.CompletedProcess[str]:
    program = WORK.format(body=body)
    return subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("line", "event"),
    [
        ("2 of 3: the messages …", {"kind": "step", "at": 2, "of": 3, "within": False, "text": "the messages …"}),
        ("   1 of 4: learning", {"kind": "step", "at": 1, "of": 4, "within": True, "text": "learning"}),
        ("danger noticed  99 of 100: fine", {"kind": "line", "text": "danger noticed  99 of 100: fine"}),
        ("Trained: x", {"kind": "line", "text": "Trained: x"}),
    ],
)
def test_a_numbered_line_is_a_step(line: str, event: dict[str, Any]) -> None:
    assert as_event(line) == event


def test_every_line_is_told_in_order_whoever_writes_it() -> None:
    done = do(
        "print('1 of 2: “ours”'); subprocess.run(['sh', '-c', 'echo a child; echo its complaint >&2'], check=True); "
        "print('to the error stream', file=sys.stderr); os.write(1, b'\\xff\\n'); print('no end', end=''); "
        "return {'model': 'm'}"
    )
    assert done.returncode == 0
    *lines, last = told(done)
    assert lines[0] == {"kind": "step", "at": 1, "of": 2, "within": False, "text": "“ours”"}
    assert [one["text"] for one in lines[1:]] == [
        "a child",
        "its complaint",
        "to the error stream",
        "\ufffd",
        "no end",
    ]
    assert last == {"kind": "done", "result": {"model": "m"}}


@pytest.mark.parametrize(
    ("body", "code", "text", "result"),
    [
        ("sys.exit('It cannot be.')", 1, "It cannot be.", {}),
        ("sys.exit(2)", 2, "", {}),
        ("raise Refused('Not put live.', {'against': ['a']})", 1, "Not put live.", {"against": ["a"]}),
        ("raise KeyboardInterrupt", 130, "", {}),
        ("raise ZeroDivisionError('words of somebody')", 1, "ZeroDivisionError", {}),
    ],
)
def test_the_last_line_says_why_it_failed(body: str, code: int, text: str, result: dict[str, Any]) -> None:
    done = do(body)
    assert done.returncode == code
    assert told(done)[-1] == {"kind": "failed", "code": code, "text": text, "result": result}


def test_lines_come_at_once() -> None:
    program = WORK.format(body="print('1 of 2: first'); time.sleep(60)")
    with subprocess.Popen([sys.executable, "-c", program], cwd=PROJECT, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert json.loads(running.stdout.readline())["text"] == "first"
        running.send_signal(signal.SIGTERM)
        assert running.stdout.read() == ""  # killed: no last line
        assert running.wait(10) == -signal.SIGTERM


def test_who_stops_reading_does_not_stop_the_work(tmp_path: Path) -> None:
    done = tmp_path / "done"
    body = f"[print('x' * 1000) for _ in range(500)]; open({str(done)!r}, 'w').close()"
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as nobody:
        subprocess.run([sys.executable, "-c", WORK.format(body=body)], cwd=PROJECT, stdout=nobody, check=False)
    assert done.exists()


def command(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "launch", "--json", *words],
        cwd=PROJECT,
        env={"VAR_DIR": str(folder / "var"), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )


def test_commands_are_told_so(tmp_path: Path) -> None:
    done = command(tmp_path, "models")
    assert done.returncode == 0
    assert told(done) == [
        {"kind": "line", "text": "There is no model yet: make train"},
        {"kind": "done", "result": {"models": [], "processes": []}},
    ]
    done = command(tmp_path, "live", "nothing")
    assert done.returncode == 1
    assert told(done) == [
        {"kind": "failed", "code": 1, "text": "There is no such model: nothing. There are: none", "result": {}}
    ]
    done = command(tmp_path, "back")
    assert told(done)[-1]["text"] == "There is no model to go back to: none was live before this one."
    done = command(tmp_path, "score", str(tmp_path / "none.yml"))
    assert done.returncode == 2
    assert told(done)[0]["text"].startswith(f"{tmp_path / 'none.yml'}: There is no such file.")


def test_settings_that_cannot_be_used_are_told_so(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "launch", "--json", "models"],
        cwd=PROJECT,
        env={"PORT": "many"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    first, last = told(done)
    assert first["text"].startswith("PORT: ")
    assert last == {"kind": "failed", "code": 2, "text": "", "result": {}}
