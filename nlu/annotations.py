"""Example files: their texts with their intents, and the entities that are marked in them.

    - intent: choose_session
      examples: |
        - the [tues arvo](time) one in [redding]{"entity": "place", "value": "Reading"}

Whoever reads examples reads them here, so that no mark is taken for what a person typed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

# [text](entity), [text](entity:value), [text]{"entity": …, "value": …} or [text][{…}, {…}], as Rasa writes them.
MARK = re.compile(
    r"\[(?P<text>[^\[\]]+)\]"
    r"(?:\((?P<entity>[^:()]+)(?::(?P<value>[^()]+))?\)|(?P<data>\{[^{}]+\})|\[(?P<list>\{[^\[\]]+\})\])"
)


@dataclass(frozen=True)
class Marked:
    """A marked piece of a text: characters `start` to `end`, what it is, and its value where that is not the text."""

    start: int
    end: int
    entity: str
    value: str


def strip(text: str) -> tuple[str, list[Marked]]:
    """The text as a person typed it, and what was marked in it."""
    plain, marked, end = "", [], 0
    for match in MARK.finditer(text):
        plain += text[end : match.start()]
        told = json.loads(f"[{match['data'] or match['list'] or ''}]")
        for data in told or [{"entity": match["entity"], "value": match["value"]}]:
            value = data.get("value") or match["text"]
            marked.append(Marked(len(plain), len(plain) + len(match["text"]), data["entity"], value))
        plain, end = plain + match["text"], match.end()
    return plain + text[end:], marked


def mark(text: str, found: Sequence[Marked]) -> str:
    """The text with marks, the other way round."""
    for one in sorted(found, key=lambda one: -one.start):
        said = text[one.start : one.end]
        data = json.dumps({"entity": one.entity, "value": one.value}, ensure_ascii=False)
        end = f"({one.entity})" if one.value == said else data
        text = f"{text[: one.start]}[{said}]{end}{text[one.end :]}"
    return text


def lines(path: Path) -> Iterator[tuple[str, str]]:
    """(text as it stands in the file, intent) of each example; other blocks of the file are passed over."""
    for entry in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("nlu") or []:
        for line in str(entry.get("examples") or "").splitlines() if "intent" in entry else ():
            if line.strip().startswith("- "):
                yield line.strip()[2:].strip(), entry["intent"]


def read(path: Path) -> Iterator[tuple[str, str, list[Marked]]]:
    """(text as typed, intent, what is marked in it) of each example."""
    for line, intent in lines(path):
        text, marked = strip(line)
        yield text, intent, marked
