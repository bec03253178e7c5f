"""Marks entities in the examples by the rules of nlu/words/entities*.yml, for somebody to look through.

    python -m nlu.annotate             what it would mark, a line each: file:line: text
    python -m nlu.annotate --write     writes the marks

Examples that have a mark already are left as they are: a person has looked at them. Which intents have which entities
marked stands in entities.yml under `marked_in`.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from nlu import annotations
from nlu.annotations import Marked
from nlu.components.entity_rules import WORDS, EntityRules

EXAMPLES = Path(__file__).resolve().parent / "examples"
INTENT = re.compile(r"^- intent: (\S+)\s*$")
EXAMPLE = re.compile(r"^(\s+- )(.*)$")


@dataclass(frozen=True)
class Change:
    """A line of a file, counted from 1, as it stands and as it would be with marks."""

    path: Path
    line: int
    before: str
    after: str


def marked_in() -> dict[str, frozenset[str]]:
    """The entities that each intent's examples have marked."""
    content = yaml.safe_load((WORDS / "entities.yml").read_text(encoding="utf-8"))
    return {intent: frozenset(names) for intent, names in content["marked_in"].items()}


def with_marks(text: str, rules: EntityRules, names: frozenset[str]) -> str:
    """The text with what the rules find of these entities."""
    found = [Marked(one.start, one.end, one.name, text[one.start : one.end]) for one in rules.find(text)]
    return annotations.mark(text, [one for one in found if one.entity in names])


def changes(folder: Path, rules: EntityRules) -> Iterator[Change]:
    """What would be marked in the files of the folder."""
    wanted = marked_in()
    for path in sorted(folder.glob("*.yml")):
        names: frozenset[str] = frozenset()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if intent := INTENT.match(line):
                names = wanted.get(intent[1], frozenset())
            elif names and (example := EXAMPLE.match(line)) and not annotations.MARK.search(line):
                after = example[1] + with_marks(example[2], rules, names)
                if after != line:
                    yield Change(path, number, line, after)


def write(found: list[Change]) -> None:
    """Puts the marked lines in the place of the plain ones."""
    for path in sorted({change.path for change in found}):
        lines = path.read_text(encoding="utf-8").splitlines()
        for change in found:
            if change.path == path and lines[change.line - 1] == change.before:
                lines[change.line - 1] = change.after
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m nlu.annotate", description="Mark entities in the examples.")
    parser.add_argument("--write", action="store_true", help="write the marks, instead of only saying them")
    given = parser.parse_args()
    found = list(changes(EXAMPLES, EntityRules()))
    for change in found:
        print(f"{change.path.name}:{change.line}: {change.after.strip()}")
    if given.write:
        write(found)
    print(f"{len(found)} examples {'marked' if given.write else 'would be marked'}")


if __name__ == "__main__":
    main()
