"""The lock files: whether they are what the pyproject files ask for (only reading), and making them anew (`update`)."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from launch.settings import PROJECT

PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==(\S+)", re.MULTILINE)
NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*")
HOST = re.compile(r"https?://|--(extra-)?index-url|--find-links|@ file:")


@dataclass(frozen=True)
class Pair:
    """A pyproject.toml with the lock to run and the lock to test, which is the first and more."""

    project: Path
    lock: Path
    test_lock: Path


PAIRS = (
    Pair(Path("pyproject.toml"), Path("requirements.lock"), Path("requirements-dev.lock")),
    Pair(Path("nlu/pyproject.toml"), Path("nlu/requirements.lock"), Path("nlu/requirements-dev.lock")),
)


def complaints(root: Path = PROJECT) -> list[str]:
    """What is out of step, a line each; empty: nothing."""
    return [line for pair in PAIRS for line in _complaints(root, pair)]


def _complaints(root: Path, pair: Pair) -> Iterator[str]:
    project = tomllib.loads((root / pair.project).read_text())
    asked = [_name(line) for line in project["project"]["dependencies"]]
    tools = [_name(line) for line in project.get("dependency-groups", {}).get("dev", [])]
    run, test = ((root / lock).read_text() for lock in (pair.lock, pair.test_lock))
    project_name = project["project"]["name"]
    for lock, text, wanted in ((pair.lock, run, asked), (pair.test_lock, test, asked + tools)):
        direct = _direct(text, project_name)
        yield from (f"{lock} does not have {name} of {pair.project}" for name in sorted(set(wanted) - direct))
        yield from (f"{lock} has {name}, which {pair.project} no longer names" for name in sorted(direct - set(wanted)))
        yield from (f"{lock} has no hash for {name}" for name in _without_hash(text))
        if HOST.search(text):
            yield f"{lock} names a place to download from; a lock file names only packages and hashes"
    pins, test_pins = _pins(run), _pins(test)
    for name, version in sorted(pins.items()):
        if test_pins.get(name) != version:
            yield f"{name} is {version} in {pair.lock} and {test_pins.get(name, 'missing')} in {pair.test_lock}"
    for line in project["project"]["dependencies"]:
        exact = re.search(r"==([^\s;,]+)", line)
        if exact and pins.get(_name(line)) != exact[1]:
            yield f"{pair.project} asks for {line}, {pair.lock} has {pins.get(_name(line))}"


def _name(text: str) -> str:
    found = NAME.match(text)
    return re.sub(r"[-_.]+", "-", found[0] if found else text).lower()


def _pins(text: str) -> dict[str, str]:
    return {_name(name): version for name, version in PIN.findall(text)}


def _blocks(text: str) -> Iterator[str]:
    """Each package's lines: its pin, hashes and why it is there."""
    return (block for block in re.split(r"\n(?=[A-Za-z0-9])", text) if PIN.match(block))


def _direct(text: str, project: str) -> set[str]:
    """Packages that are there because the project itself, or its group of test tools, names them."""
    mine = re.compile(rf"{re.escape(project)} \(pyproject\.toml(:\w+)?\)")
    return {_name(block) for block in _blocks(text) if mine.search(block)}


def _without_hash(text: str) -> list[str]:
    return [_name(block) for block in _blocks(text) if "--hash=" not in block]


def update(root: Path = PROJECT) -> None:
    """Makes the lock files fit the pyproject files, changing no version that may stay. Needs the network."""
    uv = str(root / ".tools" / "bin" / "uv")
    plain = ["--quiet", "--no-header", "--no-emit-index-url", "--generate-hashes", "--python-version", "3.11"]
    for pair in PAIRS:
        home = root / pair.project.parent
        lock, test_lock = pair.lock.name, pair.test_lock.name
        for more in (["--group", "dev", "-o", test_lock], ["-c", test_lock, "-o", lock]):
            subprocess.run([uv, "pip", "compile", "pyproject.toml", *plain, *more], cwd=home, check=True)  # noqa: S603


if __name__ == "__main__":
    if sys.argv[1:] == ["update"]:
        update()
    found = complaints()
    print("\n".join(found) or "The lock files are what the pyproject files ask for.")
    sys.exit(bool(found))
