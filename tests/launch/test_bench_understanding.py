"""The bench's part on understanding, on messages one can count by hand; what it trains and asks are tiny programs."""

import json
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from launch.bench import run as run_module
from launch.bench.comparison import Comparison
from launch.bench.learners import Answer, Learner, Learnt, make_learners
from launch.bench.program import ProgramFailedError, run_program
from launch.bench.run import bench, gather, keep
from launch.bench.sets import OWN, LabelledRow, LabelledSet, read_set, with_samples
from launch.bench.table import OURS, STOCK_RASA, Line
from launch.bench.training import Training
from launch.bench.understanding import as_content, as_text, compare_all
from launch.bench.understood import Understanding
from launch.settings import PROJECT, BadSettingsError, Settings, read_settings

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
    train = tuple((f"{intent} {n}", intent) for intent, many in (("a", 40), ("b", 8), ("c", 1)) for n in range(many))
    return LabelledSet(name, train, tuple(rows), Path("none.json"), **given)


def lines_of(comparison: Comparison) -> dict[str, Line]:
    return {line.what: line for line in comparison.lines()}


# What is learnt


def test_a_sample_has_the_same_share_of_each_intent_and_is_the_same_each_time() -> None:
    whole, sample = with_samples(a_set(), 25)
    assert whole.ours_alone and whole.train == a_set().train and not whole.drawn_from
    assert Counter(intent for _, intent in sample.train) == {"a": 20, "b": 4, "c": 1}
    assert set(sample.train) < set(whole.train) and len(set(sample.train)) == 25
    assert sample.drawn_from == 49 and not sample.ours_alone
    assert with_samples(a_set(), 25)[1].train == sample.train


@pytest.mark.parametrize("most", [None, 49, 500])
def test_a_set_that_is_small_enough_is_learnt_whole_by_both(most: int | None) -> None:
    assert with_samples(a_set(), most) == [a_set()]


def test_ours_learns_as_configured_and_stock_rasa_as_shipped_but_for_the_epochs(tmp_path: Path) -> None:
    shipped = tmp_path / "default_config.yml"
    shipped.write_text(yaml.safe_dump({"pipeline": [{"name": "DIETClassifier", "epochs": 100}], "policies": []}))
    ours, stock = make_learners(7, shipped)
    assert ours.config == yaml.safe_load((PROJECT / "nlu" / "config.yml").read_text())
    assert stock.config["pipeline"] == [{"name": "DIETClassifier", "epochs": 7}]
    assert ".venv-rasa" in ours.train[0] and ".venv-stock" in stock.train[0]


# Who trains and answers

TRAIN = """
import pathlib, sys
out = pathlib.Path(sys.argv[sys.argv.index("--out") + 1])
(out / "model.tar.gz").write_text((out / "nlu.yml").read_text())
pathlib.Path("{log}").open("a").write("train\\n")
"""
PARSE = """
import json, pathlib, sys
given = dict(zip(sys.argv[1::2], sys.argv[2::2]))
rows = json.loads(pathlib.Path(given["--rows"]).read_text())["rows"]
one = {{"predicted": "a", "chances": {{"a": 0.75}}, "score": 2.0, "milliseconds": 3.0, "cpu": 1.0}}
memory = {{"resident": 1.0, "peak": 2.0, "model": 0.5}}
pathlib.Path(given["--out"]).write_text(json.dumps({{"parsed": [one for _ in rows], "memory": memory}}))
pathlib.Path("{log}").open("a").write("parse\\n")
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


def a_learner(log: Path, name: str = OURS) -> Learner:
    train, parse = ((sys.executable, "-c", code.format(log=log)) for code in (TRAIN, PARSE))
    return Learner(name, {"pipeline": []}, "made of this", train, parse, {})


def written_set(tmp_path: Path, *rows: LabelledRow, train: Sequence[Sequence[str]] = (["hi: there", "a"],)) -> Path:
    file = tmp_path / "own.json"
    file.write_text(json.dumps({"name": OWN, "train": train, "rows": [vars(one) for one in rows]}))
    return file


def test_a_side_is_trained_and_asked_once_and_again_only_where_something_changed(tmp_path: Path, log: Path) -> None:
    told: list[str] = []
    one = read_set(written_set(tmp_path, row("a"), row("b")))
    first = a_learner(log).learn(one, tmp_path, told.append)
    assert [found.predicted for found in first.answers] == ["a", "a"] and first.memory["model"] == 0.5
    assert first.training.cpu > 0
    assert a_learner(log).learn(one, tmp_path, told.append) == first
    assert log.read_text().split() == ["train", "parse"] and len(told) == 2
    more = read_set(written_set(tmp_path, row("a"), row("b"), row("c")))
    assert len(a_learner(log).learn(more, tmp_path, told.append).answers) == 3
    assert log.read_text().split() == ["train", "parse", "parse"]
    other = read_set(written_set(tmp_path, row("a"), train=[["hello", "a"]]))
    a_learner(log).learn(other, tmp_path, told.append)
    assert log.read_text().split()[3:] == ["train", "parse"]


def test_the_examples_reach_the_training_as_rasa_reads_them(tmp_path: Path, log: Path) -> None:
    train = [["hi: there", "a"], ["£5 'quoted'", "b"], ["again", "a"]]
    one = read_set(written_set(tmp_path, row("a"), train=train))
    a_learner(log).learn(one, tmp_path, print)
    blocks = yaml.safe_load(next(tmp_path.glob("own-ours-*/model.tar.gz")).read_text())["nlu"]
    assert blocks == [
        {"intent": "a", "examples": "- hi: there\n- again\n"},
        {"intent": "b", "examples": "- £5 'quoted'\n"},
    ]


def test_stock_rasa_learns_no_set_that_is_ours_alone(tmp_path: Path, log: Path) -> None:
    one = read_set(written_set(tmp_path, row("a"), train=[["hello", "a"], ["hi", "a"]]))
    learners = (a_learner(log), a_learner(log, STOCK_RASA))
    found = compare_all(with_samples(one, 1), learners, tmp_path, no_phrases, print)
    assert [sorted(done) for _, done in found] == [[OURS], [OURS, STOCK_RASA]]
    text = as_text([comparison for comparison, _ in found], NOW, 0.5, epochs=100)
    assert "2 examples, ours alone; 1 messages" in text
    assert "1 of the 2 examples, the same for both; 1 messages" in text
    assert "epochs" not in text
    content = json.loads(json.dumps(as_content(found, NOW, 0.5, 100)))
    assert [one["examples"] for one in content["sets"]] == [2, 1]


@pytest.mark.parametrize("code", ["import sys; print('why it failed'); sys.exit(3)", "print('why it failed')"])
def test_a_program_that_fails_or_makes_nothing_says_its_last_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], code: str
) -> None:
    made = tmp_path / "made"
    made.write_text("of an earlier run")
    with pytest.raises(ProgramFailedError):
        run_program((sys.executable, "-c", code), tmp_path, {}, tmp_path / "log", makes=made)
    assert "why it failed" in capsys.readouterr().err
    assert not made.exists()


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
    assert read_settings({}).bench_parts == ("turns", "understanding")
    for wrong in ("turns,nothing", ","):
        with pytest.raises(BadSettingsError, match="turns, understanding"):
            read_settings({"BENCH_PARTS": wrong})
