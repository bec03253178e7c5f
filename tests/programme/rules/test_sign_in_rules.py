"""Signing in by the rules: it slows and never locks; a session ends by the clock; easy passwords are refused."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programme.rules.sign_in import IDLE, POLICIES, is_easy, is_over, wait_for
from tests.builders import NOW

AGES = st.lists(st.integers(0, 7200).map(lambda seconds: NOW - timedelta(seconds=seconds)), max_size=60)


@given(AGES, AGES)
def test_nobody_waits_longer_than_the_longest_however_much_fails(failed: list[datetime], there: list[datetime]) -> None:
    longest = max(POLICIES["account"].longest, POLICIES["address"].longest)
    waiting = wait_for("account", failed, there, NOW)
    assert timedelta(0) <= waiting <= longest
    later = NOW + waiting
    assert wait_for("account", failed, there, later) == timedelta(0)


@given(AGES)
def test_a_failure_more_never_shortens_the_wait(failed: list[datetime]) -> None:
    assert wait_for("account", [*failed, NOW], [], NOW) >= wait_for("account", failed, [], NOW)


def test_some_mistakes_are_free_then_each_costs_twice_as_much() -> None:
    def waits(kind: str, failures: int) -> int:
        return int(wait_for(kind, [NOW] * failures, [], NOW).total_seconds())

    assert [waits("account", count) for count in (4, 5, 6, 7, 8, 11, 99)] == [0, 0, 2, 4, 8, 60, 60]
    assert [waits("code", count) for count in (4, 5, 6, 7, 99)] == [0, 15, 30, 60, 900]
    assert wait_for("account", [], [NOW] * 22, NOW) == timedelta(seconds=4)


def test_a_session_ends_by_the_clock() -> None:
    ends = NOW + timedelta(hours=12)
    assert not is_over(NOW, NOW - IDLE + timedelta(seconds=1), ends)
    assert is_over(NOW, NOW - IDLE, ends)
    assert is_over(ends, ends, ends)


@pytest.mark.parametrize(
    ("password", "easy"),
    [
        ("short", True),
        ("aaaaaaaaaaaaaaaa", True),
        ("abababababababab", True),
        ("password1234567", True),
        ("Password123456!", True),
        ("sam.green2026!!", True),
        ("druglink123456", True),
        ("x" * 201, True),
        ("correct horse battery", False),
        ("tpfm-4kq9-wzzn", False),
        ("brass lantern otter", False),
    ],
)
def test_what_anybody_would_try_is_refused(password: str, easy: bool) -> None:
    assert is_easy(password, "Sam Green", "sam.green@example.org") is easy
