"""`make check-language` from the outside: what it runs, what its exit code becomes, and that `make test` runs it."""

import subprocess
import sys
from pathlib import Path

import pytest

from launch import check
from launch.check import check_language
from launch.settings import PROJECT, RASA_PYTHON, Settings


def test_it_is_run_in_rasas_environment_with_a_cache_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[list[str]] = []
    monkeypatch.setattr(check, "_run", lambda command: ran.append(command) or 7)
    assert check_language(Settings(var_dir=tmp_path), "--all") == 7
    cache, vectors = str(tmp_path / "language"), str(tmp_path / "models" / ".vectors.npz")
    assert ran == [[str(RASA_PYTHON), "-m", "nlu.language", "--cache", cache, "--vectors", vectors, "--all"]]


@pytest.mark.parametrize(("code", "failed"), [(0, 0), (1, 1)])
def test_it_is_a_part_of_make_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, failed: int) -> None:
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    monkeypatch.setattr(check, "_run", lambda command: code if "nlu.language" in command else 99)
    (part,) = [one for one in check._test_parts(tmp_path) if one.name.startswith("Language")]
    counts = part.work()
    assert (counts.failed, counts.passed) == (failed, 1 - failed)


@pytest.mark.parametrize(
    "words", [["check-language", "--all", "--more"], ["score"], ["compare", "a", "b", "c", "d", "e"], ["train", "x"]]
)
def test_a_command_that_is_given_too_much_or_too_little_says_what_there_is(words: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "launch", *words], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "score <file> [report] [model] [page]" in done.stderr
