"""Dates of birth as people type them, in British order.

Day, month, year. Only where that order is impossible is the American one read (2/13/91 is 13 February): such a date has
no other meaning, and it still has to match the referral. A year of two digits means the latest one that is not in the
future. Two different dates in one message are ambiguous: we ask again rather than pick.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from programme.rules import number_words

Problem = Literal["unreadable", "impossible", "future", "too_young", "too_old", "ambiguous"]
MONTHS = (
    "january february march april may june july august september october november december".split()  # noqa: SIM905
)
UNITS = "first second third fourth fifth sixth seventh eighth ninth".split()  # noqa: SIM905
TEENS = "tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth"
ORDINALS = {word: number for number, word in enumerate(UNITS + TEENS.split() + ["twentieth"], 1)} | {"thirtieth": 30}
ORDINALS |= {f"twenty {word}": 20 + number for number, word in enumerate(UNITS, 1)} | {"thirty first": 31}

DAY = r"(?<![\w])(?P<d>\d{1,2})\s*(?:st|nd|rd|th)?"
YEAR = r"(?P<y>\d{4}|\d{2})(?!\w)"
WORD = r"(?P<m>[a-z]{3,10})"
GAP = r"[\s,./'-]*"
YEAR_FIRST = re.compile(r"(?<!\w)(?P<y>\d{4})\s*([-/. ])\s*(?P<m>\d{1,2})\s*\2\s*(?P<d>\d{1,2})(?!\w)")
NUMBERS = re.compile(rf"(?<!\w)(?P<d>\d{{1,2}})\s*([-/.,\\: ])\s*(?P<m>\d{{1,2}})\s*\2\s*{YEAR}")
SOLID = re.compile(r"(?<![\w])(?<!\d[\s-])(?P<s>\d{8}|\d{6})(?![\w])")
DAY_WORD = re.compile(rf"{DAY}{GAP}(?:(?:day\s+)?(?:of|o|de)\s+)?(?:the\s+)?{WORD}{GAP}(?:of\s+)?{YEAR}")
WORD_DAY = re.compile(
    rf"(?<![^\W\d_]){WORD}{GAP}(?:the\s+)?(?P<d>\d{{1,2}})\s*(?:st|nd|rd|th)?(?:{GAP}\s|[,./'-]){GAP}{YEAR}"
)
YEAR_DAY_WORD = re.compile(
    rf"(?<!\w)(?P<y>\d{{4}})(?:{GAP}\s|[,./'-]){GAP}(?:the\s+)?(?P<d>\d{{1,2}})\s*(?:st|nd|rd|th)?{GAP}(?:of\s+)?"
    r"(?P<m>[a-z]{3,10})(?!\w)"
)
YEAR_WORD = re.compile(rf"(?<!\w)(?P<y>\d{{4}}){GAP}{WORD}{GAP}(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?!\w)")


@dataclass(frozen=True)
class BirthDate:
    """Either a `value` and no problem, or a `problem` and no value."""

    value: date | None = None
    problem: Problem | None = None


def _plain(text: str) -> str:
    flat = unicodedata.normalize("NFKC", text).casefold()
    flat = re.sub(r"[\u2010-\u2015\u2212_]", "-", flat).replace("\u2019", "'")
    for word in sorted(ORDINALS, key=len, reverse=True):
        flat = re.sub(rf"\b{word.replace(' ', '[ -]')}\b", str(ORDINALS[word]), flat)
    return flat


def _alike(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other).ratio()


def _months(word: str) -> tuple[int, ...]:
    """The months that a word may stand for: written out, cut short (at least three letters), or misspelt."""
    cut = [number for number, month in enumerate(MONTHS, 1) if month.startswith(word)]
    if cut or len(word) < 4:
        return tuple(cut)
    near = {month: max(_alike(word, month), _alike(word, month[:4])) for month in MONTHS}
    best = max(near.values())
    return tuple(n for n, month in enumerate(MONTHS, 1) if best >= 0.72 and near[month] >= best - 0.01)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _years(digits: str, today: date) -> list[int]:
    """The years that the digits may mean, likeliest first."""
    if len(digits) == 4:
        return [int(digits)]
    century = today.year // 100 * 100
    return [century + int(digits), century - 100 + int(digits)]


def _numeric(year: str, month: int, day: int, today: date) -> date | None:
    """British order, the American one where that is no date; of a two-digit year's centuries the latest not ahead."""
    for one, two in ((month, day), (day, month)):
        dates = [found for y in _years(year, today) if (found := _date(y, one, two))]
        if dates:
            return next((found for found in dates if found <= today), dates[0])
    return None


def _named(match: re.Match[str], today: date) -> Iterator[date | None]:
    for month in _months(match["m"]):
        dates = [found for y in _years(match["y"], today) if (found := _date(y, month, int(match["d"])))]
        yield next((found for found in dates if found <= today), dates[0] if dates else None)


def _solid(digits: str, today: date) -> date | None:
    if len(digits) == 6:
        return _numeric(digits[4:], int(digits[2:4]), int(digits[:2]), today)
    last = _numeric(digits[4:], int(digits[2:4]), int(digits[:2]), today)
    if last is not None and last.year >= 1900:
        return last
    return _date(int(digits[:4]), int(digits[4:6]), int(digits[6:])) or last


def _found(text: str, today: date) -> Iterator[date | None]:
    """Every date in the text; None for what is written as a date but is none. What one pattern reads, no other does."""
    for pattern in (YEAR_FIRST, NUMBERS, DAY_WORD, WORD_DAY, YEAR_DAY_WORD, YEAR_WORD, SOLID):
        rest, end = "", 0
        for match in pattern.finditer(text):
            if pattern is SOLID:
                yield _solid(match["s"], today)
            elif pattern is YEAR_FIRST:
                yield _date(int(match["y"]), int(match["m"]), int(match["d"]))
            elif pattern is NUMBERS:
                yield _numeric(match["y"], int(match["m"]), int(match["d"]), today)
            elif months := list(_named(match, today)):
                yield from months
            else:
                continue
            rest, end = f"{rest}{text[end : match.start()]} ; ", match.end()
        text = rest + text[end:]


def in_digits(text: str) -> str:
    """`text` with the numbers of a date that are written out in digits: nineteen eighty one, the 9th of the 9th 05."""
    return number_words.in_digits(_plain(text))


def _age(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def read(text: str, today: date, youngest: int = 18, oldest: int = 110) -> BirthDate:
    """The date of birth in `text`; `today`: the London date; ages in whole years, both ends allowed."""
    found = set(_found(_plain(text), today))
    if not found:
        return BirthDate(problem="unreadable")
    dates = {born for born in found if born is not None}
    if not dates:
        return BirthDate(problem="impossible")
    if len(dates) > 1:
        return BirthDate(problem="ambiguous")
    return judge(dates.pop(), today, youngest, oldest)


def judge(born: date, today: date, youngest: int = 18, oldest: int = 110) -> BirthDate:
    """Whether somebody of a fitting age can have been born on that day; ages in whole years, both ends allowed."""
    if born > today:
        return BirthDate(problem="future")
    age = _age(born, today)
    if age < youngest:
        return BirthDate(problem="too_young")
    return BirthDate(problem="too_old") if age > oldest else BirthDate(born)
