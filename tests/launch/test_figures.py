"""The score report's figures, each worked out by hand from a few rows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launch.figures import BINS, Row, calibration_error, make_report, percentile


def row(intent: str, predicted: str, confidence: float = 0.9, alarm: bool = False) -> Row:
    return {"text": "x", "intent": intent, "predicted": predicted, "confidence": confidence, "alarm": alarm}


ROWS = [
    row("ask_cost", "ask_cost", 0.95),
    row("ask_cost", "ask_cost", 0.95),
    row("ask_cost", "greet", 0.95),
    row("ask_cost", "nlu_fallback", 0.0),
    row("greet", "greet", 0.95),
    row("bye", "ask_cost", 0.4),
]


def test_every_figure_of_the_report() -> None:
    report = make_report("m.tar.gz", ROWS, [1, 2, 3, 4, 5, 105])
    assert list(report) == [
        "model", "examples", "accuracy", "macro_f1", "fallback_rate", "ece", "latency_ms", "intents", "rows",
    ]  # fmt: skip
    assert (report["model"], report["examples"]) == ("m.tar.gz", 6)
    assert report["accuracy"] == 0.5
    assert report["fallback_rate"] == pytest.approx(1 / 6, abs=1e-4)
    assert report["intents"] == {
        "ask_cost": {"precision": pytest.approx(2 / 3, abs=1e-4), "recall": 0.5, "f1": 0.5714, "support": 4},
        "bye": {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 1},
        "greet": {"precision": 0.5, "recall": 1.0, "f1": 0.6667, "support": 1},
    }
    assert report["macro_f1"] == pytest.approx((4 / 7 + 2 / 3 + 0) / 3, abs=1e-4)
    # four at .95 of which three are right, one at .4 that is wrong, one at 0 that is wrong
    assert report["ece"] == pytest.approx((abs(4 * 0.95 - 3) + 0.4) / 6, abs=1e-4)
    assert report["latency_ms"] == {"p50": 3.5, "p95": 80.0}
    assert report["rows"] == ROWS


def test_a_confidence_of_one_is_in_the_last_bin() -> None:
    assert calibration_error([row("a", "a", 1.0), row("a", "b", 1 - 0.5 / BINS)]) == pytest.approx(
        abs(2 - 0.5 / BINS - 1) / 2
    )


@given(st.lists(st.floats(0, 1000), min_size=1), st.floats(0, 1))
def test_a_percentile_lies_among_its_neighbours(values: list[float], share: float) -> None:
    found = percentile(values, share)
    assert min(values) <= found <= max(values)
    assert percentile(values, 0) == min(values)
    assert percentile(values, 1) == max(values)
