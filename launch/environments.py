"""The tools and environments of this checkout: uv in `.tools`, and one `.venv…` a lock file. Standard library only."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from launch.parent import end_with_parent

TOOLS = Path(".tools")
UV_LOCK = Path("launch/uv.lock.txt")
STAMP = "built-from.json"
TICK_SECONDS = 5
NETWORK = re.compile(
    r"dns error|failed to lookup|name resolution|error sending request|connection (refused|reset|error)"
    r"|network is unreachable|timed out|tcp connect|Could not find a version",
    re.IGNORECASE,
)
NO_ROOM = re.compile(r"no space left|os error 28|disk quota", re.IGNORECASE)


class BootstrapError(Exception):
    """The environments could not be built."""

    def __str__(self) -> str:
        return " ".join((str(self.args[0]) if self.args else self.__class__.__doc__ or "").split(" "))


@dataclass(frozen=True)
class Environment:
    """A folder with a Python of its own, built from `lock`, or from `test_lock` which has the test tools too.

    `home`: the folder whose pyproject.toml uv reads.
    """

    folder: Path
    lock: Path
    test_lock: Path
    home: Path
    what: str


APP = Environment(
    Path(".venv"), Path("requirements.lock"), Path("requirements-dev.lock"), Path(), "the app's environment"
)
RASA = Environment(
    Path(".venv-rasa"),
    Path("nlu/requirements.lock"),
    Path("nlu/requirements-dev.lock"),
    Path("nlu"),
    "Rasa's environment",
)
STOCK = Environment(
    Path(".venv-stock"),
    Path("nlu/requirements-stock.lock"),
    Path("nlu/requirements-stock.lock"),
    Path("nlu"),
    "stock Rasa's environment, to measure beside",
)


@contextmanager
def one_at_a_time(project: Path) -> Iterator[None]:
    """Waits until no other `make` is building in this checkout."""
    tools = project / TOOLS
    tools.mkdir(exist_ok=True)
    with (tools / "lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("Waiting for another make in this folder to finish building…")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def is_uv_installed(project: Path) -> bool:
    """Whether uv is there, in the pinned version."""
    return (project / TOOLS / "bin" / "uv").exists() and _stamp(project / TOOLS) == _digest(project / UV_LOCK)


def install_uv(project: Path, step: str) -> None:
    """Installs the pinned uv into `.tools`, its hash checked. Raises BootstrapError."""
    tools, what = project / TOOLS, f"{step}: installing uv, which builds the environments"
    _say(f"{what} …")
    pip = ["install", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes", "--only-binary=:all:"]
    if importlib.util.find_spec("pip"):
        python = [sys.executable, "-m", "pip"]
        pip += ["--target", str(tools), "--upgrade"]
    elif importlib.util.find_spec("ensurepip"):
        _run([sys.executable, "-m", "venv", str(tools)], project, what)
        python = [str(tools / "bin" / "python"), "-m", "pip"]
    else:
        raise BootstrapError("This Python has no pip. On Debian or Ubuntu: sudo apt install python3.11-venv")
    _run([*python, *pip, "-r", str(project / UV_LOCK)], project, what)
    _write_stamp(tools, _digest(project / UV_LOCK))


def is_built(project: Path, environment: Environment, test_tools: bool) -> bool:
    """Whether the environment is what its lock file says. One that has the test tools also does for running."""
    if not (project / environment.folder / "bin" / "python").exists():
        return False
    lock = _lock(project, environment, test_tools)
    return _stamp(project / environment.folder) == _digest(project / lock)


def sync(project: Path, environment: Environment, test_tools: bool, step: str) -> None:
    """Makes the environment exactly what its lock file says, every hash checked. Raises BootstrapError."""
    folder, lock = (project / environment.folder), _lock(project, environment, test_tools)
    uv, digest = str(project / TOOLS / "bin" / "uv"), _digest(project / lock)
    packages = sum(1 for line in (project / lock).read_text().splitlines() if re.match(r"[a-zA-Z0-9].*==", line))
    with suppress(FileNotFoundError):
        (folder / STAMP).unlink()  # half-built must not pass for built
    what = f"{step}: building {environment.what}, {packages} packages"
    _say(f"{what} …")
    if not (folder / "bin" / "python").exists():
        _run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)], project, what)
    install = [uv, "pip", "sync", "--quiet", "--require-hashes", "--python", str(folder), str(project / lock)]
    _run(install, project / environment.home, what)
    _write_stamp(folder, digest, test_tools=lock == environment.test_lock)


def _lock(project: Path, environment: Environment, test_tools: bool) -> Path:
    """An environment that was once built with the test tools keeps them: `make run` does not take them away."""
    kept = _read_stamp(project / environment.folder).get("test_tools", False)
    return environment.test_lock if test_tools or kept else environment.lock


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _stamp(folder: Path) -> str | None:
    digest = _read_stamp(folder).get("digest")
    return digest if isinstance(digest, str) else None


def _read_stamp(folder: Path) -> dict[str, object]:
    try:
        stamp = json.loads((folder / STAMP).read_text())
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def _write_stamp(folder: Path, digest: str, test_tools: bool = False) -> None:
    new = folder / f"{STAMP}.new"
    new.write_text(json.dumps({"digest": digest, "test_tools": test_tools}))
    new.replace(folder / STAMP)


def _run(command: list[str], folder: Path, what: str) -> None:
    """Runs a command quietly, saying how long it has been at it. Raises BootstrapError with why it failed."""
    began = time.monotonic()
    parent = os.getpid()
    with subprocess.Popen(  # noqa: S603  # our own words, no shell
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        preexec_fn=lambda: end_with_parent(signal.SIGKILL, parent),  # noqa: PLW1509  # one thread, nothing to lock
    ) as process:
        while True:
            try:
                said, _ = process.communicate(timeout=TICK_SECONDS)
                break
            except subprocess.TimeoutExpired:
                _say(f"   … {time.monotonic() - began:.0f} s")
    if process.returncode:
        raise BootstrapError(_why(what, said))


def _why(what: str, said: str) -> str:
    if NO_ROOM.search(said):
        reason = "The disk is full. About 2.5 GB are needed in this folder, and some in uv's cache (~/.cache/uv)."
    elif NETWORK.search(said):
        reason = "The package index could not be reached. Is this machine online? Does it need a proxy (HTTPS_PROXY)?"
    else:
        reason = "It stopped with the words above."
    return f"{said.strip()}\n\nFailed: {what}.\n{reason} Nothing is lost: run the same command again."


def _say(words: str) -> None:
    print(words, flush=True)
