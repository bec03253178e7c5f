"""`make test`: everything that CI runs, each part with its time; all of it even where a part fails.

Some parts run beside others, so that no core waits. What they print comes when it is their turn: in order, and whole.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from launch.aside import Counts, Outcome, Part, go_side_by_side, go_through
from launch.browser import NoBrowserError, find_chromium
from launch.locks import complaints
from launch.model import VECTORS, TrainingFailedError, make_model
from launch.parent import hold_signals, release_signals
from launch.settings import APP_PYTHON, PROJECT, RASA_PYTHON, Settings, child_environment, read_settings

SLOWEST = 10
PART_SECONDS = 15 * 60.0
RASA_TESTS = "tests/nlu/rasa"
JOURNEYS = "tests/journeys"
PAGE_TESTS, DESK_TESTS = "tests/bot/web_page", "tests/console/web_page"
# These need no model, and so run while one is made.
EARLY_TESTS = ("tests/actions", "tests/programme", "tests/storage")
STORIES = "stories"


def check_all() -> int:
    """Everything. 0 where all is well."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # an exception, so that what runs is ended with us
    with tempfile.TemporaryDirectory(prefix="check-") as folder:
        reports, began = Path(folder), time.monotonic()
        outcomes = go_side_by_side(_style_parts() + _test_parts(reports), reports)
        return _report(outcomes, time.monotonic() - began)


def check_style() -> int:
    """What reads the code without running it. 0 where all is well."""
    return _report(go_through(_style_parts()))


def check_language(settings: Settings, *words: str) -> int:
    """What is wrong with examples, rules and answers, with the line to look at. 0 where nothing is."""
    settings.models.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept = ["--cache", str(settings.var_dir / "language"), "--vectors", str(settings.models / VECTORS)]
    return _run([str(RASA_PYTHON), "-m", "nlu.language", *kept, *words])


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
    two, three = (["-n", str(count), "--dist", "loadfile"] for count in (2, 3))
    rasa = [str(RASA_PYTHON), "-m", "pytest", "-p", "no:cacheprovider", "-q", f"--confcutdir={RASA_TESTS}"]
    apart = [f"--ignore={tests}" for tests in (RASA_TESTS, JOURNEYS, PAGE_TESTS, DESK_TESTS, *EARLY_TESTS)]
    journeys = [*app, *two, "--no-loadscope-reorder", JOURNEYS]  # in the order that they put themselves in
    return [
        Part("A browser for the tests", _browser),
        # Playwright keeps an event loop running in its process, which tests with loops of their own cannot share.
        Part("The page in a real browser", lambda: _pytest([*app, *two, PAGE_TESTS], reports / "page.xml")),
        Part("The console in a real browser", lambda: _pytest([*app, *two, DESK_TESTS], reports / "desk.xml")),
        Part("Rules, use cases and the store", lambda: _pytest([*app, *two, *EARLY_TESTS], reports / "early.xml")),
        Part("Language: examples, rules, answers", _language, aside=True),
        Part("The model", _model, aside=True),
        # From here on everything needs the model. Most tests wait: for a process, a page, a limit that ends.
        Part("Tests of the app", lambda: _pytest([*app, *three, "tests", *apart], reports / "app.xml")),
        Part("Tests inside Rasa's environment", lambda: _pytest([*rasa, RASA_TESTS], reports / "rasa.xml"), aside=True),
        Part("Rasa's own test stories", lambda: _stories(reports), aside=True),
        Part("Journeys through running processes", lambda: _pytest(journeys, reports / "journeys.xml")),
    ]


def _report(outcomes: Sequence[Outcome], seconds: float | None = None) -> int:
    """The table, the slowest tests, and the one line that counts, alone and last. `seconds`: all of it together."""
    slowest = sorted((one for outcome in outcomes for one in outcome.counts.seconds), reverse=True)[:SLOWEST]
    if slowest:
        print(f"\n━━ The {len(slowest)} slowest ━━")
        print("\n".join(f"{took:7.1f} s  {name}" for took, name in slowest))
    print("\n━━ All parts" + (f", some beside others: {seconds:.1f} s" if seconds is not None else "") + " ━━")
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
    hold_signals()  # one that came while it starts would leave it to nobody
    try:
        process = subprocess.Popen(  # noqa: S603  # our own words, no shell; one thread, no lock to inherit
            command,
            cwd=PROJECT,
            env=child_environment(VAR_DIR=str(read_settings().var_dir)),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=release_signals,  # noqa: PLW1509
        )
    except BaseException:
        release_signals()
        raise
    try:
        release_signals()
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
