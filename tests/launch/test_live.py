"""The pointer to the live model: whole at every moment, put back whole, and what a start makes of it."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from launch import choice
from launch.choice import choose_model
from launch.fitness import About
from launch.live import DamagedPointerError, Live, NothingBeforeError, PointerMovedError, mark_of
from launch.model import KEPT, make_model
from launch.serving import Place, all_serving
from launch.settings import Settings, read_settings
from programme.rules.live import Objection, Why

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


def a_model(settings: Settings, name: str) -> Path:
    model = settings.models / f"{name}.tar.gz"
    model.write_text(f"the model {name}")
    return model


# The pointer ---------------------------------------------------------------------------------------------------------


def test_at_first_nothing_is_live(live: Live) -> None:
    assert live.read() is None
    with pytest.raises(NothingBeforeError):
        live.before()


def test_what_is_live_says_since_when_by_whom_and_why(settings: Settings, live: Live) -> None:
    a = a_model(settings, "a")
    live.begin(a, "the first")
    told = json.loads((settings.models / "live.json").read_text())
    assert (told["live"]["model"], told["by"], told["why"], told["pinned"]) == (
        "a.tar.gz",
        "somebody",
        "the first",
        False,
    )
    assert told["live"]["sha256"] == mark_of(a).sha256
    assert datetime.fromisoformat(told["at"]) == NOW


def test_a_trial_moves_nothing_until_it_is_settled(settings: Settings, live: Live) -> None:
    a, b = mark_of(a_model(settings, "a")), mark_of(a_model(settings, "b"))
    live.begin(live.path(a), "")
    tried = live.try_out(b, 60, "")
    assert (tried.live, tried.tried(NOW)) == (a, b)
    assert tried.tried(NOW + timedelta(seconds=61)) is None
    settled = live.settle(tried.number, "")
    assert (settled.live, settled.previous, settled.trial, settled.pinned) == (b, a, None, True)


def test_giving_up_a_trial_leaves_what_was(settings: Settings, live: Live) -> None:
    a, b = mark_of(a_model(settings, "a")), mark_of(a_model(settings, "b"))
    live.begin(live.path(a), "")
    tried = live.try_out(b, 60, "")
    given_up = live.give_up(tried.number, "broken")
    assert given_up is not None
    assert (given_up.live, given_up.previous, given_up.trial, given_up.pinned) == (a, None, None, False)


def test_giving_up_what_was_settled_restores_all_of_it(settings: Settings, live: Live) -> None:
    a, b, c = (mark_of(a_model(settings, name)) for name in "abc")
    live.begin(live.path(a), "")
    live.begin(live.path(b), "")
    settled = live.settle(live.try_out(c, 60, "").number, "")
    back = live.give_up(settled.number, "it ended")
    assert back is not None
    assert (back.live, back.previous, back.pinned, back.why) == (b, a, False, "it ended")
    assert live.read() == back


def test_a_step_of_another_time_changes_nothing(settings: Settings, live: Live) -> None:
    a, b = mark_of(a_model(settings, "a")), mark_of(a_model(settings, "b"))
    live.begin(live.path(a), "")
    tried = live.try_out(b, 60, "")
    live.give_up(tried.number, "")
    before = live.read()
    assert live.give_up(tried.number, "late") is None
    with pytest.raises(PointerMovedError):
        live.settle(tried.number, "late")
    assert live.read() == before


def test_going_back_twice_ends_where_it_began(settings: Settings, live: Live) -> None:
    a, b = mark_of(a_model(settings, "a")), mark_of(a_model(settings, "b"))
    live.begin(live.path(a), "")
    live.settle(live.try_out(b, 60, "").number, "")
    for expected in (a, b, a):
        assert live.before() == expected
        assert live.settle(live.try_out(live.before(), 60, "").number, "").live == expected


def test_many_changes_at_once_are_made_one_after_the_other(settings: Settings, live: Live) -> None:
    marks = [mark_of(a_model(settings, f"m{number}")) for number in range(8)]
    live.begin(live.path(marks[0]), "")
    torn: list[Exception] = []
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            try:
                live.read()
            except DamagedPointerError as error:
                torn.append(error)

    reader = threading.Thread(target=look)
    reader.start()
    with ThreadPoolExecutor(8) as pool:
        numbers = sorted(
            one.number for one in pool.map(lambda mark: Live(settings.models).try_out(mark, 60, ""), marks)
        )
    done.set()
    reader.join()
    assert numbers == list(range(2, 10))
    assert not torn
    assert list(settings.models.glob("*.new")) == []


@pytest.mark.parametrize("content", ["", "{", "[]", '{"number": 1}', "\x00\x01"])
def test_a_damaged_pointer_is_an_error_and_its_last_state_is_known(
    settings: Settings, live: Live, content: str
) -> None:
    pointer = live.begin(a_model(settings, "a"), "")
    (settings.models / "live.json").write_text(content)
    with pytest.raises(DamagedPointerError):
        live.read()
    assert live.last() == pointer
    assert not live.is_whole()


def test_a_change_mends_a_damaged_pointer_and_numbers_go_on(settings: Settings, live: Live) -> None:
    a = a_model(settings, "a")
    live.begin(a, "")
    live.begin(a_model(settings, "b"), "")
    (settings.models / "live.json").write_text("{")
    assert live.begin(a, "").number == 3
    assert live.is_whole()


def test_what_is_live_or_was_before_it_is_never_cleared_away(settings: Settings, live: Live, tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "nlu").mkdir(parents=True)

    def make(content: str) -> Path:
        (project / "nlu" / "config.yml").write_text(content)
        return make_model(settings.models, project, lambda out: out.write_text(content) and None)

    first, second = make("1"), make("2")
    live.begin(first, "")
    live.begin(second, "")
    made = [make(str(number)) for number in range(3, KEPT + 5)]
    assert first.exists()
    assert second.exists()
    assert made[-1].exists()
    assert len(list(settings.models.glob("*.tar.gz"))) == KEPT


# Who serves ----------------------------------------------------------------------------------------------------------


def test_who_serves_is_known_as_long_as_they_live(settings: Settings) -> None:
    first, second = Place(settings.models, "here"), Place(settings.models, "there")
    second.tell(model="b.tar.gz", number=3)
    assert {(one.address, one.model) for one in all_serving(settings.models)} == {("here", ""), ("there", "b.tar.gz")}
    first.close()
    assert [one.address for one in all_serving(settings.models)] == ["there"]
    second.close()


def test_what_a_killed_one_left_does_not_count(settings: Settings) -> None:
    place = Place(settings.models)
    assert place._lock is not None
    place._lock.close()  # as the kernel does it for whoever is killed
    assert all_serving(settings.models) == []
    assert list((settings.models / "serving").iterdir()) == []


# What a start makes of it --------------------------------------------------------------------------------------------


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def files(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The name of the model of the files, and what stands against models by name."""
    given = {"newest": "files"}

    def find(_models: Path) -> Path | None:
        model = settings.models / f"{given['newest']}.tar.gz"
        return model if model.exists() else None

    def look(models: list[Path]) -> list[About]:
        return [About(given.get(model.name.partition(".")[0], "")) for model in models]

    monkeypatch.setattr(choice, "find_model", find)
    monkeypatch.setattr(choice, "make_model", lambda _models: find(_models) or a_model(settings, given["newest"]))
    monkeypatch.setattr(choice, "look_at", look)
    monkeypatch.setattr(choice, "objections", lambda _about: [])
    return given


