"""The bench's messages, and what is noted of a model that is asked about them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nlu.bench import parse as parse_module
from nlu.bench.parse import best_confidence, measure_memory, parse_rows
from nlu.bench.rows import BAD_SET, main, own_set, public_sets
from nlu.measure import SETS

EXAMPLES = 'version: "3.1"\nnlu:\n- intent: ask_cost\n  examples: |\n    - what does it [cost](price)\n'
TESTS = 'version: "3.1"\nnlu:\n- intent: ask_cost\n  examples: |\n    - is there anything to pay\n    - ok\n'


@pytest.fixture
def own(tmp_path: Path) -> tuple[Path, Path]:
    examples, tests = tmp_path / "examples", tmp_path / "tests"
    examples.mkdir()
    tests.mkdir()
    (examples / "cost.yml").write_text(EXAMPLES)
    (tests / "questions.yml").write_text(TESTS)
    (tests / "people_lookalikes.yml").write_text(TESTS.replace("- ok", "- this price will kill me"))
    return examples, tests


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    for file, intent in zip(SETS["banking77_10"], ("card", "card", "oos"), strict=True):
        (tmp_path / file).write_text(f"{file} holds this\t{intent}\n")
    return tmp_path


def test_our_own_set_has_its_tests_with_no_slip_one_and_two(own: tuple[Path, Path]) -> None:
    found = own_set(*own)
    assert found["name"] == "own"
    assert found["train"] == [["what does it cost", "ask_cost"]]
    groups = {
        group: [row for row in found["rows"] if row["group"] == group] for group in ("test", "one", "two", "foreign")
    }
    assert [len(rows) for rows in groups.values()] == [4, 4, 4, 0]
    plain, one, two = ([row["text"] for row in groups[name]] for name in ("test", "one", "two"))
    assert all(a != b for a, b in zip(plain, one, strict=True) if a != "ok")  # too short for a slip
    assert one != two
    assert [row["lookalike"] for row in groups["test"]] == [True, True, False, False]
    assert own_set(*own) == found


def test_a_public_set_has_its_foreign_messages_which_nobody_mistypes(tables: Path) -> None:
    (found,) = public_sets(tables)
    assert found["name"] == "banking77_10"
    assert found["train"] == [[f"{SETS['banking77_10'][0]} holds this", "card"]]
    assert [(row["group"], row["intent"]) for row in found["rows"]] == [
        ("test", "card"),
        ("foreign", "out_of_scope"),
        ("one", "card"),
        ("two", "card"),
    ]


def test_the_command_writes_a_file_for_each_set(own: tuple[Path, Path], tables: Path, tmp_path: Path) -> None:
    words = ["--examples", str(own[0]), "--tests", str(own[1]), "--out", str(tmp_path / "out")]
    main([*words, "--data", str(tables)])
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["banking77_10.json", "own.json"]
    assert json.loads((tmp_path / "out" / "own.json").read_text()) == own_set(*own)


@pytest.mark.parametrize("spoil", ["missing", "not a table"])
def test_a_folder_without_a_whole_set_is_refused_in_words(
    own: tuple[Path, Path], tables: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], spoil: str
) -> None:
    test_table = tables / SETS["banking77_10"][1]
    if spoil == "missing":
        test_table.unlink()
    else:
        test_table.write_text("no tab in this line\n")
    words = ["--examples", str(own[0]), "--tests", str(own[1]), "--out", str(tmp_path / "out")]
    with pytest.raises(SystemExit) as ended:
        main([*words, "--data", str(tables)])
    assert ended.value.code == BAD_SET
    assert str(tables) in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def parsed(text: str) -> dict[str, Any]:
    ranking = [{"name": "nlu_fallback", "confidence": 0.7}, {"name": text, "confidence": 0.6}]
    return {"intent": ranking[0], "intent_ranking": ranking}


def test_each_message_is_noted_with_what_it_was_taken_for_and_how_surely() -> None:
    heard: list[str] = []

    def parse(text: str) -> dict[str, Any]:
        heard.append(text)
        return parsed(text)

    rows = [{"text": "a", "intent": "x"}, {"text": "b", "intent": "y"}]
    found = parse_rows((parse, best_confidence), rows)
    assert heard[-2:] == ["a", "b"]
    assert [one["predicted"] for one in found] == ["nlu_fallback"] * 2
    assert [one["chances"] for one in found] == [{"a": 0.6}, {"b": 0.6}]
    assert [one["score"] for one in found] == [0.6, 0.6]
    assert all(one["milliseconds"] >= 0 and one["cpu"] >= 0 for one in found)
    assert best_confidence({"intent_ranking": []}) == 0


def test_memory_is_told_in_megabytes_and_the_most_is_never_less() -> None:
    before = measure_memory()
    held = bytearray(50_000_000)
    after = measure_memory()
    assert 40 < after["now"] - before["now"] < 60
    assert after["most"] >= after["now"]
    del held


def test_the_gates_score_is_that_of_the_whole_message_not_of_a_clause(monkeypatch: pytest.MonkeyPatch) -> None:
    from nlu.components.model import IntentModel, Reading

    monkeypatch.setattr(
        IntentModel, "read", lambda _self, text: Reading([("ask_cost", 0.9)], sure=True, score=float(len(text)))
    )
    model = object.__new__(IntentModel)

    def parse(text: str) -> dict[str, Any]:
        for part in (text, *text.split(" and ")):
            model.read(part)
        return {"intent_ranking": [{"name": "ask_cost", "confidence": 0.9}]}

    monkeypatch.setattr("nlu.score.load_model", lambda _path: parse)
    asked, score = parse_module._load_ours(Path("model"))
    assert score(asked("aaaa and bb")) == len("aaaa and bb")
    assert score(asked("ccc")) == 3
