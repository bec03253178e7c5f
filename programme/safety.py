"""The phrase layer of the crisis check: reviewed patterns (nlu/safety/*.yml) looked for in whatever a person writes.

It needs no Rasa, no network and no database. The notation of the patterns is explained at the head of phrases.yml.
"""

import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import spacy
import yaml
from spacy.lang.en.stop_words import STOP_WORDS
from spacy.matcher import Matcher
from spacy.tokens import Doc

from programme.rules.danger import DANGERS

UNKNOWN, NUMBER, START, END = "_", "#", "^", "$"
MOST_BRANCHES = 400
_PIECE = re.compile(
    r"\s*(?:~(?P<gap>[1-9])|\{(?P<any>[^{}]+)\}(?P<o1>\??)|<(?P<set>\w+)>(?P<o2>\??)|(?P<word>[^\s{}<>~?]+)(?P<o3>\??))"
)
_SPOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_APOSTROPHES = str.maketrans(dict.fromkeys("’‘`´ʼ′", "'"))
_LEET = str.maketrans("013457@$", "oieastas")
_WORD = re.compile(r"[a-z0-9]+\*?|[#^$]")
_FOLDED = re.compile(r"(.)\1*")


@dataclass(frozen=True)
class Danger:
    """What was found: the kind (an intent's name) and the id of the phrase that found it."""

    kind: str
    pattern: str


class PhraseUnreadableError(ValueError):
    """A safety phrase cannot be read."""

    def __init__(self, file: Path, name: object, why: str) -> None:
        super().__init__(f"{self.__doc__} {file}: {name}: {why}")


@dataclass(frozen=True)
class Branch:
    """One way through a pattern: spaCy token dicts, and the word sets of which each must be in the text."""

    tokens: tuple[dict[str, Any], ...]
    needs: tuple[frozenset[str], ...]


class Words:
    """Turns a text into the closed set of words that the patterns know; whatever else it says becomes `_`."""

    def __init__(self, spellings: dict[str, list[str]], guessed: Iterable[str], never: Iterable[str]) -> None:
        self.spellings = {wrong: right.split() for right, wrongs in spellings.items() for wrong in wrongs}
        self.known: set[str] = {word for right in spellings for word in right.split()} | {NUMBER}
        self.prefixes: tuple[str, ...] = ()
        self.never = frozenset(never)
        self.deletes: dict[str, str] = {}
        for word in guessed:
            self.known.add(word)
            self.deletes.update(dict.fromkeys({word, *_cuts(word)}, word))

    def learn(self, words: Iterable[str]) -> None:
        """Take in the words of the patterns; `suicid*` stands for every word that begins so."""
        for word in words:
            if word.endswith("*"):
                self.prefixes = tuple(sorted({*self.prefixes, word[:-1]}, key=len, reverse=True))
            elif word not in self.spellings:
                self.known.add(word)

    def read(self, text: str) -> list[str]:
        """The text in known words, between a start and an end mark."""
        plain = unicodedata.normalize("NFKC", text).translate(_APOSTROPHES).lower()
        spoken = _join_letters(_SPOKEN.findall(plain))
        return [START, *itertools.chain.from_iterable(self._recognise(word) for word in spoken), END]

    def _recognise(self, raw: str) -> list[str]:
        if raw in self.spellings:
            return self.spellings[raw]
        word = raw.replace("'", "")
        forms = (word, *self._other_forms(word))
        for form in forms:
            if form in self.spellings:
                return self.spellings[form]
            if form in self.known:
                return [form]
        for form, prefix in itertools.product(forms, self.prefixes):
            if form.startswith(prefix):
                return [prefix + "*"]
        counted = re.fullmatch(r"(\d+)([a-z]*)", word)
        if counted:
            unit = counted[2]
            return [NUMBER, unit if unit in self.known else UNKNOWN] if unit else [NUMBER]
        return [UNKNOWN]

    def _other_forms(self, word: str) -> Iterator[str]:
        yield from _unstretch(word)
        yield word.translate(_LEET)
        for form in (word, *_unstretch(word)):
            for cut in (form, *_cuts(form)) if 6 <= len(form) <= 20 and form not in self.never else ():
                guess = self.deletes.get(cut)
                if guess and guess[0] == form[0]:
                    yield guess


def _cuts(word: str) -> set[str]:
    return {word[:at] + word[at + 1 :] for at in range(1, len(word))}