def chosen(settings: Settings, live: Live, said: list[str], is_sample: bool = True) -> str:
    mark = choose_model(settings, live, said.append, is_sample)
    pointer = live.read()
    assert pointer is not None
    assert pointer.live == mark  # what serves and what the pointer says are never two things
    return mark.model


def test_the_first_model_becomes_live_by_itself(
    settings: Settings, live: Live, files: dict[str, str], said: list[str]
) -> None:
    assert chosen(settings, live, said) == "files.tar.gz"
    assert said == ["4 of 4: training the model of what it understands, about a minute …"]


def test_on_sample_data_the_files_lead_until_somebody_puts_a_model_live(
    settings: Settings, live: Live, files: dict[str, str], said: list[str]
) -> None:
    chosen(settings, live, said)
    files["newest"] = "edited"
    assert chosen(settings, live, said) == "edited.tar.gz"
    live.begin(settings.models / "edited.tar.gz", "put live", pinned=True)
    files["newest"] = "edited-again"
    said.clear()
    assert chosen(settings, live, said) == "edited.tar.gz"
    assert "make live" in said[-1]
    live.let_follow()
    assert chosen(settings, live, said) == "edited-again.tar.gz"


def test_a_real_programme_keeps_its_model_whatever_the_files_say(
    settings: Settings, live: Live, files: dict[str, str], said: list[str]
) -> None:
    chosen(settings, live, said, is_sample=False)
    files["newest"] = "edited"
    assert chosen(settings, live, said, is_sample=False) == "files.tar.gz"


