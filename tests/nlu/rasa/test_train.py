"""Training: what it refuses, with the file and the line, and that the same files give the same model."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
BOT = Path(__file__).parent / "data" / "bot"


@pytest.fixture
def bot(tmp_path: Path) -> Path:
    """A copy of the small bot, to be spoilt."""
    return Path(shutil.copytree(BOT, tmp_path / "bot"))


def train(bot: Path, out: Path) -> subprocess.CompletedProcess[str]:
    """Train as `make train` does, from the project's folder."""
    places = [
        "--config",
        bot / "nlu/config.yml",
        "--domain",
        bot / "nlu",
        "--data",
        bot / "nlu/examples",
        bot / "stories",
    ]
    return subprocess.run(
        list(map(str, [sys.executable, "-m", "nlu.launcher", "train", "--out", out, *places])),
        cwd=ROOT,
        text=True,
        capture_output=True,
        check=False,
        timeout=120,
        env={name: value for name, value in os.environ.items() if name != "PYTHONHASHSEED"},
    )


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def contents(model: Path) -> dict[str, bytes]:
    """What a model is made of; not its name tag, which has the time and a number of its own."""
    with tarfile.open(model) as archive:
        files = [member for member in archive.getmembers() if member.isfile()]
        return {one.name: archive.extractfile(one).read() for one in files if one.name != "metadata.json"}


def test_a_model_is_trained_with_lines_that_a_person_can_follow(bot, tmp_path):
    done = train(bot, tmp_path / "deep" / "model.tar.gz")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("Reading ")
    assert "12 intents, 21 examples, 13 rules, 0 stories, 6 answers" in lines[1]
    assert any("RulePolicy trained in" in line for line in lines)
    assert lines[-1].startswith(f"Model: {tmp_path}/deep/model.tar.gz")
    assert len(lines) < 12
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["model.tar.gz"]


def test_the_same_files_give_the_same_model(bot, tmp_path):
    for name in ("one.tar.gz", "two.tar.gz"):
        assert train(bot, tmp_path / name).returncode == 0
    assert contents(tmp_path / "one.tar.gz") == contents(tmp_path / "two.tar.gz")


def spoil_yaml(bot: Path) -> str:
    edit(bot / "stories/rules.yml", "- rule: greet\n", "- rule: [greet\n")
    return "rules.yml"


def forget_an_intent(bot: Path) -> str:
    edit(bot / "nlu/domain.yml", "- greet\n", "")
    return "all.yml:3: "


def forget_the_examples(bot: Path) -> str:
    edit(bot / "nlu/domain.yml", "- greet\n", "- greet\n- goodbye\n")
    return "domain.yml:7: The intent 'goodbye'"


def name_an_action_that_is_not(bot: Path) -> str:
    edit(bot / "stories/rules.yml", "action: action_take", "action: action_tkae")
    return "rules.yml:18: The action 'action_tkae'"


def name_an_answer_that_is_not(bot: Path) -> str:
    edit(bot / "stories/rules.yml", "action: utter_pardon", "action: utter_pradon")
    return "rules.yml:14: The action 'utter_pradon'"


def label_an_example_twice(bot: Path) -> str:
    edit(bot / "nlu/examples/all.yml", "- hello\n", "- hello\n    - cost\n")
    return "The example 'cost' was found labeled with multiple"


def contradict_a_rule(bot: Path) -> str:
    with (bot / "stories/rules.yml").open("a") as rules:
        rules.write("- rule: greet differently\n  steps:\n  - intent: greet\n  - action: utter_done\n")
    return "is contradicting with rule(s) 'greet"


def ask_for_a_slot_that_is_not(bot: Path) -> str:
    edit(bot / "nlu/domain.yml", "    - birthday\n", "    - birthdate\n")
    return "domain.yml:45: The form slot 'birthdate'"


def want_tensorflow(bot: Path) -> str:
    edit(bot / "nlu/config.yml", "KeywordIntentClassifier", "DIETClassifier")
    return "config.yml:6: Can't load class for name 'DIETClassifier'"


def want_what_the_server_leaves_out(bot: Path) -> str:
    edit(
        bot / "nlu/config.yml",
        "- name: Keyword",
        "- name: WhitespaceTokenizer\n- name: CountVectorsFeaturizer\n- name: Keyword",
    )
    return "CountVectorsFeaturizer can be trained, but the server leaves it out"


def lose_the_stories(bot: Path) -> str:
    shutil.rmtree(bot / "stories")
    return "stories is missing."


def have_no_rules(bot: Path) -> str:
    (bot / "stories/rules.yml").write_text('version: "3.1"\n')
    return "There must be examples, rules and a domain."


@pytest.mark.parametrize(
    "spoil",
    [
        spoil_yaml,
        forget_an_intent,
        forget_the_examples,
        name_an_action_that_is_not,
        name_an_answer_that_is_not,
        label_an_example_twice,
        contradict_a_rule,
        ask_for_a_slot_that_is_not,
        want_tensorflow,
        want_what_the_server_leaves_out,
        lose_the_stories,
        have_no_rules,
    ],
)
def test_data_that_would_make_a_bad_model_is_refused(bot, tmp_path, spoil):
    expected = spoil(bot)
    out = tmp_path / "model.tar.gz"
    out.write_bytes(b"the model that is live")
    done = train(bot, out)
    assert done.returncode == 1, done.stdout
    assert expected in done.stderr, done.stderr
    assert "Traceback" not in done.stderr
    assert out.read_bytes() == b"the model that is live"
    assert not list(tmp_path.glob(".training-*"))


def test_test_stories_are_played_never_trained_from(bot, tmp_path):
    """RulePolicy learns from every story when it goes back into a form: a test story would change what it tests."""
    (bot / "stories" / "test_walk.yml").write_text(
        "version: '3.1'\nstories:\n  - story: never\n    steps:\n      - intent: no_such_intent\n"
    )
    done = train(bot, tmp_path / "model.tar.gz")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 stories" in done.stdout