def _unstretch(word: str) -> Iterator[str]:
    """`dieee` -> `diee`, `die`; the known form wins. A long word with many runs is not worth the product."""
    runs = [(run[0][0], len(run[0])) for run in _FOLDED.finditer(word[:80])]
    if 0 < sum(length > 1 for _, length in runs) <= 4:
        choices = [(letter * 2, letter) if length > 1 else (letter,) for letter, length in runs]
        yield from ("".join(choice) for choice in itertools.product(*choices))


def _join_letters(words: list[str]) -> Iterator[str]:
    """`k m s` is one word; a lone `i` or `a` in a sentence is not."""
    for single, run in itertools.groupby(words, key=lambda word: len(word) == 1 and word.isalpha()):
        letters = list(run)
        yield from ["".join(letters)] if single and len(letters) > 2 else letters


@dataclass(frozen=True)
class Notation:
    """Compiles the patterns of one file; its errors name the file and the phrase."""

    file: Path
    sets: dict[str, str]
    words: Words

    def compile(self, line: object, name: object) -> Iterator[Branch]:
        """Each way through one pattern."""
        if not isinstance(line, str):
            raise PhraseUnreadableError(self.file, name, f"a pattern is a line of text, not {line!r}")
        ways = [self._ways(piece, name) for piece in self._pieces(line, name)]
        for count, way in enumerate(itertools.product(*ways), start=1):
            tokens = tuple(itertools.chain.from_iterable(way))
            needs = tuple(frozenset(token["ORTH"]["IN"]) for token in tokens if "ORTH" in token and "OP" not in token)
            if not needs or count > MOST_BRANCHES:
                raise PhraseUnreadableError(
                    self.file, name, f"'{line}' asks for no word at all, or for too many choices"
                )
            yield Branch(tokens, needs)

    def _pieces(self, line: str, name: object) -> Iterator[re.Match[str]]:
        at = 0
        while at < len(line.rstrip()):
            piece = _PIECE.match(line, at)
            if not piece:
                raise PhraseUnreadableError(self.file, name, f"cannot read '{line[at:]}' in '{line}'")
            yield piece
            at = piece.end()

    def _ways(self, piece: re.Match[str], name: object) -> list[list[dict[str, Any]]]:
        if piece["gap"]:
            return [[{"OP": "?"}] * int(piece["gap"])]
        if piece["set"] and piece["set"] not in self.sets:
            raise PhraseUnreadableError(self.file, name, f"there is no set <{piece['set']}>")
        said = self.sets[piece["set"]] if piece["set"] else piece["any"] or piece["word"]
        choices = [[self._forms(word, name) for word in choice.split()] for choice in said.split("|")]
        optional = bool(piece["o1"] or piece["o2"] or piece["o3"])
        singles = {form for choice in choices if len(choice) == 1 for form in choice[0]}
        ways: list[list[dict[str, Any]]] = [
            [{"ORTH": {"IN": forms}} for forms in choice] for choice in choices if len(choice) > 1
        ]
        if singles:
            ways.append([{"ORTH": {"IN": sorted(singles)}} | ({"OP": "?"} if optional else {})])
        elif optional:
            ways.append([])
        return ways

    def _forms(self, word: str, name: object) -> list[str]:
        """What a word of a pattern is in a text that was read. One that reading changes is never found."""
        if not _WORD.fullmatch(word):
            raise PhraseUnreadableError(self.file, name, f"'{word}': words are small letters, without apostrophes")
        if word.endswith("*"):
            return sorted({word, *(known for known in self.words.known if known.startswith(word[:-1]))})
        read = self.words.read(word)[1:-1]
        if word not in (NUMBER, START, END) and read != [word]:
            raise PhraseUnreadableError(self.file, name, f"'{word}' is read as '{' '.join(read)}': write it so")
        return [word]


