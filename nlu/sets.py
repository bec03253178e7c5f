"""Sets of labelled messages: Rasa's NLU files read with the file and the line of each example, in the file's order.

Rasa's own reader drops what stands there twice and forgets the lines. Lookup tables, synonyms and regular expressions
hold no messages and are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from nlu import annotations

BULLET = "-"


class BadSetError(Exception):
    """A file of labelled messages cannot be used."""

    def __init__(self, path: Path, line: int = 0, detail: str = "") -> None:
        place = f"{path}:{line}" if line else str(path)
        said = " ".join((self.__doc__ or "").split())
        super().__init__(f"{place}: {said}{f' ({detail})' if detail else ''}")


class SetMissingError(BadSetError):
    """There is no such file. Give the path of a Rasa NLU YAML file."""


class SetUnreadableError(BadSetError):
    """The file cannot be read as text. It must be YAML in UTF-8."""


class SetNotYamlError(BadSetError):
    """This is not YAML. Look at the spaces and quotes in and above this line."""


class NotASetError(BadSetError):
    """This is not a Rasa NLU file. It must have a list `nlu:` with entries of `intent:` and `examples:`."""


class NoExamplesError(BadSetError):
    """There is no example in it. Under `nlu:` there must be an `intent:` with `examples:`, each behind a dash."""


class NoIntentError(BadSetError):
    """The entry has examples, but its `intent:` has no name."""


class Example(NamedTuple):
    """A message without its entity annotations, its intent, and where it stands (lines count from 1)."""

    text: str
    intent: str
    path: Path
    line: int

    @property
    def place(self) -> str:
        """`file:line`."""
        return f"{self.path}:{self.line}"


@dataclass(frozen=True)
class MessageSet:
    """The examples of a file, and the lines among them that are none: without a dash they are read by nobody."""

    examples: list[Example]
    stray: list[int]


def read_sets(places: Sequence[Path]) -> list[Example]:
    """The examples of files, and of the *.yml files of folders, one after the other.

    Raises BadSetError: the first file that cannot be used, or that has no example.
    """
    files = [file for place in places for file in (sorted(place.glob("*.yml")) if place.is_dir() else [place])]
    if not files:
        raise NoExamplesError(places[0])
    examples: list[Example] = []
    for file in files:
        found = read_set(file).examples
        if not found:
            raise NoExamplesError(file)
        examples += found
    return examples


def read_set(path: Path) -> MessageSet:
    """The examples of a file; none is no error here. Raises BadSetError."""
    root = _compose(path)
    found, stray = [], []
    for entry in _entries(path, root):
        keys = {key.value: value for key, value in entry.value if isinstance(key, ScalarNode)}
        if "intent" not in keys:
            continue
        intent = keys["intent"].value.strip() if isinstance(keys["intent"], ScalarNode) else ""
        for text, line in _lines(path, keys.get("examples")):
            if text is None:
                stray.append(line)
            elif not intent:
                raise NoIntentError(path, entry.start_mark.line + 1)
            elif plain := _plain(text):
                found.append(Example(plain, intent, path, line))
    return MessageSet(found, stray)


def _compose(path: Path) -> Node | None:
    try:
        content = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise SetMissingError(path) from None
    except (OSError, UnicodeDecodeError) as error:
        detail = "" if isinstance(error, UnicodeDecodeError) else error.strerror or ""
        raise SetUnreadableError(path, detail=detail) from None
    try:
        return yaml.compose(content, Loader=yaml.SafeLoader)  # values stay as they are written: `yes` is a word
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise SetNotYamlError(path, mark.line + 1 if mark else 0, error.problem or "") from None
    except yaml.YAMLError as error:
        raise SetNotYamlError(path, detail=str(error).splitlines()[0]) from None


def _entries(path: Path, root: Node | None) -> Iterator[MappingNode]:
    if root is None:
        raise NoExamplesError(path)
    if not isinstance(root, MappingNode):
        raise NotASetError(path, root.start_mark.line + 1)
    listed = next((value for key, value in root.value if key.value == "nlu"), None)
    if listed is None:
        raise NotASetError(path)
    if isinstance(listed, ScalarNode) and not listed.value:
        raise NoExamplesError(path)
    if not isinstance(listed, SequenceNode):
        raise NotASetError(path, listed.start_mark.line + 1)
    for entry in listed.value:
        if not isinstance(entry, MappingNode):
            raise NotASetError(path, entry.start_mark.line + 1)
        yield entry


def _lines(path: Path, examples: Node | None) -> Iterator[tuple[str | None, int]]:
    """Each example as written with its line; None for a line that is none."""
    if examples is None or (isinstance(examples, ScalarNode) and not examples.value):
        return
    if isinstance(examples, ScalarNode):
        first = _first_line(examples)
        for number, line in enumerate(examples.value.splitlines()):
            if line.startswith(BULLET):
                yield line[1:], first + number
            elif line.strip():
                yield None, first + number
    elif isinstance(examples, SequenceNode):
        for item in examples.value:
            text = item
            if isinstance(item, MappingNode):
                text = next((value for key, value in item.value if key.value == "text"), None)
            if isinstance(text, ScalarNode):
                yield text.value, _first_line(text)
            else:
                yield None, item.start_mark.line + 1
    else:
        raise NotASetError(path, examples.start_mark.line + 1)


def _first_line(text: ScalarNode) -> int:
    """A block begins on the line below its mark."""
    return text.start_mark.line + (2 if text.style in ("|", ">") else 1)


def _plain(text: str) -> str:
    """Without the marks of entities: `[tues](day)` is what somebody wrote as `tues`."""
    return annotations.strip(text)[0].strip()
