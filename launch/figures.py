"""How well messages were understood, in figures: the score report of CONTRACTS' form, from rows."""

from collections import Counter
from collections.abc import Sequence
from typing import TypedDict

BINS = 15  # of the calibration error


class Row(TypedDict):
    """A message: what it means, what was acted on (`nlu_fallback` where the gate closed), how likely that was, and
    whether a crisis card goes out."""

    text: str
    intent: str
    predicted: str
    confidence: float
    alarm: bool


class IntentFigures(TypedDict):
    """Of one intent; `support`: how many messages mean it."""

    precision: float
    recall: float
    f1: float
    support: int


class Latency(TypedDict):
    """Milliseconds a message."""

    p50: float
    p95: float


class Report(TypedDict):
    """The score report. A row for each example, in the file's order."""

    model: str
    examples: int
    accuracy: float
    macro_f1: float
    fallback_rate: float
    ece: float
    latency_ms: Latency
    intents: dict[str, IntentFigures]
    rows: list[Row]


FALLBACK = "nlu_fallback"


def make_report(model: str, rows: Sequence[Row], milliseconds: Sequence[float]) -> Report:
    """The report of at least one row. All shares are from 0 to 1 and can be worked out again from the rows."""
    intents = by_intent(rows)
    return {
        "model": model,
        "examples": len(rows),
        "accuracy": _rounded(sum(is_right(row) for row in rows) / len(rows)),
        "macro_f1": _rounded(sum(figures["f1"] for figures in intents.values()) / len(intents)),
        "fallback_rate": _rounded(sum(row["predicted"] == FALLBACK for row in rows) / len(rows)),
        "ece": _rounded(calibration_error(rows)),
        "latency_ms": {"p50": round(percentile(milliseconds, 0.5), 2), "p95": round(percentile(milliseconds, 0.95), 2)},
        "intents": intents,
        "rows": list(rows),
    }


def is_right(row: Row) -> bool:
    """Whether what was acted on is what was meant; asking again never is."""
    return row["predicted"] == row["intent"]


def by_intent(rows: Sequence[Row]) -> dict[str, IntentFigures]:
    """Precision, recall, F1 and support of each intent that a row means, by name."""
    meant, taken = Counter(row["intent"] for row in rows), Counter(row["predicted"] for row in rows)
    right = Counter(row["intent"] for row in rows if is_right(row))
    return {name: _of_intent(right[name], meant[name], taken[name]) for name in sorted(meant)}


def _of_intent(right: int, meant: int, taken: int) -> IntentFigures:
    return {
        "precision": _rounded(right / taken if taken else 0.0),
        "recall": _rounded(right / meant),
        "f1": _rounded(2 * right / (meant + taken)),
        "support": meant,
    }


def calibration_error(rows: Sequence[Row]) -> float:
    """Expected calibration error over BINS of equal width: how far the confidence is from the share that is right."""
    bins: dict[int, list[Row]] = {}
    for row in rows:
        bins.setdefault(min(int(row["confidence"] * BINS), BINS - 1), []).append(row)
    gaps = (abs(sum(row["confidence"] - is_right(row) for row in held)) for held in bins.values())
    return sum(gaps) / len(rows)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of `values` do not exceed, between neighbours in proportion."""
    ordered = sorted(values)
    at = share * (len(ordered) - 1)
    below = int(at)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (at - below)


def _rounded(share: float) -> float:
    return round(share, 4)