class Safety:
    """The phrase list, ready to be asked. Safe to share: it keeps nothing of what it reads."""

    def __init__(self, words: Words, vocab: Any) -> None:
        self._words = words
        self._vocab = vocab
        self._kinds: dict[str, str] = {}
        self._finders: dict[str, Matcher] = {}
        self._vetoes: dict[str, Matcher] = {}
        self._harmless = Matcher(vocab, validate=False)
        self._index: dict[str, list[tuple[str, tuple[frozenset[str], ...]]]] = {}

    @classmethod
    def load(cls, folder: Path) -> "Safety":
        """Read `words.yml` and `phrases.yml` from the folder; PhraseUnreadableError names the file and the phrase."""
        word_file, phrase_file = folder / "words.yml", folder / "phrases.yml"
        lists, phrases = _read_yaml(word_file), _read_yaml(phrase_file)
        sets = {name: str(listed) for name, listed in (lists.get("sets") or {}).items()}
        words = Words(lists.get("spellings") or {}, lists.get("guess") or [], lists.get("never_guess") or [])
        entries = phrases.get("phrases") or []
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries) or not entries:
            raise PhraseUnreadableError(phrase_file, "phrases", "must be a list of phrases, and not an empty one")
        harmless = phrases.get("harmless") or []
        lines = [*harmless, *(line for entry in entries for key in ("any", "unless") for line in entry.get(key) or [])]
        words.learn(
            word for line in [*sets.values(), *lines] for word in re.findall(r"(?<!~)\b[a-z0-9]+\*?", str(line))
        )
        safety = cls(words, spacy.blank("en").vocab)
        notation = Notation(phrase_file, sets, words)
        safety._harmless = safety._matcher([way for line in harmless for way in notation.compile(line, "harmless")])
        for entry in sorted(
            entries, key=lambda entry: DANGERS.index(entry["danger"]) if entry.get("danger") in DANGERS else 9
        ):
            safety._add(entry, notation)
        return safety

    def check(self, text: str) -> Danger | None:
        """The most urgent danger that the text speaks of, or None. Never raises."""
        read = self._words.read(text)
        present = set(read)
        candidates = {
            name
            for word in present
            for name, needs in self._index.get(word, ())
            if all(not need.isdisjoint(present) for need in needs)
        }
        if not candidates:
            return None
        doc = Doc(self._vocab, words=read)
        harmless = [(start, end) for _, start, end in self._harmless(doc)]
        for name in (name for name in self._kinds if name in candidates):
            if self._found(name, doc, harmless):
                return Danger(self._kinds[name], name)
        return None

    def _found(self, name: str, doc: Doc, harmless: list[tuple[int, int]]) -> bool:
        spans = [(start, end) for _, start, end in self._finders[name](doc)]
        if not spans:
            return False
        veto = self._vetoes.get(name)
        voids = harmless + ([(start, end) for _, start, end in veto(doc)] if veto else [])
        return any(not any(start < stop and begin < end for begin, stop in voids) for start, end in spans)

    def _add(self, entry: dict[str, Any], notation: Notation) -> None:
        name, file = entry.get("id"), notation.file
        if not isinstance(name, str) or name in self._kinds:
            raise PhraseUnreadableError(file, name, "each phrase needs an id of its own")
        if entry.get("danger") not in DANGERS:
            raise PhraseUnreadableError(file, name, f"danger must be one of {', '.join(DANGERS)}")
        if not entry.get("reason") or not isinstance(entry.get("any"), list) or not entry["any"]:
            raise PhraseUnreadableError(file, name, "a reason and a list `any` of patterns are needed")
        strange = set(entry) - {"id", "danger", "reason", "any", "unless"}
        if strange:
            raise PhraseUnreadableError(file, name, f"unknown keys: {', '.join(sorted(map(str, strange)))}")
        found = [way for line in entry["any"] for way in notation.compile(line, name)]
        vetoes = [way for line in entry.get("unless") or [] for way in notation.compile(line, name)]
        self._kinds[name] = entry["danger"]
        self._finders[name] = self._matcher(found)
        if vetoes:
            self._vetoes[name] = self._matcher(vetoes)
        for way in found:
            for word in min(way.needs, key=_commonness):
                self._index.setdefault(word, []).append((name, way.needs))

    def _matcher(self, ways: list[Branch]) -> Matcher:
        matcher = Matcher(self._vocab, validate=False)
        if ways:
            matcher.add("phrase", [list(way.tokens) for way in ways])
        return matcher


def _commonness(words: frozenset[str]) -> float:
    return sum(10 if word in STOP_WORDS else 1 for word in words)


def _read_yaml(file: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise PhraseUnreadableError(file, "the file", str(error)) from error
    if not isinstance(content, dict):
        raise PhraseUnreadableError(file, "the file", "must be a mapping")
    return content
