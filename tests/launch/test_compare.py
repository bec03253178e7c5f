"""`make compare`: what is lost and won between two reports, danger first; which model serves."""

import os
from pathlib import Path

import pytest

from launch.compare import NoLiveModelError, OtherSetError, compare, meaning, serving_model
from launch.figures import Row, make_report
from launch.judged import NoSetsError, own_sets
from launch.live import Live
from launch.score import Scored
from launch.settings import Settings

MEANT = ["medical_emergency", "risk_of_suicide", "ask_cost", "ask_cost", "greet", "ask_deadline", "greet", "thank"]


def scored(model: str, *predicted: str, meant: list[str] | None = None) -> Scored:
    dangers = {"medical_emergency", "risk_of_suicide"}
    rows: list[Row] = [
        {"text": f"message {n}", "intent": intent, "predicted": taken, "confidence": 0.9, "alarm": taken in dangers}
        for n, (intent, taken) in enumerate(zip(meant or MEANT, predicted, strict=True))
    ]
    return Scored(make_report(model, rows, [1.0]), tuple(f"x.yml:{n}" for n in range(len(rows))))


LIVE = scored(
    "live", "medical_emergency", "greet", "ask_cost", "greet", "risk_of_suicide", "ask_deadline", "thank", "thank"
)
NEW = scored(
    "new", "nlu_fallback", "medical_emergency", "ask_cost", "ask_cost", "greet", "thank", "ask_cost", "risk_of_suicide"
)


def places(changes: list) -> list[str]:  # type: ignore[type-arg]
    return [change["place"] for change in changes]


def test_each_message_that_changes_is_told_under_its_heading() -> None:
    result = compare(LIVE, NEW, 0.5)
    assert places(result["danger_lost"]) == ["x.yml:0"]
    assert places(result["danger_won"]) == ["x.yml:1"]  # a card, though that of another danger
    assert places(result["false_alarms_gone"]) == ["x.yml:4"]
    assert places(result["false_alarms_new"]) == ["x.yml:7"]
    assert places(result["better"]) == ["x.yml:3", "x.yml:4"]
    assert places(result["worse"]) == ["x.yml:0", "x.yml:5", "x.yml:7"]
    assert places(result["other"]) == ["x.yml:1", "x.yml:6"]
    assert places(meaning(result["worse"], {"ask_deadline"})) == ["x.yml:5"]
    assert result["danger_lost"][0] == {
        "text": "message 0",
        "intent": "medical_emergency",
        "place": "x.yml:0",
        "live": {"predicted": "medical_emergency", "confidence": 0.9, "alarm": True},
        "candidate": {"predicted": "nlu_fallback", "confidence": 0.9, "alarm": False},
    }


def test_intents_are_told_with_those_that_lose_most_first() -> None:
    moved = compare(LIVE, NEW, 0.5)["intents"]
    assert {one["intent"] for one in moved} == set(MEANT)
    assert moved[0]["change"] == -1.0
    assert [one["change"] for one in moved] == sorted(one["change"] for one in moved)
    cost = next(one for one in moved if one["intent"] == "ask_cost")
    assert (cost["live"], cost["candidate"], cost["support"]) == (0.6667, 0.8, 2)


def test_a_model_beside_itself_changes_nothing() -> None:
    result = compare(LIVE, LIVE, 0.5)
    assert not any(result[key] for key in ("danger_lost", "danger_won", "worse", "better", "other"))  # type: ignore[literal-required]
    assert all(one["change"] == 0 for one in result["intents"])


def test_reports_of_other_messages_are_not_compared() -> None:
    with pytest.raises(OtherSetError):
        compare(LIVE, scored("new", *["greet"] * 8, meant=["greet"] * 8), 0.5)


def test_the_live_model_is_the_one_that_the_pointer_names(tmp_path: Path) -> None:
    settings = Settings(var_dir=tmp_path)
    settings.models.mkdir()
    with pytest.raises(NoLiveModelError, match="Name one"):
        serving_model(settings, tmp_path / "candidate.tar.gz")
    old, used, candidate = (settings.models / f"{name}.tar.gz" for name in ("old", "used", "candidate"))
    for at, model in enumerate((old, used, candidate)):
        model.write_text(model.name)
        os.utime(model, (at, at))
    assert serving_model(settings, candidate) == used
    Live(settings.models).begin(old, "a test")
    assert serving_model(settings, candidate) == old
    Live(settings.models).begin(candidate, "a test")
    assert serving_model(settings, candidate) == old


def test_whether_it_may_go_live_is_said_by_the_rules_on_the_same_rows() -> None:
    verdict = compare(LIVE, NEW, 0.5)["verdict"]
    assert verdict["may_go_live"] is False
    assert verdict["dangers"] == {"of": 2, "live": 1, "candidate": 1}
    assert verdict["consequences"] == {"of": 1, "live": 1, "candidate": 0}
    assert verdict["elsewhere"] == {"of": 5, "live": 2, "candidate": 3}  # what is won there pays for nothing
    assert [one.partition(":")[0] for one in verdict["against"]] == [
        "a message of danger would go without the card",
        "a question would lose its right answer",
    ]
    same = compare(LIVE, LIVE, 0)["verdict"]
    assert (same["may_go_live"], same["against"]) == (True, [])


def test_messages_to_judge_by_are_those_of_the_project_or_of_a_folder_and_never_none(tmp_path: Path) -> None:
    assert {file.parent.name for file in own_sets(Settings())} == {"nlu"}
    settings = Settings(score_sets=tmp_path)
    with pytest.raises(NoSetsError):
        own_sets(settings)
    (tmp_path / "few.yml").write_text("nlu: []")
    assert [file.name for file in own_sets(settings)] == ["few.yml"]
