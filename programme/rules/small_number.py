"""Hiding small numbers: no published number, difference or sum may stand for one to four people.

A table has a row for each group and columns that follow from one another (referred, reached, …): nobody is in a later
one who is not in the one before. Hidden are: numbers under five; numbers whose difference from the one before them is
under five, since it says how many did not come so far; and, since totals are published, further numbers until what is
left over after subtraction stands for five people or more, of two groups or more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

LEAST = 5
Shown = tuple[int | None, ...]  # None: hidden


class NotNestedError(ValueError):
    """A later column counts people that an earlier one does not."""


@dataclass(frozen=True)
class Guarded:
    """`rows` as they may be published, and `totals` of each column."""

    rows: tuple[Shown, ...]
    totals: Shown


def guard(rows: Sequence[Sequence[int]]) -> Guarded:
    """What may be published of a table. Raises NotNestedError."""
    for row in rows:
        if any(later > before for before, later in pairwise(row)) or min(row, default=0) < 0:
            raise NotNestedError(NotNestedError.__doc__)
    totals = chain([sum(column) for column in zip(*rows, strict=True)])
    shown = [list(chain(row)) for row in rows]
    columns = [at for at, total in enumerate(totals) if total is not None]
    while True:
        hidden = _next_to_hide(rows, shown, columns)
        if hidden is None:
            return Guarded(tuple(tuple(row) for row in shown), totals)
        shown[hidden[0]][hidden[1]] = None


def chain(counts: Sequence[int]) -> Shown:
    """One row: each number is shown that is safe, and safely far from the last one shown before it."""
    last: int | None = None
    found: list[int | None] = []
    for count in counts:
        safe = is_safe(count) and (last is None or is_safe(last - count))
        found.append(count if safe else None)
        last = count if safe else last
    return tuple(found)


def is_safe(count: int) -> bool:
    """Whether a number stands for nobody, or for enough people."""
    return count == 0 or count >= LEAST


def _next_to_hide(
    rows: Sequence[Sequence[int]], shown: Sequence[Sequence[int | None]], columns: Sequence[int]
) -> tuple[int, int] | None:
    """A cell that gives another one away by subtraction from a total; None where nothing does."""
    for at, column in enumerate(columns):
        hidden = [row for row in range(len(rows)) if shown[row][column] is None]
        left = sum(rows[row][column] for row in hidden)
        if hidden and (len(hidden) == 1 or not is_safe(left)):
            found = _smallest(rows, shown, column, [column])
            if found is not None:
                return found, column
        for earlier in columns[:at]:
            apart = [r for r in range(len(rows)) if shown[r][column] is None or shown[r][earlier] is None]
            lost = sum(rows[row][earlier] - rows[row][column] for row in apart)
            if apart and not is_safe(lost):
                found = _smallest(rows, shown, column, [earlier, column])
                if found is not None:
                    return found, column
    return None


def _smallest(
    rows: Sequence[Sequence[int]], shown: Sequence[Sequence[int | None]], column: int, both: Sequence[int]
) -> int | None:
    """The row with the smallest number, or step, that is still shown; one that says something before one that is 0."""
    open_rows = [row for row in range(len(rows)) if all(shown[row][each] is not None for each in both)]
    weight = {row: rows[row][both[0]] - (rows[row][column] if len(both) > 1 else 0) for row in open_rows}
    return min(open_rows, key=lambda row: (weight[row] == 0, weight[row], row), default=None)
