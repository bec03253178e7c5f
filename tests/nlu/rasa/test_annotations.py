"""Marks of entities in the examples: read as Rasa reads them, and never part of what a person typed."""

from pathlib import Path

import pytest
import yaml
from rasa.shared.nlu.training_data import entities_parser

from nlu import annotations
from nlu.annotations import Marked

PROJECT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("line", "text", "marked"),
    [
        ("no marks [here] (at all)", "no marks [here] (at all)", []),
        ("the [tues arvo](time) one", "the tues arvo one", [Marked(4, 13, "time", "tues arvo")]),
        ("[redding](place:Reading)", "redding", [Marked(0, 7, "place", "Reading")]),
        (
            '[slugh]{"entity": "place", "value": "Slough"} on [fri](day)',
            "slugh on fri",
            [Marked(0, 5, "place", "Slough"), Marked(9, 12, "day", "fri")],
        ),
    ],
)
def test_a_line_is_stripped_and_marked_as_rasa_does(line: str, text: str, marked: list[Marked]) -> None:
    assert annotations.strip(line) == (text, marked)
    assert entities_parser.replace_entities(line) == text
    theirs = entities_parser.find_entities_in_training_example(line)
    assert [(one["start"], one["end"], one["entity"], one["value"]) for one in theirs] == [
        (one.start, one.end, one.entity, one.value) for one in marked
    ]
    assert annotations.strip(annotations.mark(text, marked)) == (text, marked)


def test_a_piece_may_be_two_things() -> None:
    line = 'tues or [now][{"entity": "day", "value": "today"}, {"entity": "time"}]'
    assert annotations.strip(line) == ("tues or now", [Marked(8, 11, "day", "today"), Marked(8, 11, "time", "now")])
    assert entities_parser.replace_entities(line) == "tues or now"


def test_files_are_read_without_marks(tmp_path: Path) -> None:
    path = tmp_path / "some.yml"
    content = {"nlu": [{"intent": "greet", "examples": "- hi [Dean](name)\n"}, {"lookup": "x", "examples": "- y\n"}]}
    path.write_text(yaml.safe_dump(content))
    assert list(annotations.lines(path)) == [("hi [Dean](name)", "greet")]
    assert list(annotations.read(path)) == [("hi Dean", "greet", [Marked(3, 7, "name", "Dean")])]
    (tmp_path / "empty.yml").write_text("version: '3.1'\n")
    assert list(annotations.read(tmp_path / "empty.yml")) == []


def test_all_examples_are_read_as_rasa_reads_them() -> None:
    from rasa.shared.nlu.training_data.loading import load_data

    data = load_data(str(PROJECT / "nlu" / "examples"))
    ours = [row for path in sorted((PROJECT / "nlu" / "examples").glob("*.yml")) for row in annotations.read(path)]
    assert sorted({(m.get("text"), m.get("intent")) for m in data.intent_examples}) == sorted(
        {(text, intent) for text, intent, _ in ours}
    )
