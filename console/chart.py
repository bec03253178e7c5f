"""A report's table as bars: where each stands and how long it is, for a template to draw as SVG."""

from dataclasses import dataclass

from programme.report import Table

LABELS, BARS, NUMBERS = 210, 400, 90  # widths: of the groups' names, of the longest bar, of the numbers behind it
THICK, GAP, BETWEEN = 16, 4, 14


@dataclass(frozen=True)
class Bar:
    """`column`: which one, counted from 0; `value` None: hidden, and drawn as a short empty bar."""

    column: int
    value: int | None
    top: int
    length: int


@dataclass(frozen=True)
class Group:
    """The bars of a row. `name`: the row's word; `middle`: where its name stands."""

    name: str
    middle: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Chart:
    """`columns`: the places of those that are drawn."""

    width: int
    height: int
    left: int
    thick: int
    columns: tuple[int, ...]
    groups: tuple[Group, ...]


def of_rows(table: Table, columns: tuple[int, ...]) -> Chart:
    """Bars for every row of a table, one for each of these columns."""
    return _draw(
        [(name, [row[at] for at in columns]) for name, row in zip(table.groups, table.rows, strict=True)], columns
    )


def since_somebody(table: Table, columns: tuple[int, ...]) -> Chart:
    """`of_rows` of weeks in order, without those before the first in which there was anybody."""
    rows = [(name, [row[at] for at in columns]) for name, row in zip(table.groups, table.rows, strict=True)]
    begun = next((place for place, (_, values) in enumerate(rows) if any(each != 0 for each in values)), 0)
    return _draw(rows[begun:], columns)


def of_totals(table: Table) -> Chart:
    """A bar for each column's total: the funnel."""
    return _draw([(name, [total]) for name, total in zip(table.columns, table.totals, strict=True)], (0,))


def _draw(rows: list[tuple[str, list[int | None]]], columns: tuple[int, ...]) -> Chart:
    longest = max((value or 0 for _, values in rows for value in values), default=0) or 1
    groups, top = [], BETWEEN
    for name, values in rows:
        bars = tuple(
            Bar(at, value, top + place * (THICK + GAP), _length(value, longest))
            for place, (at, value) in enumerate(zip(columns, values, strict=True))
        )
        tall = len(values) * (THICK + GAP) - GAP
        groups.append(Group(name, top + tall // 2, bars))
        top += tall + BETWEEN
    return Chart(LABELS + BARS + NUMBERS, top, LABELS, THICK, columns, tuple(groups))


def _length(value: int | None, longest: int) -> int:
    if value is None:
        return THICK
    return round(BARS * value / longest)
