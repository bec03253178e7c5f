"""The model cache: one training for the same files, a new one for any change, never a torn file."""

import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from launch import model as model_module
from launch.model import (
    KEPT,
    NOT_IN_IT,
    TRIES,
    FilesChangingError,
    TrainingFailedError,
    find_model,
    fingerprint,
    make_model,
)
from launch.settings import PROJECT


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small project with a file of each kind that makes a model."""
    for name in (
        "nlu/config.yml", "nlu/examples/booking.yml", "nlu/answers/booking.yml", "nlu/words/protected.txt",
        "nlu/components/classifier.py", "nlu/train.py", "nlu/requirements.lock", "stories/booking.yml",
        "nlu/channel.py",
    ):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "var" / "models"


def write(out: Path) -> None:
    out.write_text("a model")


def refuse(out: Path) -> None:
    out.write_text("half a mod")
    raise TrainingFailedError("no")


@pytest.mark.parametrize(
    "name",
    [
        "nlu/config.yml", "nlu/examples/booking.yml", "nlu/words/protected.txt", "nlu/components/classifier.py",
        "nlu/train.py", "nlu/requirements.lock", "stories/booking.yml",
    ],
)  # fmt: skip
def test_any_change_of_what_makes_it_asks_for_a_new_one(project: Path, models: Path, name: str) -> None:
    make_model(models, project, write)
    (project / name).write_text("changed")
    assert find_model(models, project) is None


def test_an_answer_may_say_something_else_without_a_new_one_but_a_new_answer_asks_for_it(project: Path) -> None:
    answers = project / "nlu/answers/booking.yml"
    answers.write_text("responses:\n  utter_booked:\n    - text: You have a place.\n")
    before = fingerprint(project)
    answers.write_text("responses:\n  utter_booked:\n    - text: You have it.\nnotices:\n  notice_x:\n    - text: X\n")
    assert fingerprint(project) == before
    answers.rename(answers.with_name("place.yml"))
    assert fingerprint(project) == before
    answers.with_name("place.yml").write_text("responses:\n  utter_booked:\n  utter_moved:\n")
    assert fingerprint(project) != before


def test_a_new_a_removed_and_a_renamed_file_are_changes(project: Path) -> None:
    seen = {fingerprint(project)}
    (project / "stories/new.yml").write_text("")
    seen.add(fingerprint(project))
    (project / "stories/new.yml").rename(project / "stories/other.yml")
    seen.add(fingerprint(project))
    (project / "nlu/config.yml").unlink()
    seen.add(fingerprint(project))
    assert len(seen) == 4


def test_what_only_serves_is_no_change(project: Path, models: Path) -> None:
    made = make_model(models, project, write)
    (project / "nlu/channel.py").write_text("changed")
    (project / "nlu/components/__pycache__").mkdir()
    (project / "nlu/components/__pycache__/classifier.pyc").write_text("x")
    assert find_model(models, project) == made


def test_what_is_left_out_of_the_hash_is_really_there() -> None:
    assert [name for name in NOT_IN_IT if not (PROJECT / name).exists()] == []


def test_the_same_files_are_trained_once_by_whoever_comes_first(project: Path, models: Path) -> None:
    trained: list[Path] = []
    together = threading.Barrier(4)

    def train(out: Path) -> None:
        trained.append(out)
        time.sleep(0.2)
        write(out)

    def ask(_: int) -> Path:
        together.wait(10)
        return make_model(models, project, train)

    with ThreadPoolExecutor(4) as pool:
        made = set(pool.map(ask, range(4)))
    assert len(made) == len(trained) == 1
    assert made.pop().read_text() == "a model"


def test_nobody_sees_a_model_before_it_is_whole(project: Path, models: Path) -> None:
    def train(out: Path) -> None:
        out.write_text("half a mod")
        assert find_model(models, project) is None
        write(out)

    assert make_model(models, project, train).read_text() == "a model"


def test_a_training_that_fails_leaves_nothing(project: Path, models: Path) -> None:
    with pytest.raises(TrainingFailedError):
        make_model(models, project, refuse)
    assert find_model(models, project) is None
    assert list(models.glob("*.gz")) == []


def test_files_edited_while_training_are_trained_again(
    project: Path, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trained: list[str] = []

    def train(out: Path) -> None:
        trained.append((project / "stories/booking.yml").read_text())
        (project / "stories/booking.yml").write_text("edited meanwhile")
        out.write_text(trained[-1])

    made = make_model(models, project, train)
    assert trained == ["stories/booking.yml", "edited meanwhile"]
    assert made == find_model(models, project)
    assert made.read_text() == "edited meanwhile"
    assert "changed while it was trained" in capsys.readouterr().out
    assert [each.name for each in models.glob("*.gz")] == [made.name]


def test_files_that_never_stand_still_end_in_words_and_leave_no_model(project: Path, models: Path) -> None:
    trained: list[Path] = []

    def train(out: Path) -> None:
        trained.append(out)
        (project / "stories/booking.yml").write_text(f"edit {len(trained)}")
        write(out)

    with pytest.raises(FilesChangingError, match="Finish editing"):
        make_model(models, project, train)
    assert len(trained) == TRIES
    assert list(models.glob("*.gz")) == []


def test_only_the_newest_few_are_kept(project: Path, models: Path) -> None:
    made = []
    for number in range(KEPT + 2):
        (project / "stories/booking.yml").write_text(str(number))
        made.append(make_model(models, project, write))
    assert [model.exists() for model in made] == [False, False] + [True] * KEPT


def test_one_that_is_used_again_counts_as_new(project: Path, models: Path) -> None:
    first = make_model(models, project, write)
    for number in range(KEPT - 1):
        (project / "stories/booking.yml").write_text(str(number))
        make_model(models, project, write)
    (project / "stories/booking.yml").write_text("stories/booking.yml")
    make_model(models, project, refuse)  # found, so not trained
    (project / "stories/booking.yml").write_text("yet another")
    make_model(models, project, write)
    assert first.exists()


def test_what_a_killed_training_left_is_cleared(project: Path, models: Path) -> None:
    models.mkdir(parents=True)
    left = [models / name for name in (".0123456789abcdef.77.tar.gz", ".vectors.npz.77", ".training-abc/unpacked/half")]
    left[-1].parent.mkdir(parents=True)
    for file in left:
        file.write_text("half")
    make_model(models, project, write)
    assert not [file for file in left if file.exists()]
    assert not (models / ".training-abc").exists()


def test_what_one_training_keeps_for_the_next_stays(project: Path, models: Path) -> None:
    models.mkdir(parents=True)
    kept = models / ".vectors.npz"
    kept.write_text("vectors")
    make_model(models, project, write)
    assert kept.exists()


def test_one_that_has_to_wait_for_another_training_says_so(
    project: Path, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slowly(out: Path) -> None:
        begun.set()
        go_on.wait(10)
        write(out)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(make_model, models, project, slowly)
        begun.wait(10)
        second = pool.submit(make_model, models, project, refuse)
        until = time.monotonic() + 10
        while not (said := capsys.readouterr().out) and time.monotonic() < until:
            time.sleep(0.01)
        go_on.set()
        assert first.result() == second.result()
    assert said == "Another training is under way here. Waiting until it has ended …\n"


def test_training_that_cannot_even_start_is_said(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_module, "RASA_PYTHON", Path(shutil.which("false") or "/bin/false"))
    with pytest.raises(TrainingFailedError):
        make_model(models, tmp_path)
