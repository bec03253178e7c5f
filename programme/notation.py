"""The notation of the safety phrases, compiled to regular expressions; it is explained in nlu/safety/README.md.

They run over a text that was read (words.py): known words, each followed by a space.
"""

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from programme.words import END, NUMBER, START, Words, spoken_in

BETWEEN = 9  # words between the two halves of `this & that`
_PIECE = re.compile(
    r"\s*(?:~(?P<gap>[1-9])|\{(?P<any>[^{}]+)\}(?P<o1>\??)|<(?P<set>\w+)>(?P<o2>\??)|(?P<word>[^\s{}<>~?&]+)(?P<o3>\??))"
)
_WORD = re.compile(r"[^\s_A-Z'’.,*#^$]+\*?|[#^$]")
_FOREIGN = re.compile(r"[^\s{}|?~<>]*[^\x00-\x7f][^\s{}|?~<>]*")
_WORDS_OF = re.compile(r"(?<![^\s{}|])[^\s_A-Z'’.,*#^$~<>{}|?&]+\*?")


class PhraseUnreadableError(ValueError):
    """A safety phrase cannot be read."""

    def __init__(self, file: Path, name: object, why: str) -> None:
        super().__init__(f"{self.__doc__} {file}: {name}: {why}")


def words_of(line: str) -> list[str]:
    """The words that a pattern names."""
    return _WORDS_OF.findall(_as_read(line))


def _as_read(line: str) -> str:
    """A pattern in another language may be written as its speakers do; it is looked for as it is read."""
    return _FOREIGN.sub(lambda found: " ".join(spoken_in(found[0])), line)


@dataclass(frozen=True)
class Line:
    """One pattern. `needs`: sets of words; of each set one must be in the text, else the pattern cannot be there.

    It is compiled when it is first looked for: most are not for weeks, and all together take seconds.
    """

    expression: str
    needs: tuple[frozenset[str], ...]

    @cached_property
    def shortest(self) -> re.Pattern[str]:
        """Finds it with as little between its words as may be."""
        return re.compile(rf"(?<!\S)(?:{self.expression.replace('@', '?')})")

    @cached_property
    def longest(self) -> re.Pattern[str]:
        """Finds it with as much between its words as may be."""
        return re.compile(rf"(?<!\S)(?:{self.expression.replace('@', '')})")


@dataclass(frozen=True)
class Notation:
    """Compiles the patterns of one file; its errors name the file and the phrase."""

    file: Path
    sets: Mapping[str, str]
    words: Words

    def compile(self, line: object, name: object) -> Line:
        """One pattern. Raises PhraseUnreadableError."""
        if not isinstance(line, str):
            raise PhraseUnreadableError(self.file, name, f"a pattern is a line of text, not {line!r}")
        halves = [list(self._pieces(half, name)) for half in _as_read(line).split(" & ")]
        needs = tuple(frozenset(need) for half in halves for _, need in half if need)
        if not needs:
            raise PhraseUnreadableError(self.file, name, f"'{line}' asks for no word at all")
        orders = ["".join(written for written, _ in half) for half in halves]
        gap = _gap(BETWEEN)
        expression = "|".join(gap.join(order) for order in itertools.permutations(orders))
        return Line(expression, needs)

    def _pieces(self, line: str, name: object) -> Iterator[tuple[str, set[str]]]:
        """Each piece as an expression, and the words of which one must be there (none: it may be missing)."""
        at = 0
        while at < len(line.rstrip()):
            piece = _PIECE.match(line, at)
            if not piece:
                raise PhraseUnreadableError(self.file, name, f"cannot read '{line[at:]}' in '{line}'")
            yield self._piece(piece, name)
            at = piece.end()

    def _piece(self, piece: re.Match[str], name: object) -> tuple[str, set[str]]:
        if piece["gap"]:
            return _gap(int(piece["gap"])), set()
        if piece["set"] and piece["set"] not in self.sets:
            raise PhraseUnreadableError(self.file, name, f"there is no set <{piece['set']}>")
        said = self.sets[piece["set"]] if piece["set"] else piece["any"] or piece["word"]
        choices = [[self._forms(word, name) for word in choice.split()] for choice in said.split("|")]
        ways = {" ".join(way) + " " for choice in choices for way in itertools.product(*choice)}
        written = f"(?:{'|'.join(sorted(map(re.escape, ways), key=len, reverse=True))})"
        if piece["o1"] or piece["o2"] or piece["o3"]:
            return f"{written}?", set()
        return written, {form for choice in choices for form in max(choice, key=lambda forms: len(forms[0]))}

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


def _gap(words: int) -> str:
    """Up to so many words; the `@` becomes nothing, or the sign for as few as may be. No known word contains one."""
    return rf"(?:\S+ ){{0,{words}}}@"
