"""Parts that run beside others: at the same time, printed in order, counted, and ended with those they run beside."""

import os
import signal
import sys
from pathlib import Path

import pytest

from launch import check
from launch.aside import Counts, Part, go_side_by_side
from tests.launch.test_signals import wait
from tests.launch.test_supervisor import alive


def saying(words: str, passed: int = 1) -> Counts:
    print(words)
    return Counts(passed=passed)


def test_they_run_at_the_same_time_and_are_printed_and_counted_in_order(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    begun, done = tmp_path / "begun", tmp_path / "done"

    def first() -> Counts:
        wait(begun.exists)  # or the other would come only after this
        counts = saying("the first", 2)
        done.touch()
        return counts

    def second() -> Counts:
        check._run(["sh", "-c", "echo the second begins"])
        begun.touch()
        wait(done.exists)
        return saying("the sécond ends", 3)

    parts = [
        Part("One", first),
        Part("Two", second, aside=True),
        Part("Three", lambda: saying("the third", 4), aside=True),
        Part("Four", lambda: saying("the fourth", 5)),
    ]
    outcomes = go_side_by_side(parts, tmp_path)
    assert [(one.name, one.counts.passed) for one in outcomes] == [("One", 2), ("Two", 3), ("Three", 4), ("Four", 5)]
    said = [line for line in capfd.readouterr().out.splitlines() if line and not line.startswith("$")]
    assert said == [
        "━━ One ━━",
        "the first",
        "━━ Two ━━",
        "the second begins",
        "the sécond ends",
        "━━ Three ━━",
        "the third",
        "━━ Four ━━",
        "the fourth",
    ]


def test_what_is_killed_aside_has_failed(tmp_path: Path) -> None:
    parts = [
        Part("One", lambda: Counts(passed=1)),
        Part("Two", lambda: os.kill(os.getpid(), signal.SIGKILL), aside=True),  # type: ignore[arg-type,func-returns-value]
        Part("Three", lambda: Counts(passed=1), aside=True),
    ]
    assert [one.counts.failed for one in go_side_by_side(parts, tmp_path)] == [0, 1, 1]


def test_a_long_report_from_aside_comes_whole(tmp_path: Path) -> None:
    counts = Counts(passed=1, seconds=[(number / 7, f"a test of some length {number}") for number in range(20_000)])
    parts = [Part("One", lambda: Counts(passed=1)), Part("Two", lambda: counts, aside=True)]
    assert go_side_by_side(parts, tmp_path)[1].counts == counts


def test_where_the_others_are_stopped_what_runs_aside_ends_with_all_it_started(tmp_path: Path) -> None:
    note = tmp_path / "pid"

    def long() -> Counts:
        return check._one(["sh", "-c", f"sleep 300 & echo $! > {note}; wait"])

    def stopped() -> Counts:
        wait(lambda: note.exists() and note.read_text().strip())
        raise SystemExit(143)

    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # as `check_all` has it
    try:
        with pytest.raises(SystemExit):
            go_side_by_side([Part("One", stopped), Part("Two", long, aside=True)], tmp_path)
    finally:
        signal.signal(signal.SIGTERM, before)
    wait(lambda: not alive(int(note.read_text())))
