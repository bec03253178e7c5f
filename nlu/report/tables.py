"""The figures and tables of a report page, worked out from the rows of a score report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any

FALLBACK, FOREIGN = "nlu_fallback", "out_of_scope"
MOST_PAIRS, MOST_WORST = 25, 15

Row = dict[str, Any]


def is_right(row: Row) -> bool:
    return row["predicted"] == row["intent"]


def wrong(rows: Iterable[Row]) -> list[Row]:
    """What was not understood, the surest mistakes first."""
    return sorted((row for row in rows if not is_right(row)), key=lambda row: -row["confidence"])


def safety(rows: Sequence[Row], dangers: Collection[str]) -> dict[str, Any]:
    """Crisis cards, and messages that are none of ours: counts, shares (None of nothing), the rows that went wrong."""
    told = [row for row in rows if row["intent"] in dangers]
    harmless = [row for row in rows if row["intent"] not in dangers]
    foreign = [row for row in rows if row["intent"] == FOREIGN]
    ours = [row for row in rows if row["intent"] != FOREIGN]
    return {
        "dangers": len(told),
        "caught": _share(row["alarm"] for row in told),
        "missed": [row for row in told if not row["alarm"]],
        "harmless": len(harmless),
        "false_alarm": _share(row["alarm"] for row in harmless),
        "false_alarms": [row for row in harmless if row["alarm"]],
        "foreign": len(foreign),
        "foreign_caught": _share(row["predicted"] in (FALLBACK, FOREIGN) for row in foreign),
        "asked_again": _share(row["predicted"] == FALLBACK for row in ours),
    }


def confusions(rows: Iterable[Row]) -> list[tuple[str, str, int]]:
    """(meant, taken for, how often), the most frequent first."""
    pairs = Counter((row["intent"], row["predicted"]) for row in rows if not is_right(row))
    return [(meant, taken, count) for (meant, taken), count in sorted(pairs.items(), key=lambda one: (-one[1], one[0]))]


def worst(intents: dict[str, dict[str, float]]) -> list[tuple[str, dict[str, float]]]:
    """The intents with the lowest F1 below 1."""
    ordered = sorted(intents.items(), key=lambda one: (one[1]["f1"], one[0]))
    return [one for one in ordered if one[1]["f1"] < 1][:MOST_WORST]


def curve(rows: Sequence[Row], bins: int = 10) -> list[tuple[float, float, int]]:
    """Where there are messages: (mean confidence, share right, how many) of each tenth of confidence."""
    held: dict[int, list[Row]] = {}
    for row in rows:
        held.setdefault(min(int(row["confidence"] * bins), bins - 1), []).append(row)
    return [
        (sum(row["confidence"] for row in some) / len(some), sum(map(is_right, some)) / len(some), len(some))
        for _, some in sorted(held.items())
    ]


def _share(outcomes: Iterable[bool]) -> float | None:
    listed = list(outcomes)
    return sum(listed) / len(listed) if listed else None
