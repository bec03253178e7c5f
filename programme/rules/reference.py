"""Referral references: found in what a person types, forgiving about how it is typed, never about what it is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, combinations, pairwise, product


@dataclass(frozen=True)
class Pattern:
    """A fixed prefix and groups of letters and digits: ("TVP", (4, 2)) is TVP-4F7K-92."""

    prefix: str = "TVP"
    groups: tuple[int, ...] = (4, 2)

    @property
    def body(self) -> int:
        """How many letters and digits follow the prefix."""
        return sum(self.groups)


DEFAULT = Pattern()
MOST_VARIANTS = 16
WIDEST_GAP = 3  # characters between two pieces of one reference: " - "
LOOKALIKES = {"O": "0", "0": "O", "I": "1L", "1": "IL", "L": "1I"}
PIECE = re.compile(r"[^\W_]+")
GAPS = r"[\W_]{0,3}"
FILLER = "\0"  # stands where a word was longer than what it means; no gap between two pieces is counted by it
# How people read a reference out, and how it is written. Tens stand before a unit: seventy six is 76.
ALOUD = {
    "ZERO": "0", "OH": "0", "ONE": "1", "TWO": "2", "THREE": "3", "FOUR": "4", "FIVE": "5", "SIX": "6", "SEVEN": "7",
    "EIGHT": "8", "NINE": "9", "TWENTY": "2", "THIRTY": "3", "FORTY": "4", "FIFTY": "5", "SIXTY": "6", "SEVENTY": "7",
    "EIGHTY": "8", "NINETY": "9", "DASH": "-", "HYPHEN": "-", "SLASH": "-", "STROKE": "-", "THEN": "-", "SPACE": "-",
}  # fmt: skip
DAY_AND_MONTH = re.compile(r"\d{0,2}(JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)")
POSTCODE = re.compile(r"[A-Z]{1,2}\d[A-Z\d]?\d[A-Z]{2}")


@dataclass(frozen=True)
class _Found:
    canonical: str
    start: int
    end: int


def _plain(text: str) -> str:
    """Capitals, any digits as ASCII; one character stays one, so that places in the text still hold."""

    def one(char: str) -> str:
        if char.isdecimal():
            return str(unicodedata.decimal(char))
        flat = unicodedata.normalize("NFKC", char).upper()
        return flat if len(flat) == 1 else char

    return "".join(map(one, text))


def _shaped(pieces: list[str], gaps: list[str], pattern: Pattern) -> bool:
    """Whether the body is written as one would write a reference, and is not ordinary words that happen to fit."""
    body = "".join(pieces)
    tight = all(gap and not gap.isspace() for gap in gaps)
    if not any(char.isdigit() for char in body):
        return tight
    in_groups = set(accumulate(map(len, pieces))) <= set(accumulate(pattern.groups))
    return tight or in_groups or all(len(piece) == 1 or any(map(str.isdigit, piece)) for piece in pieces)


def _body_pieces(pieces: list[str], gaps: list[str], skip: int) -> tuple[list[str], list[str]]:
    """The pieces, and the gaps between them, that are left after the first `skip` characters."""
    kept: list[str] = []
    kept_gaps: list[str] = []
    seen = 0
    for place, piece in enumerate(pieces):
        rest = piece[max(0, skip - seen) :]
        seen += len(piece)
        if rest:
            if kept or (seen - len(piece) == skip and place):
                kept_gaps.append(gaps[place - 1])
            kept.append(rest)
    return kept, kept_gaps


def _with_prefix(pieces: list[str], gaps: list[str], pattern: Pattern) -> bool:
    joined, prefix = "".join(pieces), pattern.prefix.upper()
    if len(joined) != len(prefix) + pattern.body or not joined.startswith(prefix):
        return False
    return _shaped(*_body_pieces(pieces, gaps, len(prefix)), pattern)


def _alone(pieces: list[str], gaps: list[str], pattern: Pattern) -> bool:
    """Whether these are a reference without its prefix: letters and digits mixed, no date, no postcode."""
    body = "".join(pieces)
    mixed = any(map(str.isdigit, body)) and any(map(str.isalpha, body))
    if len(body) != pattern.body or not mixed or DAY_AND_MONTH.match(body) or POSTCODE.fullmatch(body):
        return False
    if len(pieces) > 1 and [len(piece) for piece in pieces] != list(pattern.groups):
        return False
    return all(any(map(str.isdigit, piece)) for piece in pieces) and _shaped(pieces, gaps, pattern)


def _read_aloud(plain: str, pattern: Pattern) -> str:
    """A reference that was read out, as it is written: `T V P DASH FIVE J` is `T V P -    5    J`, in the same places.

    Only what follows the prefix is touched, up to the first word that is no part of one.
    """
    prefix = re.search(rf"(?<![^\W_]){GAPS.join(map(re.escape, pattern.prefix.upper()))}(?=[\W_])", plain)
    if prefix is None:
        return plain
    pieces, end = [plain[: prefix.end()]], prefix.end()
    for match in PIECE.finditer(plain, prefix.end()):
        said = match.group()
        if said not in ALOUD and len(said) > 1 and not any(map(str.isdigit, said)):
            break
        put = ALOUD.get(said, said)
        pieces += [plain[end : match.start()], put, FILLER * (len(said) - len(put))]
        end = match.end()
    return "".join([*pieces, plain[end:]])


def _search(text: str, pattern: Pattern) -> list[_Found]:
    """The references as they are printed; where none is, as they were read out: "OH" may be the end of one, or a 0."""
    plain = _plain(text)
    groups = "-".join(rf"[A-Z\d]{{{size}}}" for size in pattern.groups)
    printed = re.search(rf"(?<![^\W_]){re.escape(pattern.prefix.upper())}[- ]?{groups}(?![^\W_])", plain)
    return list(_pieces_that_fit(plain if printed else _read_aloud(plain, pattern), pattern))


def _pieces_that_fit(plain: str, pattern: Pattern) -> Iterator[_Found]:
    found = list(PIECE.finditer(plain))
    gaps = [plain[one.end() : two.start()].replace(FILLER, "") for one, two in pairwise(found)]
    longest = len(pattern.prefix) + pattern.body
    first = 0
    while first < len(found):
        hit, size = None, 0
        for last in range(first, len(found)):
            size += len(found[last].group())
            between = gaps[first:last]
            if size > longest or any(len(gap) > WIDEST_GAP for gap in between):
                break
            pieces = [match.group() for match in found[first : last + 1]]
            if not all(piece.isascii() for piece in pieces):
                break
            if _with_prefix(pieces, between, pattern) or _alone(pieces, between, pattern):
                body = "".join(pieces)[-pattern.body :]
                end = found[last].end()
                end += len(plain[end:]) - len(plain[end:].lstrip(FILLER))
                hit = _Found(pattern.prefix.upper() + body, found[first].start(), end)
                first = last
                break
        if hit:
            yield hit
        first += 1


def read(text: str, pattern: Pattern = DEFAULT) -> str | None:
    """The canonical reference (capital letters and digits, no separators) in `text`.

    The prefix may be missing where the rest cannot be anything else. Of several the last is meant: people correct
    themselves. Nothing is put right that could be another reference: for look-alikes see `variants`.
    """
    found = _search(text, pattern)
    return found[-1].canonical if found else None


def take_out(text: str, pattern: Pattern = DEFAULT) -> str:
    """`text` without its references, so that a date of birth beside one can be read."""
    for hit in reversed(_search(text, pattern)):
        text = f"{text[: hit.start]} {text[hit.end :]}"
    return text


def show(canonical: str, pattern: Pattern = DEFAULT) -> str:
    """A canonical reference as it is printed: TVP-4F7K-92."""
    places = [len(pattern.prefix), *accumulate(pattern.groups, initial=len(pattern.prefix))][1:]
    return "-".join([canonical[: places[0]], *(canonical[start:end] for start, end in pairwise(places))])


def variants(canonical: str, pattern: Pattern = DEFAULT) -> tuple[str, ...]:
    """The reference itself, then what a reader may have taken for it (O/0, I/1/L), fewest changes first, at most 16."""
    places = [place for place in range(len(pattern.prefix), len(canonical)) if canonical[place] in LOOKALIKES]

    def each() -> Iterator[str]:
        for changes in range(len(places) + 1):
            for chosen in combinations(places, changes):
                for letters in product(*(LOOKALIKES[canonical[place]] for place in chosen)):
                    swapped = dict(zip(chosen, letters, strict=True))
                    yield "".join(swapped.get(place, char) for place, char in enumerate(canonical))

    return tuple(variant for variant, _ in zip(each(), range(MOST_VARIANTS), strict=False))