def test_a_start_beside_another_does_not_change_its_model(
    settings: Settings, live: Live, files: dict[str, str], said: list[str]
) -> None:
    chosen(settings, live, said)
    place = Place(settings.models)
    files["newest"] = "edited"
    assert chosen(settings, live, said) == "files.tar.gz"
    place.close()
    assert chosen(settings, live, said) == "edited.tar.gz"


@pytest.fixture
def two(settings: Settings, live: Live) -> Iterator[None]:
    """Somebody put "new" live, "old" was before it."""
    live.begin(a_model(settings, "old"), "")
    live.settle(live.try_out(mark_of(a_model(settings, "new")), 60, "").number, "")
    yield


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("gone", "its file is gone"),
        ("changed", "its file is damaged: it is not what went live"),
        ("other code", "trained by other code"),
    ],
)
def test_a_live_model_that_cannot_be_used_gives_way_to_the_one_before_it(
    settings: Settings, live: Live, files: dict[str, str], said: list[str], damage: str, words: str
) -> None:
    if damage == "gone":
        (settings.models / "new.tar.gz").unlink()
    elif damage == "changed":
        (settings.models / "new.tar.gz").write_text("something else")
    else:
        files["new"] = "The model was trained by other code"
    assert chosen(settings, live, said) == "old.tar.gz"
    assert words in said[0]
    assert said[1] == "The model before it is live again: old.tar.gz"
    said.clear()
    assert chosen(settings, live, said) == "old.tar.gz"  # mended: it is not said again
    assert "cannot be used" not in "".join(said)


@pytest.mark.usefixtures("two")
def test_where_neither_can_be_used_it_is_that_of_the_files(
    settings: Settings, live: Live, files: dict[str, str], said: list[str]
) -> None:
    files |= {"new": "trained by other code", "old": "trained by other code"}
    assert chosen(settings, live, said) == "files.tar.gz"
    assert [line for line in said if "cannot be used" in line] == [
        "The model new.tar.gz cannot be used: trained by other code",
        "The model old.tar.gz cannot be used: trained by other code",
    ]
    assert said[-1] == "Live is now the model of the files as they are: files.tar.gz"


@pytest.mark.usefixtures("two")
def test_a_domain_that_lacks_what_is_in_use_is_refused_by_name(
    settings: Settings, live: Live, files: dict[str, str], said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choice, "objections", lambda _about: [Objection(Why.LACKS, "goal", "slots")])
    assert chosen(settings, live, said) == "files.tar.gz"
    assert said[0] == "The model new.tar.gz cannot be used: its domain lacks goal (slots), which is in use."


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("how", ["damaged", "gone"])
def test_a_damaged_pointer_is_mended_aloud(
    settings: Settings, live: Live, files: dict[str, str], said: list[str], how: str
) -> None:
    pointer = settings.models / "live.json"
    pointer.write_text("{") if how == "damaged" else pointer.unlink()
    assert chosen(settings, live, said) == "new.tar.gz"
    assert said[0].startswith("The file that says which model is live was damaged or gone.")
    assert live.is_whole()
