"""What both sides of the bench learn, and that they learn it once. What is trained and asked here are tiny programs."""

import json
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from launch.bench.learners import Learner, make_learners
from launch.bench.program import ProgramFailedError, run_program
from launch.bench.sets import OWN, LabelledRow, LabelledSet, make_sets, read_set, with_samples
from launch.bench.table import OURS, STOCK_RASA
from launch.bench.understanding import as_content, as_text, compare_all
from launch.settings import PROJECT

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def no_phrases(_text: str) -> str | None:
    return None


def row(intent: str, text: str = "a text") -> LabelledRow:
    return LabelledRow(text, intent, "test")


def a_set() -> LabelledSet:
    train = tuple((f"{intent} {n}", intent) for intent, many in (("a", 40), ("b", 8), ("c", 1)) for n in range(many))
    return LabelledSet(OWN, train, (), Path("none.json"))


# What is learnt


def test_a_sample_has_the_same_share_of_each_intent_and_is_the_same_each_time() -> None:
    whole, sample = with_samples(a_set(), 25)
    assert whole.ours_alone and whole.train == a_set().train and not whole.drawn_from
    assert Counter(intent for _, intent in sample.train) == {"a": 20, "b": 4, "c": 1}
    assert set(sample.train) < set(whole.train) and len(set(sample.train)) == 25
    assert sample.drawn_from == 49 and not sample.ours_alone
    assert with_samples(a_set(), 25)[1].train == sample.train
    assert Counter(intent for _, intent in with_samples(a_set(), 5)[1].train) == {"a": 4, "b": 1, "c": 1}


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


def test_our_own_set_comes_first_and_the_folder_is_found_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, ...]] = []

    def annex(*words: str) -> None:
        asked.append(words)
        for name in ("banking77_10", "own"):
            (tmp_path / f"{name}.json").write_text(json.dumps({"name": name, "train": [], "rows": []}))

    (tmp_path / "of_an_older_run.json").write_text("{}")
    monkeypatch.setattr("launch.bench.sets.ask_annex", annex)
    monkeypatch.chdir(tmp_path)
    assert [one.name for one in make_sets(tmp_path, "data")] == ["own", "banking77_10"]
    make_sets(tmp_path, "")
    assert asked[0] == ("nlu.bench.rows", "--out", str(tmp_path), "--data", str(tmp_path / "data"))
    assert "--data" not in asked[1]


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
