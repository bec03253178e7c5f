"""A report's table as bars: what is drawn, and what is left out."""

import pytest

from console import chart
from programme.report import Table


def weeks(*rows: list[int | None]) -> Table:
    groups = tuple(f"2026-0{place + 1}-01" for place in range(len(rows)))
    return Table("funnel", ("referred", "booked"), groups, list(rows), [None, None])


@pytest.mark.parametrize(
    ("rows", "drawn"),
    [
        ([[0, 0], [0, 0], [7, 5]], 1),
        ([[0, 0], [None, 0], [0, 0], [9, 6]], 3),  # a hidden number is somebody; an empty week between stays
        ([[6, 0]], 1),
        ([[0, 0], [0, 0]], 2),
    ],
)
def test_weeks_before_anybody_came_are_not_drawn(rows: list[list[int | None]], drawn: int) -> None:
    table = weeks(*rows)
    found = chart.since_somebody(table, (0, 1))
    assert [each.name for each in found.groups] == list(table.groups[-drawn:])
    assert found.height == chart.of_rows(weeks(*rows[-drawn:]), (0, 1)).height
