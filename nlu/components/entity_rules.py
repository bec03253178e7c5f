"""spaCy's rules for entities: what nlu/words/entities.yml and entities_when.yml find in a message."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import spacy
import yaml
from spacy.pipeline import EntityRuler
from spacy.tokens import Doc

WORDS = Path(__file__).resolve().parents[1] / "words"
PAIR = "weekdays"
NONE = "none"  # what only looks like an entity
LONGEST = 2000  # characters; what stands further on in a text is not marked
RUN = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[^\w\s]|_")
# A reference as it is read aloud.
DIGITS = {
    "zero": "0", "oh": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
    "eight": "8", "nine": "9",
}  # fmt: skip
TENS_NAMES = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
TENS = re.compile(rf"\b({'|'.join(TENS_NAMES)})\b", re.IGNORECASE)  # before a unit: seventy six is 76
SPOKEN = re.compile(rf"\b(?:{'|'.join(DIGITS)}|dash|hyphen|then|slash|hash|stroke)\b", re.IGNORECASE)
PIECE = re.compile(r"\d+|[^\W\d]+|[^\w\s]|_")


@dataclass(frozen=True)
class Token:
    """A piece of a text: where it stands, and its word in plain English."""

    start: int
    end: int
    plain: str


@dataclass(frozen=True)
class Entity:
    """Characters `start` to `end` of a text, what they are, and what they stand for."""

    start: int
    end: int
    name: str
    value: str


class EntityRules:
    """Finds entities. Safe to share: it keeps nothing of what it reads."""

    def __init__(self, folder: Path = WORDS) -> None:
        others, when = (_read(folder / name) for name in ("entities.yml", "entities_when.yml"))
        self._plain: dict[str, str] = when["words"]
        self._regexes = [
            (name, re.compile(pattern)) for name, patterns in others["regexes"].items() for pattern in patterns
        ]
        self._lead, self._trail = (
            {name: frozenset(words) for name, words in others[key].items()} for key in ("lead", "trail")
        )
        self._when_lead, self._whole = frozenset(when["lead"]), frozenset(when["whole"])
        self._nlp = spacy.blank("en")
        self._ruler, self._none = EntityRuler(self._nlp, validate=True), EntityRuler(self._nlp, validate=True)
        patterns = [*when["patterns"], *others["patterns"], *self._phrases(others["phrases"])]
        self._none.add_patterns([pattern for pattern in patterns if pattern["label"] == NONE])
        self._ruler.add_patterns([pattern for pattern in patterns if pattern["label"] != NONE])
        self.names = frozenset({name for name, _ in self._regexes} | set(self._ruler.labels))

    def _phrases(self, phrases: dict[str, dict[str, list[str]]]) -> Iterator[dict[str, Any]]:
        for name, values in phrases.items():
            for value, said in values.items():
                for phrase in said:
                    words = [{"LOWER": token.plain} for token in self.tokens(phrase)]
                    yield {"label": name, "id": value, "pattern": words}

    def tokens(self, text: str) -> list[Token]:
        """The text in runs of letters, runs of digits and single signs; "2moro" and the like stay whole."""
        return list(self._tokens(text))

    def _tokens(self, text: str) -> Iterator[Token]:
        for run in RUN.finditer(text.replace("\u2019", "'")):
            word = run.group().casefold()
            if word in self._plain:
                yield Token(run.start(), run.end(), self._plain[word])
                continue
            if "'" in word and not any(map(str.isdigit, word)):
                yield Token(run.start(), run.end(), word)
                continue
            for piece in PIECE.finditer(run.group()):
                start = run.start() + piece.start()
                said = _ascii(piece.group())
                yield Token(start, start + len(piece.group()), self._plain.get(said, said))

    def find(self, text: str) -> list[Entity]:
        """The entities of a text, in order; none overlaps another."""
        text = text[:LONGEST]
        written = self._written(text)
        taken = [(entity.start, entity.end) for entity in written]
        ruled = [one for one in self._ruled(text) if all(one.end <= start or end <= one.start for start, end in taken)]
        return sorted([*written, *ruled], key=lambda entity: entity.start)

    def _written(self, text: str) -> list[Entity]:
        found: list[Entity] = []
        for name, pattern in self._regexes:
            for match in pattern.finditer(text):
                group = "value" if "value" in pattern.groupindex else 0
                start, said = match.start(group), match[group].rstrip(" \t\r\n./_-–—,'’")
                end = start + len(said)
                if said and all(end <= one.start or one.end <= start for one in found):
                    found.append(Entity(start, end, name, _value(name, said)))
        return found

    def _ruled(self, text: str) -> Iterator[Entity]:
        tokens = self.tokens(text)
        if not tokens:
            return
        # What is none of it comes first: the second ruler leaves its words alone.
        doc: Any = self._ruler(self._none(Doc(self._nlp.vocab, words=[token.plain for token in tokens])))
        for span in doc.ents:
            if span.label_ == NONE or not _joined(tokens[span.start : span.end]):
                continue
            if span.ent_id_ == PAIR:  # "sat or sun" is two days
                for token in (tokens[span.start], tokens[span.end - 1]):
                    yield Entity(token.start, token.end, span.label_, token.plain)
                continue
            said = self._trim(span.label_, span.ent_id_, tokens[span.start : span.end])
            when = span.label_ in ("day", "time")
            value = " ".join(token.plain for token in said) if when else span.ent_id_
            yield Entity(said[0].start, said[-1].end, span.label_, value)

    def _trim(self, name: str, kind: str, tokens: Sequence[Token]) -> Sequence[Token]:
        lead, trail = self._lead.get(name, frozenset()), self._trail.get(name, frozenset())
        if name in ("day", "time") and kind not in self._whole:
            lead = self._when_lead
        first, last = 0, len(tokens)
        while first < last - 1 and tokens[first].plain in lead:
            first += 1
        while first < last - 1 and tokens[last - 1].plain in trail:
            last -= 1
        return tokens[first:last]


def _read(path: Path) -> dict[str, Any]:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(content, dict), path
    return content


def _joined(tokens: Sequence[Token]) -> bool:
    """Whether no space stands around a sign between digits: "on the m4. 20 mins" names no hour."""
    signs = (".", ":")
    return all(one.end == two.start for one, two in pairwise(tokens) if one.plain in signs or two.plain in signs)


def _ascii(text: str) -> str:
    """Small letters and ASCII digits."""
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text).casefold()


def _value(name: str, said: str) -> str:
    """Without what people put between the letters and digits."""
    if name == "reference":
        said = TENS.sub(lambda match: str(2 + TENS_NAMES.index(match[1].casefold())) + " ", said)
        spoken = SPOKEN.sub(lambda match: DIGITS.get(match[0].casefold(), " "), said)
        return "".join(c for c in spoken.upper() if c.isalnum())
    if name == "phone":
        return "".join(c for c in said if c.isdigit() or c == "+")
    return said
