"""The bench's part on understanding: its figures on messages that one can count by hand, its tables, its report."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from launch.bench import run as run_module
from launch.bench.comparison import Comparison
from launch.bench.learners import Answer, Learnt
from launch.bench.run import bench, gather, keep
from launch.bench.sets import OWN, LabelledRow, LabelledSet
from launch.bench.table import OURS, STOCK_RASA, Line
from launch.bench.training import Training
from launch.bench.understanding import as_text
from launch.bench.understood import Understanding
from launch.settings import BadSettingsError, Settings, read_settings

NOW = datetime(2026, 11, 23, tzinfo=UTC)
DANGER = "risk_of_suicide"


def no_phrases(_text: str) -> str | None:
    return None


def row(intent: str, text: str = "a text", group: str = "test", *, lookalike: bool = False) -> LabelledRow:
    return LabelledRow(text, intent, group, lookalike)


def answer(predicted: str, score: float = 1.0, milliseconds: float = 2.0, **chances: float) -> Answer:
    return Answer(predicted, chances or {predicted: 0.9}, score, milliseconds, milliseconds / 2)


def learnt(*answers: Answer) -> Learnt:
    memory = {"resident": 300.0, "peak": 400.0, "model": 200.0}
    return Learnt(Training(60.0, 90.0, "2026-11-23"), answers, memory)


def a_set(rows: Sequence[LabelledRow] = (), name: str = OWN, **given: Any) -> LabelledSet:
    return LabelledSet(name, (("text", "a"),), tuple(rows), Path("none.json"), **given)


def lines_of(comparison: Comparison) -> dict[str, Line]:
    return {line.what: line for line in comparison.lines()}


# What was understood


def test_who_is_right_with_and_without_the_gate() -> None:
    rows = [row("a"), row("b"), row("out_of_scope"), row("a", group="one")]
    answers = [
        answer("a"),
        answer("nlu_fallback", b=0.4, a=0.3),
        answer("out_of_scope"),
        answer("b"),
    ]
    found = Understanding(rows, answers)
    assert found.accuracy(gated=True) == pytest.approx(2 / 3)
    assert found.accuracy(gated=False) == 1
    assert found.accuracy("one", gated=True) == 0
    assert found.calibration(gated=False) == pytest.approx((0.1 + 0.1 + 0.6) / 3)


def test_foreign_messages_are_caught_by_the_score_that_refuses_one_of_ours_in_twenty() -> None:
    ours = [(row("a"), answer("a", score=float(n))) for n in range(1, 21)]
    foreign = [
        (row("out_of_scope"), answer("a", score=1.5)),  # less sure than all but one of ours
        (row("out_of_scope", group="foreign"), answer("a", score=10.0)),
        (row("out_of_scope", group="foreign"), answer("out_of_scope", score=99.0)),  # taken for foreign
        (row("out_of_scope", group="foreign"), answer("nlu_fallback", score=30.0, a=0.2)),
    ]
    found = Understanding(*zip(*ours, *foreign, strict=True))
    assert found.caught() == 0.5
    assert found.area() == pytest.approx((19 + 10.5 + 20 + 0) / 80)
    assert found.refused(foreign=True) == 0.5
    assert found.refused(foreign=False) == 0
    assert Understanding(*zip(*ours, strict=True)).caught() is None


def test_alarms_of_the_model_of_the_phrases_and_of_either() -> None:
    rows = [
        row(DANGER, "one"),
        row(DANGER, "two"),
        row("a", "three"),
        row("a", "four", lookalike=True),
        row(DANGER, "one wiht a slip", group="one"),
    ]
    found = Understanding(rows, [answer(DANGER), answer("a"), answer("a"), answer("a"), answer("a")])

    def phrases(text: str) -> str | None:
        return DANGER if text in {"two", "four"} else None

    model, list_alone, either = found.alarms(), found.alarms(phrases, model=False), found.alarms(phrases)
    assert (model.caught, model.false, model.lookalikes) == (0.5, 0, 0)
    assert (list_alone.caught, list_alone.false, list_alone.lookalikes) == (0.5, 0.5, 1)
    assert (either.caught, either.false, either.lookalikes) == (1, 0.5, 1)
    assert found.mistaken_alarms(phrases) == ([], ["four"])
    assert found.mistaken_alarms(no_phrases) == (["two"], [])


# The table


def test_the_table_has_both_sides_and_the_goals_of_the_set() -> None:
    rows = [row("a"), row("a"), row(DANGER), row("a", group="one"), row("a", group="one"), row(DANGER, group="one")]
    right = [answer("a"), answer("a"), answer(DANGER)]
    ours = learnt(*right, answer("a"), answer("b"), answer(DANGER))
    stock = learnt(answer("a"), answer("b"), answer("b"), answer("b"), answer("b"), answer("b", milliseconds=50.0))
    comparison = Comparison(a_set(rows), {OURS: ours, STOCK_RASA: stock}, no_phrases)
    lines = lines_of(comparison)
    found = lines["right, gate included"]
    assert (found.ours, found.stock, found.reached) == (1, pytest.approx(1 / 3), True)
    lost = lines["lost by one typo, gate included"]
    assert lost.ours == pytest.approx(1 / 3) and lost.reached is False
    assert lines["danger caught, model alone"].stock == 0
    either = lines["danger caught, model or phrase list"]
    assert (either.ours, either.stock, either.reached) == (1, None, True)
    assert lines["a message, median"].reached and lines["training, on the clock"].reached
    assert lines["out of scope caught at 5% false reject"].ours is None
    assert comparison.mistakes() == {"no card": [], "needless card": []}


def test_the_goals_are_for_all_of_the_examples_and_for_our_own_set_alone() -> None:
    rows, both = [row("a")], {OURS: learnt(answer("a")), STOCK_RASA: learnt(answer("a"))}
    sample = Comparison(a_set(rows, drawn_from=100), both, no_phrases)
    public = Comparison(a_set(rows, "banking77_10"), both, no_phrases)
    assert not any(line.goal for line in sample.lines())
    assert [line.what for line in public.lines() if line.goal] == ["right, likeliest intent"]
    assert not any(line.what.startswith("danger") for line in public.lines())


def test_too_few_epochs_are_told() -> None:
    comparison = Comparison(a_set([row("a")]), {OURS: learnt(answer("a"))}, no_phrases)
    assert "for 5 of its 100 epochs" in as_text([comparison], NOW, 0.5, epochs=5)


# The run


def test_a_part_alone_is_measured_and_the_others_stay_in_the_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[str] = []

    def understanding(_settings: Settings, _folder: Path, data: str) -> tuple[str, dict[str, Any]]:
        asked.append(data)
        return "understood well", {"of": "understanding"}

    monkeypatch.setitem(run_module.PARTS, "understanding", understanding)
    monkeypatch.setattr(run_module.signal, "signal", lambda *_: None)
    folder = tmp_path / "bench"
    folder.mkdir()
    keep(folder, "turns", "turned fast", {"of": "turns"})
    bench(Settings(var_dir=tmp_path, bench_parts=("understanding",)), "some/folder")
    assert asked == ["some/folder"]
    text = (folder / "report.md").read_text()
    assert text.index("turned fast") < text.index("understood well")
    assert text in capsys.readouterr().out
    assert set(json.loads((folder / "report.json").read_text())) == {"turns", "understanding"}
    assert gather(folder) == text


def test_the_settings_say_which_parts_and_how_much() -> None:
    found = read_settings({"BENCH_PARTS": "understanding", "BENCH_STOCK_EXAMPLES": "2250", "BENCH_STOCK_EPOCHS": "5"})
    assert (found.bench_parts, found.bench_stock_examples, found.bench_stock_epochs) == (("understanding",), 2250, 5)
    assert read_settings({}).bench_parts == ("turns", "understanding", "workers")
    for wrong in ("turns,nothing", ","):
        with pytest.raises(BadSettingsError, match="turns, understanding, workers"):
            read_settings({"BENCH_PARTS": wrong})
