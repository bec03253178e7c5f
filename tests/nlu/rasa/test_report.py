"""The report pages: whole, of one file, with nothing of a message that a browser would run, and the same each time."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from nlu.report import tables
from nlu.report.page import compare_page, score_page

ROOT = Path(__file__).parents[3]
DANGERS = ["medical_emergency"]


def row(text: str, intent: str, predicted: str, confidence: float = 0.9) -> dict[str, Any]:
    alarm = predicted in DANGERS
    found = {"text": text, "intent": intent, "predicted": predicted, "confidence": confidence, "alarm": alarm}
    return {**found, "place": "tests/nlu/some.yml:5"}


ROWS = [
    row("how much", "ask_cost", "ask_cost"),
    row("<script>alert(1)</script> & co", "ask_cost", "greet", 0.6),
    row("hes gone blue", "medical_emergency", "greet", 0.4),
    row("he collapsed", "medical_emergency", "medical_emergency"),
    row("i died laughing", "greet", "medical_emergency"),
    row("whats the weather", "out_of_scope", "nlu_fallback", 0.3),
    row("how much tho", "ask_cost", "nlu_fallback", 0.2),
]


def figures(f1: float, support: int) -> dict[str, float]:
    return {"precision": f1, "recall": f1, "f1": f1, "support": support}


def report(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "model": "m.tar.gz",
        "examples": len(rows),
        "accuracy": 0.4286,
        "macro_f1": 0.5,
        "fallback_rate": 0.2857,
        "ece": 0.123,
        "latency_ms": {"p50": 9.1, "p95": 14.2},
        "intents": {name: figures(0.5, count) for name, count in Counter(one["intent"] for one in rows).items()},
        "rows": rows,
        "dangers": DANGERS,
    }


def verdict(*against: str) -> dict[str, Any]:
    group = {"of": 7, "live": 5, "candidate": 4}
    groups = dict.fromkeys(("dangers", "consequences", "elsewhere"), group)
    return {"may_go_live": not against, "margin": 0.5, **groups, "against": list(against)}


def comparison(*against: str, **changes: list[dict[str, Any]]) -> dict[str, Any]:
    side = {key: report(ROWS)[key] for key in ("model", "accuracy", "macro_f1", "fallback_rate", "ece", "latency_ms")}
    lists = ("danger_lost", "danger_won", "false_alarms_new", "false_alarms_gone", "worse", "better", "other")
    moved = {"intent": "ask_cost", "support": 3, "live": 0.5, "candidate": 0.7, "change": 0.2}
    return {
        "examples": len(ROWS),
        "live": side,
        "candidate": {**side, "model": "new.tar.gz", "accuracy": 0.5286},
        **{name: changes.get(name, []) for name in lists},
        "intents": [moved, {**moved, "intent": "greet", "change": 0}],
        "verdict": verdict(*against),
        "rows": {"live": ROWS, "candidate": ROWS},
        "dangers": DANGERS,
    }


class Reader(HTMLParser):
    """What is in a page, and whether its elements are closed in order."""

    VOID = frozenset({"meta", "path", "use", "rect", "br", "link", "img"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.counts: Counter[str] = Counter()
        self.ids: list[str] = []
        self.said: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.counts[tag] += 1
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.counts[tag] += 1
        self.ids += [value for name, value in attrs if name == "id" and value]

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said.append(data)


def check_page(page: str) -> Reader:
    read = Reader(page)
    assert read.open == []
    assert not [one for one, count in Counter(read.ids).items() if count > 1]
    assert read.counts["script"] == 0
    assert not re.findall(r"""(?:src|href)=["'](?!#)""", page)  # one file: nothing is fetched
    assert "currentColor" in page
    assert "prefers-color-scheme: dark" in page
    return read


def test_the_score_page_is_whole_and_shows_everything() -> None:
    page, lines = score_page(report(ROWS))
    read = check_page(page)
    assert read.counts["svg"] == 4
    said = " ".join(read.said)
    for words in (
        "<script>alert(1)</script> & co",
        "hes gone blue",
        "i died laughing",
        "tests/nlu/some.yml:5",
        "42.9%",
    ):
        assert words in said
    assert said.index("hes gone blue") < said.index("i died laughing")  # a missed danger first
    assert "danger that gets a card   50.0% of 2" in lines
    assert "no card: tests/nlu/some.yml:5: hes gone blue" in lines


