"""The messages of the bench's part on understanding, the same for both sides, a JSON file for each set.

    python -m nlu.bench.rows --out FOLDER [--data FOLDER]

Always our own examples with tests/nlu; with `--data` the public sets that nlu/measure.py finds there. A file:
`{"name": …, "train": [[text, intent], …], "rows": [{"text", "intent", "group", "lookalike"}, …]}`. Groups: `test`;
`one` and `two`, the same messages with so many slips of the thumb, made here once; `foreign`, a public set's messages
that are none of its intents (ours stand among the tests).
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from nlu.components.gate import OUT_OF_SCOPE
from nlu.components.typos import mistype
from nlu.measure import SETS, read_table
from nlu.sets import BadSetError, Example, read_sets

PROJECT = Path(__file__).resolve().parents[2]
BAD_SET = 2
OWN = "own"
LOOKALIKES = "lookalikes.yml"  # how the files end whose messages only sound like danger
SLIPS = {"one": 1, "two": 2}


class NoTablesError(Exception):
    """None of the public sets that nlu/measure.py knows (SETS) is in this folder, or not all of a set's files."""


class BadTableError(Exception):
    """This is no table of messages: each line must be a text, a tab and an intent."""


def make_set(name: str, train: Iterable[tuple[str, str]], rows: list[dict[str, Any]]) -> dict[str, Any]:
    """A set with its tests mistyped; `rows` are of the groups `test` and `foreign`."""
    typed = [row for group, slips in SLIPS.items() for row in _mistype(rows, group, slips)]
    return {"name": name, "train": [list(one) for one in train], "rows": rows + typed}


def own_set(examples: Path, tests: Path) -> dict[str, Any]:
    """Our own examples, and the messages that nobody learns from. Raises BadSetError."""
    rows = [_row(one.text, one.intent, "test", _is_lookalike(one)) for one in read_sets([tests])]
    return make_set(OWN, ((one.text, one.intent) for one in read_sets([examples])), rows)


def public_sets(folder: Path) -> Iterator[dict[str, Any]]:
    """The public sets whose files are all in `folder`. Raises NoTablesError, BadTableError."""
    found = False
    for name, files in SETS.items():
        if all((folder / file).is_file() for file in files):
            found = True
            train, test, foreign = (_read(folder / file) for file in files)
            rows = [_row(text, intent, "test") for text, intent in test]
            yield make_set(name, train, rows + [_row(text, OUT_OF_SCOPE, "foreign") for text, _ in foreign])
    if not found:
        raise NoTablesError(f"{folder}: {NoTablesError.__doc__}")


def _row(text: str, intent: str, group: str, lookalike: bool = False) -> dict[str, Any]:
    return {"text": text, "intent": intent, "group": group, "lookalike": lookalike}


def _is_lookalike(example: Example) -> bool:
    return example.path.name.endswith(LOOKALIKES)


def _mistype(rows: list[dict[str, Any]], group: str, slips: int) -> Iterator[dict[str, Any]]:
    chance = random.Random(slips)  # noqa: S311 - to be repeatable
    for row in rows:
        if row["group"] == "test":
            yield {**row, "text": mistype(row["text"], slips, chance), "group": group}


def _read(path: Path) -> list[tuple[str, str]]:
    try:
        return read_table(path)
    except (UnicodeDecodeError, ValueError):
        raise BadTableError(f"{path}: {BadTableError.__doc__}") from None


def main(arguments: list[str]) -> None:
    """The command line: 0 and a file for each set, or 2 and what is wrong with the messages."""
    parser = argparse.ArgumentParser(prog="python -m nlu.bench.rows", description="The bench's labelled messages.")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--examples", type=Path, default=PROJECT / "nlu" / "examples")
    parser.add_argument("--tests", type=Path, default=PROJECT / "tests" / "nlu")
    given = parser.parse_args(arguments)
    try:
        made = [own_set(given.examples, given.tests), *(public_sets(given.data) if given.data else ())]
    except (BadSetError, NoTablesError, BadTableError) as error:
        print(error, file=sys.stderr)
        raise SystemExit(BAD_SET) from None
    given.out.mkdir(parents=True, exist_ok=True)
    for one in made:
        content = json.dumps(one, ensure_ascii=False)
        (given.out / f"{one['name']}.json").write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
