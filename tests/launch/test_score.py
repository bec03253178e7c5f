"""`make score`: what is acted on beside the phrase list, where things are written, and what is said of a bad file."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from launch import score as score_module
from launch.score import (
    BadSetError,
    NoFileError,
    NoPlaceError,
    ScoreFailedError,
    check_sets,
    phrase_list,
    pick_model,
    place_for,
    score,
    score_model,
)
from launch.settings import PROJECT, Settings

SET = 'version: "3.1"\nnlu:\n- intent: ask_cost\n  examples: |\n    - how much is it\n'


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(var_dir=tmp_path / "var")


def understood(text: str, intent: str, predicted: str, **chances: float) -> dict[str, Any]:
    return {"text": text, "intent": intent, "place": f"{PROJECT}/x.yml:5", "predicted": predicted, "chances": chances}


class Annex:
    """Rasa's side, with rows that it is given; remembers what it was asked."""

    def __init__(self, *rows: Mapping[str, Any]) -> None:
        self.rows = rows
        self.asked: list[tuple[str, Sequence[str], str]] = []

    def __call__(self, module: str, *words: str, given: str = "") -> None:
        self.asked.append((module, words, given))
        if module == "nlu.score" and "--out" in words:
            found = {"rows": self.rows, "milliseconds": [1.0] * len(self.rows)}
            Path(words[words.index("--out") + 1]).write_text(json.dumps(found))


@pytest.fixture
def annex(monkeypatch: pytest.MonkeyPatch) -> Annex:
    made = Annex(
        understood("how much", "ask_cost", "ask_cost", ask_cost=0.9, greet=0.1),
        understood("is it", "ask_cost", "nlu_fallback", ask_cost=0.3, out_of_scope=0.25),
        understood("he wont wake up", "medical_emergency", "greet", greet=0.8, medical_emergency=0.05),
        understood("bad thoughts", "risk_of_suicide", "mental_health_crisis", mental_health_crisis=0.7),
    )
    monkeypatch.setattr(score_module, "ask_annex", made)
    return made


def alarm(text: str) -> str | None:
    return "medical_emergency" if "wake" in text else None


def test_a_row_says_what_is_acted_on_and_whether_a_card_goes_out(annex: Annex) -> None:
    scored = score_model(Path("m.tar.gz"), [Path("x.yml")], alarm)
    assert scored.places[0] == "x.yml:5"
    assert [(row["predicted"], row["confidence"], row["alarm"]) for row in scored.report["rows"]] == [
        ("ask_cost", 0.9, False),
        ("nlu_fallback", 0.25, False),  # as likely as it is that the message is none of ours
        ("medical_emergency", 0.86, True),  # the phrase list goes before the model, and is mostly right
        ("mental_health_crisis", 0.7, True),  # the model saw it alone
    ]
    assert scored.report["accuracy"] == 0.5


def test_the_report_has_the_keys_of_the_contract_and_no_others(annex: Annex, settings: Settings) -> None:
    model = settings.var_dir.parent / "m.tar.gz"
    model.write_text("")
    out = settings.var_dir.parent / "new" / "report.json"
    score(settings, __file__, str(out), str(model))
    report = json.loads(out.read_text())
    assert set(report) == {
        "model", "examples", "accuracy", "macro_f1", "fallback_rate", "ece", "latency_ms", "intents", "rows",
    }  # fmt: skip
    assert set(report["rows"][0]) == {"text", "intent", "predicted", "confidence", "alarm"}
    assert report["model"] == "m.tar.gz"
    kinds = [(module, words[:1]) for module, words, _ in annex.asked]
    assert kinds == [("nlu.score", (__file__,)), ("nlu.score", ("--model",)), ("nlu.report", ("score",))]
    assert annex.asked[-1][1][-1] == str(out.with_suffix(".html"))


def test_our_own_phrase_list_is_asked() -> None:
    see = phrase_list()
    assert see("i want to kill myself") == "risk_of_suicide"
    assert see("how much is it") is None


def test_what_cannot_be_is_said_before_anything_is_trained(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(NoFileError, match="make score FILE="):
        score(settings, "", "report.json")
    with pytest.raises(NoPlaceError, match="cannot be written"):
        place_for(settings, str(tmp_path), "x.json")
    (tmp_path / "file").write_text("")
    with pytest.raises(NoPlaceError):
        place_for(settings, str(tmp_path / "file" / "report.json"), "x.json")
    assert place_for(settings, "", "x.json") == settings.var_dir / "reports" / "x.json"
    with pytest.raises(ScoreFailedError, match="no such model"):
        pick_model(settings, str(tmp_path / "none.tar.gz"))


def test_a_good_file_passes_and_a_bad_one_does_not(tmp_path: Path) -> None:
    (tmp_path / "good.yml").write_text(SET)
    check_sets([tmp_path / "good.yml"])
    (tmp_path / "bad.yml").write_text("nlu: [")
    with pytest.raises(BadSetError):
        check_sets([tmp_path / "bad.yml"])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "There is no such file"),
        ("", "There is no example in it"),
        ("nlu:\n", "There is no example in it"),
        ("nlu:\n- intent: a\n", "There is no example in it"),
        ("nlu:\n- intent: a\n examples: |\n    - b\n", "some.yml:3: This is not YAML"),
        ("just words\n", "This is not a Rasa NLU file"),
        ("- a\n- b\n", "This is not a Rasa NLU file"),
    ],
)
def test_a_bad_file_is_told_in_words_with_exit_code_2(tmp_path: Path, content: str | None, words: str) -> None:
    file = tmp_path / "some.yml"
    if content is not None:
        file.write_text(content)
    done = subprocess.run(
        [sys.executable, "-m", "launch", "score", file, tmp_path / "report.json"],
        cwd=PROJECT,
        env={"VAR_DIR": str(tmp_path / "var"), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "report.json").exists()
