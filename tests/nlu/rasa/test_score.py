"""Scoring: files of messages as Rasa's trainers write them, and what a real model makes of each, in order."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from nlu.channel import _typed
from nlu.score import COMMAND_MARKS, ModelUnusableError, load_model, understand
from nlu.sets import (
    NoExamplesError,
    NoIntentError,
    NotASetError,
    SetMissingError,
    SetNotYamlError,
    SetUnreadableError,
    read_set,
    read_sets,
)

ROOT = Path(__file__).parents[3]
MANY_FORMS = """\
version: "3.1"
nlu:
# what it costs
- intent: ask_cost
  examples: |
    - cost
    - is it [free]{"entity": "price", "value": "no"}
    - how much is [tues](day:tuesday) or [now][{"entity": "when"}, {"entity": "time"}]
    - cost

    a stray line
- lookup: place
  examples: |
    - Reading
- synonym: tuesday
  examples: |
    - tues
- regex: reference
  examples: |
    - TVP.*
- intent: greet
  metadata: {sentiment: good}
  examples:
  - text: yes
    metadata: {who: a person}
  - text: |
      hello
  - text: "hi: please"
- intent: empty
  examples: ""
responses:
  utter_x:
  - text: nothing to do with it
"""


def write(folder: Path, content: str) -> Path:
    file = folder / "some.yml"
    file.write_text(content, encoding="utf-8")
    return file


def test_every_form_of_example_is_read_in_order_with_its_line(tmp_path: Path) -> None:
    found = read_set(write(tmp_path, MANY_FORMS))
    assert [(one.text, one.intent, one.line) for one in found.examples] == [
        ("cost", "ask_cost", 6),
        ("is it free", "ask_cost", 7),
        ("how much is tues or now", "ask_cost", 8),
        ("cost", "ask_cost", 9),  # twice is twice
        ("yes", "greet", 24),  # a word, not true
        ("hello", "greet", 27),
        ("hi: please", "greet", 28),
    ]
    assert found.stray == [11]
    assert found.examples[0].place == f"{tmp_path}/some.yml:6"


def test_rasa_reads_the_same_messages_from_it(tmp_path: Path) -> None:
    from rasa.shared.nlu.training_data.formats.rasa_yaml import RasaYAMLReader

    with pytest.warns(UserWarning, match="doesn't start with a '-' symbol"):
        theirs = RasaYAMLReader().read(str(write(tmp_path, MANY_FORMS)))
    ours = read_set(tmp_path / "some.yml").examples
    assert {(one.get("text"), one.get("intent")) for one in theirs.intent_examples} == {
        (one.text, one.intent) for one in ours
    }


@pytest.mark.parametrize(
    ("content", "error", "place"),
    [
        ("", NoExamplesError, "some.yml: "),
        ("nlu:\n- lookup: a\n  examples: |\n    - b\n", NoExamplesError, "some.yml: "),
        ("nlu: some words\n", NotASetError, "some.yml:1: "),
        ("nlu:\n- just words\n", NotASetError, "some.yml:2: "),
        ("stories: []\n", NotASetError, "some.yml: "),
        ("nlu:\n- intent: a\n  examples: {b: c}\n", NotASetError, "some.yml:3: "),
        ("nlu:\n- intent:\n  examples: |\n    - b\n", NoIntentError, "some.yml:2: "),
        ("nlu:\n- intent: a\n  examples: 'b\n", SetNotYamlError, "some.yml:4: "),
        ("nlu:\n\t- intent: a\n", SetNotYamlError, "some.yml:2: "),
    ],
)
def test_what_is_no_set_of_messages_is_told_with_its_place(
    tmp_path: Path, content: str, error: type[Exception], place: str
) -> None:
    with pytest.raises(error) as raised:
        read_sets([write(tmp_path, content)])
    assert place in str(raised.value)
    assert str(raised.value).count(": ") >= 1


def test_no_file_and_no_text(tmp_path: Path) -> None:
    with pytest.raises(SetMissingError, match="Give the path"):
        read_sets([tmp_path / "none.yml"])
    (tmp_path / "bytes.yml").write_bytes(b"nlu: \xff\xfe")
    with pytest.raises(SetUnreadableError):
        read_sets([tmp_path / "bytes.yml"])
    (tmp_path / "folder").mkdir()
    with pytest.raises(NoExamplesError):
        read_sets([tmp_path / "folder"])


def test_a_folder_is_all_its_files(tmp_path: Path) -> None:
    (tmp_path / "b.yml").write_text("nlu:\n- intent: b\n  examples: |\n    - two\n")
    (tmp_path / "a.yml").write_text("nlu:\n- intent: a\n  examples: |\n    - one\n")
    assert [one.text for one in read_sets([tmp_path])] == ["one", "two"]


def test_what_is_taken_from_the_front_is_what_the_channel_takes() -> None:
    for text in ("/restart", " / /x", "\u00a0/y", "\t\n/z", "plain", "a/b"):
        assert text.lstrip(COMMAND_MARKS) == _typed(text)["text"]


def test_a_model_and_the_rows_it_gives(model: Path, tmp_path: Path) -> None:
    file = write(
        tmp_path, "nlu:\n- intent: ask_cost\n  examples: |\n    - cost\n    - /cost\n    - tell me\n    - //\n"
    )
    rows, clock = understand(load_model(model), read_sets([file]))
    assert [(row["text"], row["predicted"]) for row in rows] == [
        ("cost", "ask_cost"),
        ("/cost", "ask_cost"),  # what a person types is never a command
        ("tell me", "nlu_fallback"),
        ("//", "nlu_fallback"),
    ]
    assert rows[0]["chances"]["ask_cost"] == 1.0
    assert "nlu_fallback" not in rows[2]["chances"]
    assert rows[1]["place"] == f"{file}:5"
    assert len(clock) == 4
    assert all(took > 0 for took in clock)


def test_the_command_line_writes_them(model: Path, tmp_path: Path) -> None:
    file = write(tmp_path, "nlu:\n- intent: greet\n  examples: |\n    - hello\n")
    command = [sys.executable, "-m", "nlu.score", "--model", model, "--out", tmp_path / "rows.json", file]
    done = subprocess.run(list(map(str, command)), cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (row,) = json.loads((tmp_path / "rows.json").read_text())["rows"]
    assert (row["text"], row["intent"], row["predicted"]) == ("hello", "greet", "greet")


def test_what_is_no_model_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(ModelUnusableError, match="cannot be loaded"):
        load_model(tmp_path / "none.tar.gz")
    (tmp_path / "bad.tar.gz").write_text("not a model")
    file = write(tmp_path, "nlu:\n- intent: greet\n  examples: |\n    - hello\n")
    command = [sys.executable, "-m", "nlu.score", "--model", tmp_path / "bad.tar.gz", "--out", tmp_path / "rows", file]
    done = subprocess.run(list(map(str, command)), cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "bad.tar.gz: The model cannot be loaded." in done.stderr
    assert "Traceback" not in done.stderr
