"""`make test`: everything that CI runs, in order, each part with its time; all of it even where a part fails."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from launch.browser import NoBrowserError, find_chromium
from launch.locks import complaints
from launch.model import TrainingFailedError, make_model
from launch.settings import APP_PYTHON, PROJECT, RASA_PYTHON, Settings, child_environment, read_settings

SLOWEST = 10
PART_SECONDS = 15 * 60.0
RASA_TESTS = "tests/nlu/rasa"
JOURNEYS = "tests/journeys"
PAGE_TESTS, DESK_TESTS = "tests/bot/web_page", "tests/console/web_page"
STORIES = "stories"


@dataclass
class Counts:
    """Tests of one part, and how long the slowest of them took."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: list[tuple[float, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Part:
    """A heading and what is done under it; says how many passed and failed."""

    name: str
    work: Callable[[], Counts]


@dataclass(frozen=True)
class Outcome:
    """How a part went; `seconds` it took."""

    name: str
    counts: Counts
    seconds: float


def check_all() -> int:
    """Everything. 0 where all is well."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # an exception, so that what runs is ended with us
    with tempfile.TemporaryDirectory(prefix="check-") as folder:
        reports = Path(folder)
        return _report(_go_through(_style_parts() + _test_parts(reports)))


def check_style() -> int:
    """What reads the code without running it. 0 where all is well."""
    return _report(_go_through(_style_parts()))


def check_language(settings: Settings, *words: str) -> int:
    """What is wrong with examples, rules and answers, with the line to look at. 0 where nothing is."""
    return _run([str(RASA_PYTHON), "-m", "nlu.language", "--cache", str(settings.var_dir / "language"), *words])


def put_right() -> int:
    """Formats the code and mends what ruff can mend."""
    _run([_tool("ruff"), "format", "."])
    return _run([_tool("ruff"), "check", "--fix", "."])


def _style_parts() -> list[Part]:
    return [
        Part("Lock files fit the pyproject files", lambda: _found(complaints())),
        Part("Formatting (ruff)", lambda: _one([_tool("ruff"), "format", "--check", "."])),
        Part("Mistakes (ruff)", lambda: _one([_tool("ruff"), "check", "."])),
        Part("Types (mypy, strict)", lambda: _one([_tool("mypy")])),
        Part("Floors (import-linter)", lambda: _one([_tool("lint-imports")])),
    ]


def _test_parts(reports: Path) -> list[Part]:
    app = [str(APP_PYTHON), "-m", "pytest", "-p", "no:cacheprovider", "-q"]
    two = ["-n", "2", "--dist", "loadfile"]  # most tests wait: for a process, a page, a limit that ends
    rasa = [str(RASA_PYTHON), "-m", "pytest", "-p", "no:cacheprovider", "-q", f"--confcutdir={RASA_TESTS}"]
    apart = [f"--ignore={RASA_TESTS}", f"--ignore={JOURNEYS}", f"--ignore={PAGE_TESTS}", f"--ignore={DESK_TESTS}"]
    return [
        Part("A browser for the tests", _browser),
        Part("Language: examples, rules, answers", _language),
        Part("The model", _model),
        Part("Tests of the app", lambda: _pytest([*app, *two, "tests", *apart], reports / "app.xml")),
        # Playwright keeps an event loop running in its process, which tests with loops of their own cannot share.
        Part("The page in a real browser", lambda: _pytest([*app, *two, PAGE_TESTS], reports / "page.xml")),
        Part("The console in a real browser", lambda: _pytest([*app, *two, DESK_TESTS], reports / "desk.xml")),
        Part("Tests inside Rasa's environment", lambda: _pytest([*rasa, RASA_TESTS], reports / "rasa.xml")),
        Part("Rasa's own test stories", lambda: _stories(reports)),
        Part("Journeys through running processes", lambda: _pytest([*app, JOURNEYS], reports / "journeys.xml")),
    ]


def _go_through(parts: Iterable[Part]) -> list[Outcome]:
    outcomes = []
    for part in parts:
        print(f"\n━━ {part.name} ━━", flush=True)
        began = time.monotonic()
        outcomes.append(Outcome(part.name, part.work(), time.monotonic() - began))
    return outcomes


def _report(outcomes: Sequence[Outcome]) -> int:
    """The table, the slowest tests, and the one line that counts, alone and last."""
    slowest = sorted((one for outcome in outcomes for one in outcome.counts.seconds), reverse=True)[:SLOWEST]
    if slowest:
        print(f"\n━━ The {len(slowest)} slowest ━━")
        print("\n".join(f"{seconds:7.1f} s  {name}" for seconds, name in slowest))
    print("\n━━ All parts ━━")
    for outcome in outcomes:
        counts = outcome.counts
        verdict = f"{counts.failed} FAILED" if counts.failed else "ok"
        skipped = f", {counts.skipped} skipped" if counts.skipped else ""
        print(f"{outcome.seconds:7.1f} s  {verdict:>10}  {counts.passed:5} passed{skipped}  {outcome.name}")
    passed, failed = (sum(getattr(outcome.counts, which) for outcome in outcomes) for which in ("passed", "failed"))
    print(f"\n{passed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


def _tool(name: str) -> str:
    return str(APP_PYTHON.with_name(name))


def _one(command: Sequence[str]) -> Counts:
    """A command that passes or fails as a whole."""
    return Counts(passed=1) if _run(command) == 0 else Counts(failed=1)


def _found(lines: Sequence[str]) -> Counts:
    for line in lines:
        print(line)
    return Counts(failed=len(lines)) if lines else Counts(passed=1)


def _browser() -> Counts:
    try:
        print(find_chromium())
    except NoBrowserError as error:
        return _found([str(error)])
    return Counts(passed=1)


def _model() -> Counts:
    settings = read_settings()
    settings.make_var_dir()
    try:
        print(make_model(settings.models))
    except TrainingFailedError as error:
        return _found([str(error)])
    return Counts(passed=1)


def _language() -> Counts:
    settings = read_settings()
    settings.make_var_dir()
    return Counts(failed=1) if check_language(settings) else Counts(passed=1)


def _stories(reports: Path) -> Counts:
    """Every conversation in stories/test_*.yml goes as it is written there."""
    model = make_model(read_settings().models)
    files = sorted((PROJECT / STORIES).rglob("test_*.yml"))
    if not files:
        return _found([f"There are no test stories: {STORIES}/test_*.yml"])
    results = reports / "stories"
    command = [str(RASA_PYTHON), "-m", "nlu.launcher", "rasa", "test", "core", "--model", str(model)]
    command += ["--stories", STORIES, "--out", str(results), "--fail-on-prediction-errors", "--no-plot"]
    code = _run(command)
    broken = results / "failed_test_stories.yml"
    if code and broken.exists():
        print(broken.read_text())
    return Counts(passed=1) if code == 0 else Counts(failed=1)


def _pytest(command: Sequence[str], report: Path) -> Counts:
    """A run of pytest, counted from its report; no report, or no test in it, is a failure."""
    code = _run([*command, f"--junitxml={report}"])
    if not report.exists():
        return Counts(failed=1)
    counts = _count(report)
    if code and not counts.failed:
        counts.failed = 1  # an error outside any test
    return counts


def _count(report: Path) -> Counts:
    counts = Counts()
    for case in ET.parse(report).getroot().iter("testcase"):  # noqa: S314  # our own pytest wrote it
        name = f"{case.get('classname', '')}.{case.get('name', '')}"
        counts.seconds.append((float(case.get("time", "0")), name))
        if case.find("failure") is not None or case.find("error") is not None:
            counts.failed += 1
        elif case.find("skipped") is not None:
            counts.skipped += 1
        else:
            counts.passed += 1
    return counts


def _run(command: Sequence[str]) -> int:
    """Runs it in a group of its own, so that nothing of it is left, whatever it started or however long it hangs.

    Of our settings it is told only VAR_DIR, where the model is: tests make their own database, and no real token.
    """
    print(f"$ {' '.join(_short(word) for word in command)}", flush=True)
    process = subprocess.Popen(  # noqa: S603  # our own words, no shell
        command,
        cwd=PROJECT,
        env=child_environment(VAR_DIR=str(read_settings().var_dir)),
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return process.wait(timeout=PART_SECONDS)
    except subprocess.TimeoutExpired:
        print(f"Not done after {PART_SECONDS / 60:.0f} minutes: ended.", flush=True)
        return 1
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _short(word: str) -> str:
    return word.removeprefix(f"{PROJECT}/") if shutil.which(word) or word.startswith(str(PROJECT)) else word
