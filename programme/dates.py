"""The one place that reads days, dates and hours: what people choose by, and when they were born.

Where they stand in a message is found by spaCy's entity rules over nlu/words/entities_when.yml, which the trainers own.
What they mean is worked out here, relative to now in London: written dates ("3rd of dec") and distances ("in a
fortnight", "a week tomorrow") by dateparser; what it does not know or reads otherwise than people here mean it ("next
Tuesday", "the 3rd", "half 6", "week on Monday") by rules/when.py. The rules of choosing then read one plain way only.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import spacy
import yaml
from dateparser.date import DateDataParser
from spacy.pipeline import EntityRuler
from spacy.tokens import Doc

from programme.rules import birth_date, clock_words, london, when
from programme.rules.birth_date import BirthDate

WORDS = Path(__file__).resolve().parents[1] / "nlu" / "words" / "entities_when.yml"
NONE = "none"  # what only looks like a day or an hour
LONGEST = 600  # characters; nobody needs more to say which day suits, and a longer text is left as it is
RUN = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[^\w\s]|_")
PIECE = re.compile(r"\d+|[^\W\d]+|[^\w\s]|_")
FURTHEST = timedelta(days=400)  # a date further away is not one that somebody asks for
RELATIVE = frozenset({"library", "from_now"})
# Languages in which people here write the month of their birth, beside English.
BIRTH_LANGUAGES = ["pl", "ro", "pt", "es", "it", "fr", "lt", "hu", "bg", "sq", "ur", "de"]
WRITTEN_OUT = re.compile(r"(?<!\d)\d{4}(?!\d)")


@dataclass(frozen=True)
class Token:
    """A piece of a text: where it stands, and its word in plain English."""

    start: int
    end: int
    plain: str


@dataclass(frozen=True)
class Found:
    """A day or an hour in a text. `kind`: which pattern found it; `words`: in plain English."""

    label: str
    kind: str
    start: int
    end: int
    words: tuple[str, ...]


class Finder:
    """spaCy's rules for days and hours. Safe to share: it keeps nothing of what it reads."""

    def __init__(self, path: Path = WORDS) -> None:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        self._plain: dict[str, str] = content["words"]
        self._lead, self._whole = frozenset(content["lead"]), frozenset(content["whole"])
        self._nlp = spacy.blank("en")
        self._ruler, self._none = EntityRuler(self._nlp, validate=True), EntityRuler(self._nlp, validate=True)
        self._none.add_patterns([one for one in content["patterns"] if one["label"] == NONE])
        self._ruler.add_patterns([one for one in content["patterns"] if one["label"] != NONE])

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
                yield Token(start, start + len(piece.group()), self._plain.get(said) or _mended(said))

    def find(self, tokens: Sequence[Token]) -> list[Found]:
        """The days and hours, in order; of patterns that overlap the longest."""
        if not tokens:
            return []
        # What is none of it comes first: the second ruler leaves its words alone.
        doc: Any = self._ruler(self._none(Doc(self._nlp.vocab, words=[token.plain for token in tokens])))
        return [
            self._found(entity, tokens)
            for entity in doc.ents
            if entity.label_ != NONE and _joined(tokens[entity.start : entity.end])
        ]

    def _found(self, entity: Any, tokens: Sequence[Token]) -> Found:
        first = entity.start
        while entity.ent_id_ not in self._whole and first < entity.end - 1 and tokens[first].plain in self._lead:
            first += 1
        said = tokens[first : entity.end]
        return Found(entity.label_, entity.ent_id_, said[0].start, said[-1].end, tuple(token.plain for token in said))


def _joined(tokens: Sequence[Token]) -> bool:
    """Whether no space stands around a sign between digits: "on the m4. 20 mins" names no hour."""
    signs = (".", ":")
    return all(one.end == two.start for one, two in pairwise(tokens) if one.plain in signs or two.plain in signs)


def _ascii(text: str) -> str:
    """Small letters and ASCII digits."""
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text).casefold()


def _mended(word: str) -> str:
    """A misspelt weekday as it is spelt; any other word as it is."""
    if len(word) < 5 or not word.isalpha():
        return word
    found = clock_words.weekday(word)
    if found is None:
        return word
    return clock_words.WEEKDAYS[found] + ("s" if word.endswith("s") else "")


class Library:
    """dateparser, asked about short phrases only, in British order. One conversation at a time: it is not thread-safe.

    It keeps its settings for each base that it has seen, so the base is the day, not the minute.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._day: date | None = None
        self._parser: DateDataParser | None = None
        self._births: DateDataParser | None = None

    def day(self, phrase: str, today: date) -> date | None:
        """The coming day that an English phrase means."""
        with self._lock:
            if self._parser is None or self._day != today:
                base = datetime.combine(today, time(12))  # London's date is all that counts
                settings = {"DATE_ORDER": "DMY", "PREFER_DATES_FROM": "future", "RELATIVE_BASE": base}
                self._parser, self._day = DateDataParser(languages=["en"], settings=settings), today
            found = self._parser.get_date_data(phrase).date_obj
        return found.date() if found else None

    def birth(self, phrase: str) -> date | None:
        """A whole date, its month written in one of `BIRTH_LANGUAGES`."""
        with self._lock:
            if self._births is None:
                settings = {"DATE_ORDER": "DMY", "REQUIRE_PARTS": ["day", "month", "year"]}
                self._births = DateDataParser(languages=BIRTH_LANGUAGES, settings=settings)
            found = self._births.get_date_data(phrase).date_obj
        return found.date() if found else None


@cache
def finder() -> Finder:
    """The rules of the file, read once."""
    return Finder()


@cache
def library() -> Library:
    """The library's parsers, made once."""
    return Library()


