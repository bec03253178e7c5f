"""One row of a file of referrals: what was meant by each field, and what is wrong with it.

Plain text in, plain values out. Nothing is guessed: what cannot be read for sure is a problem with a name, and the
words for it stand in programme/referral_import.yml.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from programme.rules import age, birth_date, name
from programme.rules import reference as references
from programme.rules.reference import Pattern

FIELDS = (
    "reference",
    "name",
    "first_name",
    "last_name",
    "date_of_birth",
    "referred_on",
    "book_by",
    "finish_by",
    "phone",
    "email",
    "language",
    "access_needs",
    "matching_word",
)
REQUIRED = ("reference", "name", "date_of_birth")
LONGEST = {"name": 200, "access_needs": 500, "matching_word": 40, "email": 254, "language": 40}
OLDEST = 110
LONGEST_AGO = timedelta(days=366)
FURTHEST = timedelta(days=3 * 366)  # a day further off is none
ORDERED = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})|(\d{4})-(\d{2})-(\d{2})")  # nearly every date of a file
MONTH_FIRST = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](?:\d{4}|\d{2})|(\d{2})(\d{2})(?:19|20)\d{2}")
DAYS_OF_A_SPREADSHEET = re.compile(
    r"\d{5}(?:\.\d+)?"
)  # 32946: how a spreadsheet counts days, where it is not told to show a date
TIME = re.compile(r"[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?Z?$")
EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s.,;<>\"]+(?:\.[^@\s.,;<>\"]+)+")
NOTHING = frozenset({"", "-", "–", "n/a", "na", "none", "null", "nil", "not known", "unknown", "nk"})
MAY_BE_NOTHING = frozenset({"phone", "email", "language", "access_needs", "matching_word", "book_by", "finish_by"})


@dataclass(frozen=True)
class Problem:
    """What is wrong with a row. `field` is one of FIELDS, or "" where it is about the whole row."""

    field: str
    code: str


@dataclass(frozen=True)
class Values:
    """A row that can be read. `reference` is canonical; what the row leaves empty is None. `phone` as it is written."""

    reference: str
    name: str
    born: date
    referred_on: date | None
    book_by: date | None
    finish_by: date | None
    phone: str | None
    email: str | None
    language: str | None
    access_needs: str | None
    matching_word: str | None

    def text(self) -> str:
        """All of it as one text, the same for the same row: what a row is known again by."""
        return "\x1f".join("" if value is None else str(value) for value in vars(self).values())


@dataclass(frozen=True)
class Known:
    """What a row is read against. `languages`: words, in small letters, to codes."""

    today: date
    pattern: Pattern
    languages: Mapping[str, str]


def read(given: Mapping[str, str], known: Known) -> tuple[Values | None, list[Problem]]:
    """The row's values, or every problem that it has."""
    row = {field: _clean(given.get(field, "")) for field in FIELDS}
    for field in MAY_BE_NOTHING:
        if row[field].casefold() in NOTHING:
            row[field] = ""
    row["name"] = in_order(row["name"] or " ".join(part for part in (row["first_name"], row["last_name"]) if part))
    problems = [Problem(field, "missing") for field in REQUIRED if not row[field]]
    problems += [Problem(field, "too_long") for field, most in LONGEST.items() if len(row[field]) > most]
    reference = references.read(row["reference"], known.pattern)
    if row["reference"] and reference is None:
        problems.append(Problem("reference", "bad_reference"))
    if row["name"] and not name_like(row["name"]):
        problems.append(Problem("name", "bad_name"))
    born = _birth(row["date_of_birth"], known.today, problems)
    dates = {field: _day(row[field], field, known.today, problems) for field in ("referred_on", "book_by", "finish_by")}
    _judge_days(dates, known.today, problems)
    if row["email"] and not EMAIL.fullmatch(row["email"]):
        problems.append(Problem("email", "bad_email"))
    language = known.languages.get(row["language"].casefold()) if row["language"] else None
    if row["language"] and language is None:
        problems.append(Problem("language", "bad_language"))
    if problems or reference is None or born is None:
        return None, problems
    return (
        Values(
            reference,
            row["name"],
            born,
            dates["referred_on"],
            dates["book_by"],
            dates["finish_by"],
            row["phone"] or None,
            row["email"] or None,
            language,
            row["access_needs"] or None,
            row["matching_word"] or None,
        ),
        [],
    )


