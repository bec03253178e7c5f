"""Danger goes out at once and alone; all else at most a line a minute, together."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from programme.rules.alert import APART, Waiting, next_line

NOW = datetime(2026, 3, 29, 0, 59, tzinfo=UTC)


def test_what_waits_goes_out_together() -> None:
    waiting = [Waiting("a", False), Waiting("b", False)]
    assert next_line(waiting, None, NOW) == waiting


def test_not_twice_a_minute() -> None:
    assert next_line([Waiting("a", False)], NOW - timedelta(seconds=59), NOW) == []
    assert next_line([Waiting("a", False)], NOW - APART, NOW) == [Waiting("a", False)]


def test_danger_waits_for_nothing_and_is_alone() -> None:
    waiting = [Waiting("a", False), Waiting("b", True), Waiting("c", True)]
    assert next_line(waiting, NOW, NOW) == [Waiting("b", True)]


def test_what_failed_waits_for_its_next_try() -> None:
    later = Waiting("a", True, NOW + timedelta(seconds=1))
    assert next_line([later, Waiting("b", False)], None, NOW) == [Waiting("b", False)]
    assert next_line([later], None, NOW + timedelta(seconds=1)) == [later]


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 600))))
def test_every_alert_goes_out_once_and_lines_keep_apart(raised: list[tuple[bool, int]]) -> None:
    """An hour, second by second, with alerts raised in its first ten minutes."""
    waiting: list[Waiting] = []
    out: list[tuple[int, list[Waiting]]] = []
    last = None
    for second in range(3600):
        waiting += [Waiting(f"{n}", danger) for n, (danger, at) in enumerate(raised) if at == second]
        while line := next_line(waiting, last, NOW + timedelta(seconds=second)):
            out.append((second, line))
            waiting = [one for one in waiting if one not in line]
            if not line[0].danger:
                last = NOW + timedelta(seconds=second)
    assert sorted(one.id for _, line in out for one in line) == sorted(f"{n}" for n in range(len(raised)))
    assert all(second == raised[int(line[0].id)][1] for second, line in out if line[0].danger)
    calm = [second for second, line in out if not line[0].danger]
    assert all(later - earlier >= 60 for earlier, later in pairwise(calm))
