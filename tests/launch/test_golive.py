"""Going live by the rules: which model is meant, what is asked of it, what a refusal says; what models there are."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from launch import golive
from launch.fitness import About
from launch.golive import NotLiveError, find_candidate, go_live
from launch.live import Live, Mark, mark_of
from launch.settings import Settings, read_settings
from programme.rules.live import Objection, Why
from tests.launch.test_live import a_model

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = read_settings({"VAR_DIR": str(tmp_path / "var")})
    settings.make_var_dir()
    settings.models.mkdir()
    return settings


@pytest.fixture
def live(settings: Settings) -> Live:
    return Live(settings.models, by="somebody", clock=lambda: NOW)


@pytest.fixture
def said() -> list[str]:
    return []


# Which model is meant ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("named", ["abc123", "abc123.tar.gz", "abc"])
def test_a_model_is_named_by_its_name_or_the_beginning_of_it(settings: Settings, named: str) -> None:
    model = a_model(settings, "abc123")
    a_model(settings, "abd")
    assert find_candidate(settings, named) == model


@pytest.mark.parametrize("named", ["ab", "xyz"])
def test_what_names_none_or_several_is_refused_with_what_there_is(settings: Settings, named: str) -> None:
    a_model(settings, "abc")
    a_model(settings, "abd")
    with pytest.raises(NotLiveError, match=r"There is no such model: .* There are: abc\.tar\.gz, abd\.tar\.gz"):
        find_candidate(settings, named)


def test_a_model_from_elsewhere_is_taken_in_under_its_hash(settings: Settings, tmp_path: Path) -> None:
    elsewhere = tmp_path / "20261123-lively-model.tar.gz"
    elsewhere.write_text("trained by rasa train")
    taken = find_candidate(settings, str(elsewhere))
    assert taken == settings.models / f"{mark_of(elsewhere).sha256[:16]}.tar.gz"
    assert taken.read_text() == "trained by rasa train"


def test_files_that_were_not_trained_yet_are_said(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(golive, "find_model", lambda _models: None)
    with pytest.raises(NotLiveError, match="make train"):
        find_candidate(settings, "")


# Going live ----------------------------------------------------------------------------------------------------------


def compared(*against: str) -> dict[str, object]:
    """A comparison that finds this."""
    group = {"of": 2, "live": 2, "candidate": 2 - len(against)}
    verdict = {"may_go_live": not against, "margin": 0.5, "against": list(against)}
    return {
        "page": "page.html",
        "verdict": {**verdict, "dangers": group, "consequences": group, "elsewhere": group},
    }


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What the comparison finds, and beside it what was done."""
    given: dict[str, list[str]] = {"against": [], "unfit": [], "done": []}

    def compare(_settings: Settings, live: Path, candidate: Path, _sets: object, briefly: bool) -> dict[str, object]:
        given["done"].append(f"compared {live.name} {candidate.name}")
        return compared(*given["against"])

    def roll_out(live: Live, mark: Mark, _seconds: float, why: str, _say: object) -> None:
        given["done"].append(f"rolled out {mark.model}")
        live.begin(live.path(mark), why, pinned=True)

    monkeypatch.setattr(golive, "compare_on", compare)
    monkeypatch.setattr(golive, "roll_out", roll_out)
    monkeypatch.setattr(golive, "objections", lambda *_: [Objection(Why.LACKS, one, "slots") for one in given["unfit"]])
    monkeypatch.setattr(golive, "look_at", lambda models: [About("") for _ in models])
    return given


def test_a_model_goes_live_after_it_was_compared(
    settings: Settings, live: Live, found: dict[str, list[str]], said: list[str]
) -> None:
    live.begin(a_model(settings, "old"), "")
    a_model(settings, "new")
    told = go_live(settings, "new", said.append)
    assert found["done"] == ["compared old.tar.gz new.tar.gz", "rolled out new.tar.gz"]
    assert (told["live"], told["previous"], told["compared"]["page"]) == ("new.tar.gz", "old.tar.gz", "page.html")
    assert [line[:7] for line in said if " of 3: " in line] == ["1 of 3:", "2 of 3:", "3 of 3:"]
    assert "   danger noticed         2 of 2 (100.0%) -> 2 of 2 (100.0%)   none may be lost" in said


@pytest.mark.parametrize("kind", ["against", "unfit"])
def test_whatever_is_found_keeps_it_from_going_live(
    settings: Settings, live: Live, found: dict[str, list[str]], said: list[str], kind: str
) -> None:
    before = live.begin(a_model(settings, "old"), "")
    a_model(settings, "new")
    found[kind] = ["goal"]
    with pytest.raises(NotLiveError) as refused:
        go_live(settings, "new", said.append)
    words = {"against": "goal", "unfit": "its domain lacks goal (slots), which is in use"}[kind]
    assert refused.value.result["against"] == [words]
    assert refused.value.result["compared"]["page"] == "page.html"
    assert said[-2:] == ["Not put live. 1 thing stands against it:", f" - {words}"]
    assert found["done"] == ["compared old.tar.gz new.tar.gz"]
    assert live.read() == before


def test_the_live_model_stays_live_from_now_on(
    settings: Settings, live: Live, found: dict[str, list[str]], said: list[str]
) -> None:
    live.begin(a_model(settings, "old"), "")
    assert go_live(settings, "old", said.append) == {"live": "old.tar.gz", "previous": None}
    assert found["done"] == []
    pointer = live.read()
    assert pointer is not None
    assert pointer.pinned


def test_what_there_is_is_told_by_name(settings: Settings, live: Live, found: dict[str, list[str]]) -> None:
    live.begin(a_model(settings, "old"), "")
    live.begin(a_model(settings, "new"), "", pinned=True)
    a_model(settings, "other")
    said: list[str] = []
    told = golive.list_models(settings, said.append)
    marks = {one["model"]: (one["live"], one["previous"], one["notes"]) for one in told["models"]}
    assert marks == {
        "new.tar.gz": (True, False, ["LIVE"]),
        "old.tar.gz": (False, True, ["before it"]),
        "other.tar.gz": (False, False, []),
    }
    assert len(said) == 3
    assert told["processes"] == []
