"""What `make test` itself stands on: lock files in step, the browser, counting, and nothing left running."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from launch import browser, check
from launch.browser import NoBrowserError, find_chromium
from launch.check import Counts, Outcome
from launch.locks import PAIRS, complaints
from launch.settings import PROJECT
from tests.launch.test_signals import wait
from tests.launch.test_supervisor import alive

REPORT = """<testsuites><testsuite><testcase classname="a" name="one" time="0.5"/>
<testcase classname="a" name="two" time="2.5"><failure/></testcase>
<testcase classname="a" name="three" time="0"><error/></testcase>
<testcase classname="a" name="four" time="0"><skipped/></testcase></testsuite></testsuites>"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The project's own lock files, to be put out of step."""
    for pair in PAIRS:
        for file in (pair.project, pair.lock, pair.test_lock):
            (tmp_path / file).parent.mkdir(exist_ok=True)
            shutil.copy(PROJECT / file, tmp_path / file)
    return tmp_path


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def test_lock_files_in_step_have_no_complaint(checkout: Path) -> None:
    assert complaints(checkout) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("pyproject.toml", '"httpx', '"brand-new>=1", "httpx', "requirements.lock does not have brand-new"),
        ("pyproject.toml", '"sqlmodel>=0.0.22",', "", "has sqlmodel, which pyproject.toml no longer names"),
        (
            "nlu/pyproject.toml",
            "spacy==3.8.7",
            "spacy==3.7.5",
            "asks for spacy==3.7.5, nlu/requirements.lock has 3.8.7",
        ),
        ("requirements.lock", "\nstarlette==", "\nstarlette==0.", "starlette is 0."),
        ("requirements.lock", "", "--index-url https://example.org\n", "names a place to download from"),
    ],
)
def test_what_is_out_of_step_is_named(checkout: Path, file: str, old: str, new: str, words: str) -> None:
    change(checkout / file, old, new)
    assert any(words in line for line in complaints(checkout))


def test_the_browser_that_is_named_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "chromium"
    program.write_text("")
    monkeypatch.setenv("CHROMIUM", str(program))
    with pytest.raises(NoBrowserError, match="no program that can be run"):
        find_chromium()
    program.chmod(0o755)
    assert find_chromium() == program


def test_then_the_one_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "google-chrome"
    program.write_text("")
    program.chmod(0o755)
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_chromium() == program


def test_without_any_the_command_to_type_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoBrowserError, match="sudo sh -c 'apt-get update && apt-get install"):
        find_chromium()
    assert browser.COMMAND.endswith("chromium")


def test_a_report_is_counted(tmp_path: Path) -> None:
    (tmp_path / "report.xml").write_text(REPORT)
    counts = check._count(tmp_path / "report.xml")
    assert (counts.passed, counts.failed, counts.skipped) == (1, 2, 1)
    assert max(counts.seconds) == (2.5, "a.two")


def test_the_last_line_counts_all_and_stands_alone(capsys: pytest.CaptureFixture[str]) -> None:
    outcomes = [Outcome("one", Counts(passed=3), 1.0), Outcome("two", Counts(passed=1, failed=2), 1.0)]
    assert check._report(outcomes) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "4 passed, 2 failed"
    assert check._report(outcomes[:1]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "3 passed, 0 failed"


def test_no_report_and_an_error_outside_any_test_are_failures(tmp_path: Path) -> None:
    assert check._pytest(["false"], tmp_path / "none.xml").failed == 1
    report = tmp_path / "report.xml"
    report.write_text('<testsuite><testcase classname="a" name="one" time="0"/></testsuite>')
    assert check._pytest(["false"], report).failed == 1
    assert check._pytest(["true"], report).failed == 0


def test_what_hangs_is_ended_with_everything_it_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "PART_SECONDS", 1.0)
    note = tmp_path / "pid"
    began = time.monotonic()
    assert check._run(["sh", "-c", f"sleep 300 & echo $! > {note}; wait"]) == 1
    assert time.monotonic() - began < 60
    wait(lambda: not alive(int(note.read_text())))


def test_the_browser_command_line_prints_where_it_is() -> None:
    said = subprocess.run(
        [sys.executable, "-m", "launch.browser"], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert Path(said.stdout.strip()).exists()
