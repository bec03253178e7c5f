"""The phrase layer of the crisis check: reviewed patterns (nlu/safety/) looked for in whatever a person writes.

It needs no Rasa, no network and no database. How a text is read is in words.py, how a
pattern is written in notation.py.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from programme.notation import Line, Notation, PhraseUnreadableError, words_of
from programme.rules.danger import DANGERS
from programme.words import Words

KEYS = {"id", "danger", "reason", "any", "unless"}
LIFE = DANGERS[:2]
Span = tuple[int, int]


@dataclass(frozen=True)
class Danger:
    """What was found: the kind (an intent's name) and the id of the phrase that found it."""

    kind: str
    pattern: str


class PhraseList:
    """Phrases that are looked for in a text that was read in one way."""

    def __init__(self, words: Words, sets: Mapping[str, str], files: Mapping[Path, Mapping[str, Any]]) -> None:
        self._words = words
        self._kinds: dict[str, str] = {}  # most urgent first
        self._finders: dict[str, list[Line]] = {}
        self._vetoes: dict[str, list[Line]] = {}
        self._index: dict[str, list[tuple[str, Line]]] = {}
        entries = [(file, entry) for file, content in files.items() for entry in _entries(file, content)]
        harmless = [(file, line) for file, content in files.items() for line in content.get("harmless") or []]
        lines = [str(line) for _, entry in entries for key in ("any", "unless") for line in entry.get(key) or []]
        lines += [*sets.values(), *(str(line) for _, line in harmless)]
        words.learn(word for line in lines for word in words_of(line))
        self._harmless = [Notation(file, sets, words).compile(line, "harmless") for file, line in harmless]
        for file, entry in sorted(entries, key=lambda each: _urgency(each[1])):
            self._add(entry, Notation(file, sets, words))
        self._make_index()

    def names(self) -> list[str]:
        """The ids of the phrases."""
        return list(self._kinds)

    def dangers(self, text: str) -> Iterator[Danger]:
        """Each phrase that is found, the most urgent first."""
        read = self._words.read(text)
        present = set(read)
        candidates: dict[str, list[Line]] = {}
        for word in present:
            for name, line in self._index.get(word, ()):
                if _may_be_in(line, present):
                    candidates.setdefault(name, []).append(line)
        if not candidates:
            return
        said = " ".join(read) + " "
        harmless: list[Span] | None = None
        for name in (name for name in self._kinds if name in candidates):
            spans = [span for line in candidates[name] for span in _spans(line.shortest, said)]
            if not spans:
                continue
            harmless = _all_spans(self._harmless, said, present) if harmless is None else harmless
            voids = harmless + _all_spans(self._vetoes[name], said, present)
            if any(not any(start < stop and begin < end for begin, stop in voids) for start, end in spans):
                yield Danger(self._kinds[name], name)

    def _add(self, entry: Mapping[str, Any], notation: Notation) -> None:
        name, file = entry.get("id"), notation.file
        if not isinstance(name, str) or name in self._kinds:
            raise PhraseUnreadableError(file, name, "each phrase needs an id of its own")
        if entry.get("danger") not in DANGERS:
            raise PhraseUnreadableError(file, name, f"danger must be one of {', '.join(DANGERS)}")
        if not entry.get("reason") or not isinstance(entry.get("any"), list) or not entry["any"]:
            raise PhraseUnreadableError(file, name, "a reason and a list `any` of patterns are needed")
        if strange := set(entry) - KEYS:
            raise PhraseUnreadableError(file, name, f"unknown keys: {', '.join(sorted(map(str, strange)))}")
        self._kinds[name] = entry["danger"]
        self._finders[name] = [notation.compile(line, name) for line in entry["any"]]
        self._vetoes[name] = [notation.compile(line, name) for line in entry.get("unless") or []]

    def _make_index(self) -> None:
        """Each pattern stands under the words of one of its needs: the one whose words the list uses least."""
        lines = [(name, line) for name, found in self._finders.items() for line in found]
        used = Counter(word for _, line in lines for need in line.needs for word in need)
        for name, line in lines:
            for word in min(line.needs, key=lambda need: sum(used[word] for word in need)):
                self._index.setdefault(word, []).append((name, line))


class Safety:
    """The phrase lists, ready to be asked. Safe to share: they keep nothing of what they read."""

    def __init__(self, lists: Sequence[PhraseList]) -> None:
        self._lists = lists

    @classmethod
    def load(cls, folder: Path) -> "Safety":
        """Read `words.yml` and each file of `phrases/` in the folder; PhraseUnreadableError names file and phrase.

        A file that is `as_written` is for another language: the English spellings are not for it.
        """
        files = {file: _read_yaml(file) for file in sorted((folder / "phrases").glob("*.yml"))}
        english = {file: content for file, content in files.items() if not content.get("as_written")}
        others = {file: content for file, content in files.items() if content.get("as_written")}
        lists = _read_yaml(folder / "words.yml")
        sets = {name: str(listed) for name, listed in (lists.get("sets") or {}).items()}
        made = [PhraseList(_words(lists), sets, english), PhraseList(Words({}), {}, others)]
        if not made[0].names():
            raise PhraseUnreadableError(folder / "phrases", "phrases", "there is no phrase in any file")
        return cls(made)

    def check(self, text: str) -> Danger | None:
        """The danger that the text speaks of, or None: a life first, else what most phrases point to. Never raises."""
        found = [danger for phrases in self._lists for danger in phrases.dangers(text)]
        votes = Counter(danger.kind for danger in found)
        return min(found, key=lambda danger: _weight(danger, votes), default=None)


def _weight(danger: Danger, votes: Mapping[str, int]) -> tuple[int, int, int]:
    urgency = DANGERS.index(danger.kind)
    return min(urgency, len(LIFE)), -votes[danger.kind], urgency


def _may_be_in(line: Line, present: set[str]) -> bool:
    return all(not need.isdisjoint(present) for need in line.needs)


def _spans(pattern: re.Pattern[str], said: str) -> Iterator[Span]:
    """A find from every word on which one begins."""
    at = 0
    while found := pattern.search(said, at):
        yield found.span()
        at = said.index(" ", found.start()) + 1


def _all_spans(lines: list[Line], said: str, present: set[str]) -> list[Span]:
    return [span for line in lines if _may_be_in(line, present) for span in _spans(line.longest, said)]


def _words(lists: Mapping[str, Any]) -> Words:
    return Words(
        lists.get("spellings") or {},
        lists.get("guess") or [],
        lists.get("never_guess") or [],
        lists.get("without_vowels") or [],
        lists.get("emoji") or {},
        lists.get("after_2") or [],
    )


def _entries(file: Path, content: Mapping[str, Any]) -> list[dict[str, Any]]:
    entries = content.get("phrases") or []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise PhraseUnreadableError(file, "phrases", "must be a list of phrases")
    return entries


def _urgency(entry: Mapping[str, Any]) -> int:
    return DANGERS.index(entry["danger"]) if entry.get("danger") in DANGERS else len(DANGERS)


def _read_yaml(file: Path) -> dict[str, Any]:
    try:
        content = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except (OSError, yaml.YAMLError) as error:
        raise PhraseUnreadableError(file, "the file", str(error)) from error
    if not isinstance(content, dict):
        raise PhraseUnreadableError(file, "the file", "must be a mapping")
    return content
