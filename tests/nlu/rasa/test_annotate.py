"""Marks in the examples: made by the rules, looked through by a person, and still what the rules find."""

from collections import Counter
from pathlib import Path

import pytest

from nlu import annotate, annotations
from nlu.components.entity_rules import EntityRules

PROJECT = Path(__file__).resolve().parents[3]
RULES = EntityRules()
FILE = """version: "3.1"
nlu:
- intent: choose_session
  examples: |
    - the tues one in slough
    - the [arvo](time) one on tues
    - whatever
- intent: greet
  examples: |
    - good evening to you from Slough
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "some.yml").write_text(FILE, encoding="utf-8")
    return tmp_path


def test_what_matters_to_an_intent_is_marked_once(folder: Path) -> None:
    (change,) = annotate.changes(folder, RULES)
    assert (change.line, change.after) == (5, "    - the [tues](day) one in [slough](place)")
    annotate.write([change])
    assert list(annotate.changes(folder, RULES)) == []
    assert (folder / "some.yml").read_text(encoding="utf-8") == FILE.replace(change.before, change.after)


def test_a_file_that_was_changed_meanwhile_keeps_its_line(folder: Path) -> None:
    (change,) = annotate.changes(folder, RULES)
    other = FILE.replace("the tues one in slough", "another line")
    (folder / "some.yml").write_text(other, encoding="utf-8")
    annotate.write([change])
    assert (folder / "some.yml").read_text(encoding="utf-8") == other


def marked() -> list[tuple[str, str, list[annotations.Marked]]]:
    files = sorted((PROJECT / "nlu" / "examples").glob("*.yml"))
    return [row for path in files for row in annotations.read(path) if row[2]]


def test_the_examples_are_marked_where_it_matters() -> None:
    wanted = annotate.marked_in()
    rows = marked()
    assert {entity for names in wanted.values() for entity in names} <= RULES.names
    assert {one.entity for _, _, marks in rows for one in marks} == RULES.names
    assert len(rows) >= 1400
    astray = {intent for _, intent, marks in rows if not {one.entity for one in marks} <= wanted.get(intent, set())}
    assert astray == set()


def test_the_rules_find_what_is_marked() -> None:
    """A change of the rules that loses much of what a person has looked through is seen here."""
    wanted, found, missed = annotate.marked_in(), Counter(), Counter()
    for text, intent, marks in marked():
        by_rule = {(one.start, one.end, one.name) for one in RULES.find(text) if one.name in wanted[intent]}
        by_hand = {(one.start, one.end, one.entity) for one in marks}
        found.update(name for *_, name in by_hand & by_rule)
        missed.update(name for *_, name in by_hand - by_rule)
    recall = {name: found[name] / (found[name] + missed[name]) for name in found}
    print({name: round(share, 3) for name, share in sorted(recall.items())})
    assert recall.pop("name") >= 0.6  # a name alone ("kayleigh tranter") is known from the question, not from its form
    assert min(recall.values()) >= 0.93