def test_the_same_report_makes_the_same_page() -> None:
    assert score_page(report(ROWS)) == score_page(report(ROWS))


@pytest.mark.parametrize(
    "rows", [ROWS[:1], [row("a", "ask_cost", "nlu_fallback", 0.0)], [row("a", "greet", "greet", 1.0)]]
)
def test_a_page_of_one_message_is_a_page_too(rows: list[dict[str, Any]]) -> None:
    page, lines = score_page(report(rows))
    check_page(page)
    assert "–" in lines  # there is no danger message to catch


def test_the_comparison_shows_danger_first() -> None:
    side = {"predicted": "medical_emergency", "confidence": 0.9, "alarm": True}
    lost = {
        "text": "he collapsed",
        "intent": "medical_emergency",
        "place": "x.yml:7",
        "live": side,
        "candidate": {"predicted": "greet", "confidence": 0.5, "alarm": False},
    }
    page, lines = compare_page(comparison(danger_lost=[lost], worse=[lost]))
    said = " ".join(check_page(page).said)
    assert said.index("he collapsed") < said.index("The two beside one another")
    assert lines.index("DANGER THAT WOULD BE LOST (1)") < lines.index("No longer understood (1)")
    assert "medical_emergency + card -> greet" in lines
    assert re.search(r"right +42\.9% +52\.9% +\+10\.0", lines)
    assert re.search(r"ask_cost +50\.0% +70\.0% +\+20\.0", lines)


def test_nothing_lost_is_said_too() -> None:
    page, lines = compare_page(comparison())
    check_page(page)
    assert "No danger message would lose its card." in lines


def test_whether_it_may_go_live_is_said_on_the_page_and_in_the_lines() -> None:
    page, lines = compare_page(comparison())
    assert "On these messages, yes." in page
    assert "May it go live? On these messages, yes." in lines
    page, lines = compare_page(comparison("“<b>hm</b>” would go without the card", "1.2 points"))
    said = " ".join(check_page(page).said)
    assert "2 things stand in the way" in " ".join(said.split())
    assert "“<b>hm</b>” would go without the card" in said
    assert "May it go live? No:\n - “<b>hm</b>” would go without the card\n - 1.2 points" in lines


def test_the_tables() -> None:
    found = tables.safety(ROWS, DANGERS)
    assert (found["dangers"], found["caught"], found["harmless"], found["false_alarm"]) == (2, 0.5, 5, 0.2)
    assert [one["text"] for one in found["missed"]] == ["hes gone blue"]
    assert (found["foreign_caught"], found["asked_again"]) == (1.0, pytest.approx(1 / 6))
    assert tables.safety([], DANGERS)["caught"] is None
    assert tables.confusions([*ROWS, ROWS[1]])[0] == ("ask_cost", "greet", 2)
    assert [one["confidence"] for one in tables.wrong(ROWS)] == [0.9, 0.6, 0.4, 0.3, 0.2]
    assert tables.curve([row("a", "x", "x", 0.95), row("b", "x", "y", 0.95), row("c", "x", "x", 0.15)]) == [
        (0.15, 1.0, 1),
        (0.95, 0.5, 2),
    ]


def test_the_command_line(tmp_path: Path) -> None:
    out = tmp_path / "new" / "page.html"
    done = subprocess.run(
        [sys.executable, "-m", "nlu.report", "score", "--out", str(out)],
        cwd=ROOT,
        input=json.dumps(report(ROWS)),
        capture_output=True,
        text=True,
        check=True,
    )
    check_page(out.read_text())
    assert f"Page: {out}" in done.stdout
    assert "right" in done.stdout
    again = subprocess.run(
        [*done.args, "--briefly"], cwd=ROOT, input=json.dumps(report(ROWS)), capture_output=True, text=True, check=True
    )
    assert again.stdout == f"Page: {out}\n"