def plainly(text: str, now: datetime, *, list_shown: bool = False) -> str:
    """`text` with its days and hours put the plain way that rules/when.py describes.

    `now`: aware. `list_shown`: a list of offers is on the table, so "the 3rd" may be the third and stays as it is.
    """
    if len(text) > LONGEST:
        return text
    today, tokens = london.today(now), finder().tokens(text)
    pieces, end = [], 0
    changes = [(token.start, token.end, token.plain) for token in tokens]
    for found in finder().find(tokens):
        put = _read(found, today, list_shown)
        if put is not None:
            changes = [change for change in changes if not found.start <= change[0] < found.end]
            changes.append((found.start, found.end, put))
    for start, stop, put in sorted(changes):
        pieces += [text[end:start], put]
        end = stop
    return "".join([*pieces, text[end:]])


def _read(found: Found, today: date, list_shown: bool) -> str | None:
    if found.label == "time":
        return when.hour(found.kind, found.words)
    if found.kind == "past":  # "the last Tuesday one" of a list is no day gone by
        return None if list_shown else ""
    if found.kind == "date":
        return _date(found.words, today)
    if found.kind == "dates":
        return _dates(found.words, today)
    if found.kind in RELATIVE:
        return _distance(found, today)
    if found.kind == "day_of_month" and list_shown:
        number = when.day_number(found.words)
        days = [word for word in found.words if clock_words.weekday(word) is not None]
        return " ".join([*days, f"the {number}{ending(number)}"]) if number else None
    return when.day(found.kind, found.words, today)


def ending(number: int) -> str:
    """What stands after a day's number: 3rd, 11th."""
    return "th" if 10 < number < 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def _date(words: Sequence[str], today: date) -> str | None:
    """A written date; None where there is no such day. A weekday that is not that day's own is left beside it."""
    weekdays = {day for word in words if (day := clock_words.weekday(word)) is not None}
    if len(words) > 4 and words[1] == words[3] == "-":
        return _iso(words)
    rest = [word for word in words if clock_words.weekday(word) is None and word not in (",", "the", "of")]
    month = next((number for word in rest if word.isalpha() and (number := clock_words.month(word))), None)
    numbers = [word for word in rest if word.isdigit()]
    number = int(numbers[0]) if numbers else when.day_number(rest)
    month = month or (int(numbers[1]) if len(numbers) > 1 else None)
    if month is None or number is None:
        return None
    year = numbers[-1] if len(numbers) > (1 if any(map(str.isalpha, rest)) else 2) else ""
    phrase = f"{number} {clock_words.MONTHS[month - 1]} {('20' + year)[-4:] if year else ''}".strip()
    found = library().day(phrase, today)
    if found is None or (found.day, found.month) != (number, month) or found > today + FURTHEST:
        return None  # 31 November: the library takes the nearest day for it, or none
    others = weekdays - {found.weekday()}
    return f"{clock_words.WEEKDAYS[others.pop()]} {found.isoformat()}" if others else found.isoformat()


def _dates(words: Sequence[str], today: date) -> str | None:
    """Two days of one month: all from the first to the last, or the one or the other."""
    month = next((word for word in words if clock_words.month(word)), None)
    numbers = [word for word in words if word.isdigit()]
    if month is None:
        found = [clock_words.coming(int(number), None, today) for number in numbers]
        first, last = ((day.isoformat() if day else None) for day in found)
    else:
        first, last = (_date([number, month], today) for number in numbers)
    if first is None or last is None:
        return None
    between = "between" in words or not {"or", "and", "&"} & set(words)
    return f"{first}/{last}" if between and first < last else f"{first} or {last}"


def _iso(words: Sequence[str]) -> str | None:
    try:
        return date(int(words[0]), int(words[2]), int(words[4])).isoformat()
    except ValueError:
        return None


def _distance(found: Found, today: date) -> str | None:
    """Tomorrow, a week tomorrow, in a fortnight: as many days ahead as the library says."""
    said = " ".join(word for word in found.words if word not in ("'", "s", "time", "the", "of"))
    said = said.replace("a couple", "2").replace("couple", "2").replace("a few", "3").replace("few", "3")
    said = said.removesuffix(" from now").removesuffix(" from today")
    if found.kind == "from_now":
        said = "in " + said.removeprefix("in ")
    weeks = 1 if "week" in said and found.kind == "library" else 0  # "a week today", of which the library knows half
    day = library().day(said.split()[-1] if weeks else said, today)
    day = day + weeks * when.WEEK if day else None
    if day is None or day < today:
        return None
    return f"from {day.isoformat()}" if found.kind == "from_now" else day.isoformat()


def born(text: str, today: date, youngest: int = 18, oldest: int = 110) -> BirthDate:
    """The date of birth in `text`, in digits, in words, or with its month in another language. Ages in whole years.

    The rules of birth_date.py go first: they know British order, short years, misspelt months and two dates in one
    text. The library is asked about what they cannot read at all, and only where a whole year stands in it.
    """
    digits = birth_date.in_digits(text)
    found = birth_date.read(digits, today, youngest, oldest)
    if found.problem != "unreadable" or not WRITTEN_OUT.search(digits):
        return found
    words = [word for word in re.findall(r"[^\W_]+", digits) if len(word) > 1 or word.isdigit()]
    for length in (5, 3):  # 17 de dezembro de 2001; 14 marca 1990
        for start in range(len(words) - length + 1):
            phrase = words[start : start + length]
            if sum(map(str.isdigit, phrase)) == 2 and (day := library().birth(" ".join(phrase))):
                numbers = {int(word) for word in phrase if word.isdigit()}
                if {day.day, day.year} == numbers:
                    return birth_date.judge(day, today, youngest, oldest)
    return found
