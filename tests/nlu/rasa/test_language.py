"""What `make check-language` finds, each in a small project that was spoilt in one place."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nlu.components.encoder import Encoder
from nlu.components.normaliser import normalise
from nlu.language import vectors as vectors_module
from nlu.language.coverage import check_coverage
from nlu.language.doubles import check_doubles, check_likeness, plain
from nlu.language.finding import Finding, read_limits, read_words, tell
from nlu.language.labels import check_labels, find_doubts, judge_unseen
from nlu.language.personal import check_personal
from nlu.language.project import Project
from nlu.language.style import check_style, reading_age
from nlu.language.vectors import read_vectors
from nlu.sets import Example
from nlu.sources import ALLOWED, Sources, inspect

ROOT = Path(__file__).parents[3]
BOT = Path(__file__).parent / "data" / "bot"
WORDS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]


def many(intent: str, count: int, voice: str) -> str:
    """Examples that have nothing in common but the voice's name at their end."""
    lines = "".join(f"    - {intent[:3]}{n} {WORDS[n % 10]}{n} {voice}\n" for n in range(count))
    return f"- intent: {intent}\n  examples: |\n{lines}"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small project with which all is well."""
    files = {
        "nlu/intents.yml": "talk:\n  greet: {means: says hello}\n  risk_of_suicide: {means: wants to die}\n"
        "  ask_cost: {means: what it costs}\n",
        "nlu/domain.yml": "intents: [greet, ask_cost, risk_of_suicide]\nactions: [action_danger]\n",
        "nlu/answers/all.yml": "responses:\n  utter_greet:\n  - text: Hello.\n"
        "  utter_ask_cost:\n  - text: It is free.\n",
        "nlu/answers/help_lines.yml": "help_lines:\n  release_phone: {value: 020 7324 2989}\n",
        "stories/all.yml": "rules:\n- rule: hello\n  steps:\n  - intent: greet\n  - action: utter_greet\n"
        "- rule: cost\n  steps:\n  - intent: ask_cost\n  - action: utter_ask_cost\n"
        "- rule: danger\n  steps:\n  - intent: risk_of_suicide\n  - action: action_danger\n",
        "nlu/examples/all.yml": "nlu:\n"
        + many("greet", 40, "a")
        + many("ask_cost", 80, "a")
        + many("risk_of_suicide", 150, "a"),
        "tests/nlu/all.yml": "nlu:\n"
        + many("greet", 12, "b")
        + many("ask_cost", 12, "b")
        + many("risk_of_suicide", 60, "b"),
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    return tmp_path


def edit(project: Path, name: str, old: str, new: str) -> None:
    text = (project / name).read_text()
    assert old in text
    (project / name).write_text(text.replace(old, new, 1))


def found(root: Path) -> list[Finding]:
    """Everything that needs no model."""
    project = Project.read(root)
    checks = (check_coverage(project), check_doubles(project.training, project.tests), check_personal(project))
    return [*project.findings, *(one for check in (*checks, check_style(project)) for one in check)]


def example(text: str, intent: str, line: int = 1) -> Example:
    return Example(text, intent, Path("nlu/examples/x.yml"), line)


def test_with_a_good_project_nothing_is_wrong(project: Path) -> None:
    assert list(map(str, found(project))) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "kind", "place"),
    [
        ("nlu/intents.yml", "means: says hello", "not: x", "no_meaning", "nlu/intents.yml:2"),
        ("nlu/intents.yml", "  greet: {means: says hello}\n", "", "not_in_guide", "nlu/examples/all.yml:4"),
        ("nlu/domain.yml", "greet, ", "", "not_in_domain", "nlu/intents.yml:2"),
        ("stories/all.yml", "intent: greet", "intent: ask_cost", "no_rule", "nlu/intents.yml:2"),
        ("stories/all.yml", "  - action: utter_greet\n", "", "no_answer", "stories/all.yml:4"),
        ("stories/all.yml", "utter_greet", "utter_gone", "unknown_answer", "stories/all.yml:4"),
        ("stories/all.yml", "action_danger", "action_gone", "unknown_action", "stories/all.yml:12"),
        ("nlu/examples/all.yml", "    - gre0 one0 a\n", "", "too_few", "nlu/examples/all.yml:42"),
        ("nlu/examples/all.yml", "    - ris0 one0 a\n", "", "too_few", "nlu/examples/all.yml:276"),
        ("tests/nlu/all.yml", "    - ris0 one0 b\n", "", "too_few_tests", "tests/nlu/all.yml:90"),
        ("nlu/examples/all.yml", "- ask1 two1 a", "- GRE3, four3 a!", "two_intents", "nlu/examples/all.yml:47"),
        ("nlu/examples/all.yml", "- ask1 two1 a", "- ask2  THREE2 b", "in_test_too", "nlu/examples/all.yml:47"),
        ("nlu/examples/all.yml", "- ask1 two1 a", "- ask3 four3 a?", "twice", "nlu/examples/all.yml:49"),
        ("nlu/examples/all.yml", "- ask1 two1 a", "ask1 two1 a", "stray", "nlu/examples/all.yml:47"),
        ("nlu/examples/all.yml", "- ask1 two1 a", "- its 07911 123456", "phone", "nlu/examples/all.yml:47"),
        ("tests/nlu/all.yml", "- ask1 two1 b", "- im a.person@gmail.com", "email", "tests/nlu/all.yml:19"),
        ("nlu/examples/all.yml", "- ask1 two1 a", "- i live at sw1a 1aa", "postcode", "nlu/examples/all.yml:47"),
        ("nlu/examples/all.yml", "- ask1 two1 a", f"- {'word ' * 61}", "long_example", "nlu/examples/all.yml:47"),
        ("nlu/answers/all.yml", "It is free.", "It is free. " * 60, "long_answer", "nlu/answers/all.yml:4"),
        ("nlu/answers/all.yml", "- text: Hello.", "- text: [", "unreadable", "nlu/answers/all.yml:5"),
        ("nlu/examples/all.yml", "nlu:", "nlu: {", "unreadable", "nlu/examples/all.yml:"),
    ],
)
def test_what_is_wrong_is_told_with_the_line_to_look_at(
    project: Path, name: str, old: str, new: str, kind: str, place: str
) -> None:
    edit(project, name, old, new)
    told = [str(one) for one in found(project) if one.kind == kind]
    assert told, list(map(str, found(project)))
    assert any(line.startswith(place) for line in told), told
    assert all(line.count(": ") >= 2 for line in told)  # where: what: what to do


def test_nothing_has_words_that_is_never_found() -> None:
    source = "".join(file.read_text() for file in (ROOT / "nlu/language").glob("*.py"))
    for kind in read_words()["findings"]:
        assert f'"{kind}"' in source, kind


@pytest.mark.parametrize(
    "line",
    [
        "call me on 07700 900123",
        "+44 7700 900 123 is mine",
        "07700-900-999",
        "release is 020 7324 2989",
        "my ref is TVP-4F7K-92",
        "t v p 4 f 7 k 9 2",
        "im a@example.org or b@mail.example.com",
        "born 14/03/1990 or 14 03 1990",
        "im in RG1 or sl6",
        "i can do m4 2nd of may",
        "at b4 7am",
        "QQ123456C",
        "the 10 15 and the 10 45",
    ],
)
def test_what_belongs_to_nobody_may_stand_there(project: Path, line: str) -> None:
    edit(project, "nlu/examples/all.yml", "- ask1 two1 a", f"- {line}")
    assert list(map(str, check_personal(Project.read(project)))) == []


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("ring 01865 722 900 mate", "phone"),
        ("(020) 7946 1234", "phone"),
        ("+447911123456", "phone"),
        ("00447911123456", "phone"),
        ("+48 601 234 567", "phone"),
        ("07700 901123", "phone"),
        ("first.last+x@druglink.co", "email"),
        ("OX4 1AB", "postcode"),
        ("ab123456c", "insurance_number"),
        ("card 4929 1234 5678 9012", "long_number"),
    ],
)
def test_what_may_be_somebodys_is_found(project: Path, line: str, kind: str) -> None:
    edit(project, "nlu/examples/all.yml", "- ask1 two1 a", f"- {line}")
    assert [one.kind for one in check_personal(Project.read(project))] == [kind]


def test_a_text_is_the_same_whatever_its_marks() -> None:
    assert plain("He's  FITTING!!") == plain("hes fitting") == "hes fitting"
    assert plain("👍") == "👍"
    assert plain("it's") != plain("it is")


def test_nearly_the_same_is_told_the_likest_first() -> None:
    training = [
        example("is it a record", "a", 1),
        example("will it show", "b", 2),
        example("far away from all", "b", 3),
    ]
    tests = [Example("is it on record", "a", Path("tests/nlu/x.yml"), 9)]
    rows = np.array([[1.0, 0.0, 0.0], [0.95, 0.3122, 0.0], [0.0, 0.0, 1.0], [0.99, 0.1411, 0.0]], np.float32)
    halves = np.concatenate([rows, rows], axis=1)
    told = [(one.kind, one.line, one.values["other"]) for one in check_likeness(training, tests, halves)]
    assert told == [
        ("near", 2, "tests/nlu/x.yml:9"),
        ("near", 1, "nlu/examples/x.yml:2"),
        ("near_test", 1, "tests/nlu/x.yml:9"),
    ]


def test_the_same_letters_need_less_likeness() -> None:
    training = [example("evenings", "a"), example("evening", "b")]
    rows = np.array([[1.0, 0.0], [0.85, 0.5268]], np.float32)
    assert [one.kind for one in check_likeness(training, [], np.concatenate([rows, rows], axis=1))] == ["near"]
    other = [example("evenings", "a"), example("daytime", "b")]
    assert not list(check_likeness(other, [], np.concatenate([rows, rows], axis=1)))


@pytest.fixture
def clouds() -> tuple[list[Example], np.ndarray]:
    """Three intents that lie apart, and two examples under the wrong one."""
    chance = np.random.RandomState(7)
    labels = np.repeat(np.arange(3), 40)
    rows = np.eye(3, 16)[labels] * 3 + chance.normal(0, 0.4, (120, 16))
    labels[[5, 50]] = [2, 0]
    return [example(f"text {n}", "abc"[label], n) for n, label in enumerate(labels)], rows.astype(np.float32)


def test_a_wrong_label_is_found_and_a_right_one_is_not(
    clouds: tuple[list[Example], np.ndarray], tmp_path: Path
) -> None:
    training, rows = clouds
    told = list(check_labels(training, rows, tmp_path))
    assert {(one.line, one.values["intent"], one.values["other_intent"]) for one in told} == {
        (5, "c", "a"),
        (50, "a", "b"),
    }
    assert not any(one.fails for one in told)


def test_doubts_are_worked_out_once(
    clouds: tuple[list[Example], np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training, rows = clouds
    first = list(check_labels(training, rows, tmp_path))
    monkeypatch.setattr("nlu.language.labels.judge_unseen", lambda *_: pytest.fail("again"))
    assert list(check_labels(training, rows, tmp_path)) == first
    (tmp_path / "doubtful.json").write_text("{")
    with pytest.raises(pytest.fail.Exception):
        list(check_labels(training, rows, tmp_path))


def test_each_example_is_judged_by_those_that_have_not_seen_it(clouds: tuple[list[Example], np.ndarray]) -> None:
    _, rows = clouds
    labels = np.random.RandomState(1).randint(0, 3, 120)  # labels that mean nothing cannot be foretold
    right = (judge_unseen(labels, rows).argmax(axis=1) == labels).mean()
    assert right < 0.55


def test_confident_learning_by_hand() -> None:
    labels = np.array([0, 0, 0, 1, 1])
    chances = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.3, 0.7], [0.2, 0.8]])
    # usual: .6 for the first label, .75 for the second; only the third row is confidently the other
    assert find_doubts(labels, chances, 0.3) == [(2, 1, pytest.approx(0.9), pytest.approx(0.1))]
    assert find_doubts(labels, chances, 0.85) == []


def test_vectors_are_worked_out_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    class Counting:
        def __init__(self, keep: Path | None) -> None:
            assert keep is None

        def encode_all(self, texts: list[str]) -> np.ndarray:
            asked.append(texts)
            return np.array([[len(text)] * 768 for text in texts], np.float32)

    monkeypatch.setattr(vectors_module, "Encoder", Counting)
    first = read_vectors(["one", "three", "one"], tmp_path / "new")
    assert first.shape == (3, 768)
    assert list(first[:, 0]) == [3, 5, 3]
    again = read_vectors(["three", "fourteen"], tmp_path / "new")
    assert list(again[:, 0]) == [5, 8]
    assert asked == [["one", "three"], ["fourteen"]]
    (tmp_path / "new" / "vectors.npz").write_bytes(b"PK\x03\x04 cut short")
    assert list(read_vectors(["three"], tmp_path / "new")[:, 0]) == [5]


def test_a_training_takes_the_vectors_that_were_worked_out_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts, kept = ["what does it cost", "whats the point anymore"], tmp_path / "kept.npz"
    first = read_vectors(texts, tmp_path / "first", kept)
    begun = kept.read_bytes()
    monkeypatch.setattr(Encoder, "encode", lambda *_: pytest.fail("worked out twice"))
    again = Encoder(kept).encode_all([normalise(text) for text in texts])
    assert np.allclose(first, again, atol=1e-3)  # ours are kept in half the bits
    assert np.allclose(read_vectors(texts, tmp_path / "second", kept), again, atol=1e-3)
    assert kept.read_bytes() == begun, "what a training left is the trainings' own"


def test_examples_that_are_alike_are_smelt() -> None:
    mine = [example(f"can i get {word} please", "ask_cost", n) for n, word in enumerate(WORDS, 1)]
    other = [example(f"{word} {word}ty {word}teen hundred", "greet", n) for n, word in enumerate(WORDS)]
    project = Project(Path(), {}, set(), set(), {}, [], [*mine, *other], [], [])
    told = [(one.kind, one.line, one.values["text"], one.values["count"]) for one in check_style(project)]
    assert told == [
        ("same_beginning", 1, "can i get", 10),
        ("one_word_apart", 1, "can i get … please", 10),
    ]


def test_a_reading_age() -> None:
    assert reading_age("Too short to say.") is None
    easy = reading_age("You can come by bus. The bus stops by the door. You do not have to pay. We will help you.")
    hard = reading_age(
        "Participation necessitates considerable administrative preparation, notwithstanding organisational "
        "circumstances that practitioners occasionally characterise as disproportionate or unsatisfactory."
    )
    assert easy is not None
    assert hard is not None
    assert easy < 9 < read_limits()["reading_age"] < hard


def test_errors_come_first_and_warnings_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    warnings = [Finding("b.yml", n, "long_example", {"count": 70}) for n in range(1, 21)]
    error = Finding("z.yml", 3, "stray")
    lines, errors, thoughts = tell([*warnings, error, error])
    assert (errors, thoughts) == (1, 20)
    assert lines[1].startswith("z.yml:3: ")
    shown = read_limits()["shown"]
    assert sum(line.startswith("b.yml:") for line in lines) == shown
    assert f"{20 - shown} more" in lines[-1]
    lines, *_ = tell(warnings, everything=True)
    assert sum(line.startswith("b.yml:") for line in lines) == 20


def test_what_rasa_warns_about_is_told_unless_it_is_meant(tmp_path: Path) -> None:
    bot = Path(shutil.copytree(BOT, tmp_path / "bot"))
    sources = Sources(str(bot / "nlu/config.yml"), str(bot / "nlu"), [str(bot / "nlu/examples"), str(bot / "stories")])
    assert inspect(sources) == []
    examples = bot / "nlu/examples/all.yml"
    examples.write_text(examples.read_text().replace("- intent: greet\n", "- intent: gret\n", 1))
    told = inspect(sources)
    assert any("gret" in line and f"{examples}:" in line for line in told), told
    assert all(reason for reason in ALLOWED.values())
    examples.write_text("nlu: [")
    assert inspect(sources)


def test_the_command_line_ends_with_one_where_something_is_to_be_put_right(project: Path) -> None:
    """In a project without a pipeline: that alone is an error, told by Rasa."""
    done = subprocess.run(
        [sys.executable, "-m", "nlu.language", "--cache", str(project / "cache")],
        cwd=project,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "Rasa does not accept this: nlu/config.yml is missing." in done.stdout
    assert "270 examples and 84 test messages of 3 intents." in done.stdout
    assert done.stdout.splitlines()[-1].startswith("1 to put right")