def in_order(called: str) -> str:
    """A name as one is written to: `GREEN, Alex` is Alex GREEN."""
    last, comma, first = (part.strip() for part in called.partition(","))
    return f"{first} {last}" if comma and first and last and "," not in first else called


def name_like(text: str) -> bool:
    """Whether it can be somebody's name: letters, and no address, number or formula."""
    return any(char.isalpha() for char in text) and not re.search(r"[\d@=<>|{}]", text)


def same_person(one: Values, called: str, born: date) -> bool:
    """Whether a row is of somebody with this name and date of birth."""
    return one.born == born and name.alike(one.name, called)


def _clean(text: str) -> str:
    plain = unicodedata.normalize("NFC", text)
    return " ".join("".join(" " if unicodedata.category(char) in ("Cc", "Cf") else char for char in plain).split())


def _birth(text: str, today: date, problems: list[Problem]) -> date | None:
    if not text:
        return None
    text = TIME.sub("", text)
    if code := _unsafe(text):
        problems.append(Problem("date_of_birth", code))
        return None
    plain = _ordered(text)
    read = (
        birth_date.judge(plain, today, age.ADULT, OLDEST) if plain else birth_date.read(text, today, age.ADULT, OLDEST)
    )
    if read.problem is not None:
        problems.append(
            Problem("date_of_birth", "under_18" if read.problem == "too_young" else f"birth_{read.problem}")
        )
    return read.value


def _day(text: str, field: str, today: date, problems: list[Problem]) -> date | None:
    """A day in British order, or as 2026-12-24; also with a time behind it, as exports write them."""
    if not text:
        return None
    bare = TIME.sub("", text)
    if code := _unsafe(bare):
        problems.append(Problem(field, code))
        return None
    ahead = today + FURTHEST
    plain = _ordered(bare)
    read = birth_date.judge(plain, ahead, 0, OLDEST) if plain else birth_date.read(bare, ahead, 0, OLDEST)
    if read.value is None:
        problems.append(Problem(field, "bad_day"))
    return read.value


def _unsafe(text: str) -> str:
    """Why a date of a file is not read although one could: where one has the month first, the other dates of that file
    have it too, and 03/04/1990 would be taken for another day. A person who writes one date is read more kindly."""
    if DAYS_OF_A_SPREADSHEET.fullmatch(text):
        return "day_number"
    found = MONTH_FIRST.fullmatch(text)
    one, two = (int(part) for part in found.groups() if part) if found else (0, 0)
    return "month_first" if one <= 12 < two else ""


def _ordered(text: str) -> date | None:
    """A date that is written in digits, day first or year first; None where it is not, or is no day."""
    found = ORDERED.fullmatch(text)
    if found is None:
        return None
    day, _, month, year, iso_year, iso_month, iso_day = found.groups()
    try:
        return date(int(year), int(month), int(day)) if year else date(int(iso_year), int(iso_month), int(iso_day))
    except ValueError:
        return None


def _judge_days(dates: Mapping[str, date | None], today: date, problems: list[Problem]) -> None:
    referred, book, finish = dates["referred_on"], dates["book_by"], dates["finish_by"]
    if referred and referred > today:
        problems.append(Problem("referred_on", "day_ahead"))
    if referred and referred < today - LONGEST_AGO:
        problems.append(Problem("referred_on", "day_long_ago"))
    if book and finish and book > finish:
        problems.append(Problem("book_by", "after_finish"))
    for field in ("book_by", "finish_by"):
        day = dates[field]
        if day and referred and day < referred:
            problems.append(Problem(field, "before_referral"))
