"""What may be written into a setting, by its kind, and where a setting stands: known, due soon, expired or empty."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal
from urllib.parse import urlsplit

Kind = Literal["text", "line", "number", "numbers", "phone", "email", "url", "choice", "pattern", "hours", "days"]
State = Literal["known", "soon", "expired", "empty"]
KINDS: tuple[Kind, ...] = (
    "text",
    "line",
    "number",
    "numbers",
    "phone",
    "email",
    "url",
    "choice",
    "pattern",
    "hours",
    "days",
)
MOST_NUMBERS = 6
LONGEST_TEXT, LONGEST_LINE, LONGEST_SOURCE, LONGEST_APPROVER = 1000, 200, 300, 200
SOON = timedelta(days=30)
FURTHEST = timedelta(days=2 * 366)  # a review further off is none

_PHONE = re.compile(r"\+?\d(?: ?\d){1,14}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+")
_PATTERN = re.compile(r"[A-Za-z]{1,8}(?: (?:[1-9]|1[0-2])){1,4}")
_SAMPLE = re.compile(r"\b(?:in (?:this|the) sample|sample (?:content|programme))\b", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class BadFactError(ValueError):
    """This cannot be kept."""


class NothingWrittenError(BadFactError):
    """Write something here."""


class TooLongError(BadFactError):
    """This is too long."""


class StillSampleError(BadFactError):
    """These are still the sample's words. Write what is true of your programme."""


class OneLineError(BadFactError):
    """Write this on one line."""


class NotANumberError(BadFactError):
    """Write a whole number in digits, such as 3."""


class NotNumbersError(BadFactError):
    """Write whole numbers with commas between, such as 7, 3, 1. Or 0 alone for none."""


class TooManyNumbersError(BadFactError):
    """These are too many. Write six at most."""


class TooSmallError(BadFactError):
    """This number is too small."""


class TooLargeError(BadFactError):
    """This number is too large."""


class NotAPhoneError(BadFactError):
    """Write a phone number: digits, with spaces where you like."""


class NotAnEmailError(BadFactError):
    """Write an e-mail address, such as name@example.org."""


class NotALinkError(BadFactError):
    """Write a web address that begins with https://"""


class NotAChoiceError(BadFactError):
    """Choose one of these."""


class NotAPatternError(BadFactError):
    """Write the letters, then the size of each group, such as TVP 4 2."""


class NotADayError(BadFactError):
    """Choose a date."""


class DayOverError(BadFactError):
    """Choose a date that is still to come."""


class TooFarError(BadFactError):
    """Choose a date within two years, so that somebody looks at this again."""


@dataclass(frozen=True)
class Bounds:
    """Of a number, or each of several, both included; of a choice, its values."""

    least: int | None = None
    most: int | None = None
    choices: Collection[str] = ()


def read(kind: Kind, text: str, bounds: Bounds) -> str:
    """What is kept of what somebody wrote, for every kind but `hours` and `days`. Raises BadFactError, in words."""
    text = _CONTROL.sub(" ", text).strip()
    if not text:
        raise NothingWrittenError(NothingWrittenError.__doc__)
    if _SAMPLE.search(text):
        raise StillSampleError(StillSampleError.__doc__)
    if kind == "text":
        return _short(text, LONGEST_TEXT)
    if "\n" in text:
        raise OneLineError(OneLineError.__doc__)
    return _READERS[kind](_short(" ".join(text.split()), LONGEST_LINE), bounds)


def read_days(days: Collection[str], today: date) -> str:
    """Closed days, each as 2026-12-24, as they are kept: in order, each once, without those that are over."""
    try:
        found = {date.fromisoformat(day.strip()) for day in days if day.strip()}
    except ValueError:
        raise NotADayError(NotADayError.__doc__) from None
    return json.dumps([day.isoformat() for day in sorted(found) if day >= today])


def read_review(text: str, today: date) -> date:
    """The day until which a fact may be said, this day included. Raises BadFactError, in words."""
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise NotADayError(NotADayError.__doc__) from None
    if day <= today:
        raise DayOverError(DayOverError.__doc__)
    if day > today + FURTHEST:
        raise TooFarError(TooFarError.__doc__)
    return day


def read_name(text: str, longest: int) -> str:
    """A source or an approver: one line that must be there. Raises BadFactError, in words."""
    text = " ".join(_CONTROL.sub(" ", text).split())
    if not text:
        raise NothingWrittenError(NothingWrittenError.__doc__)
    if _SAMPLE.search(text):
        raise StillSampleError(StillSampleError.__doc__)
    return _short(text, longest)


def state(value: str | None, review_by: date | None, today: date) -> State:
    """Where a fact stands. `soon`: its review is due within 30 days."""
    if value is None or not value.strip() or review_by is None:
        return "empty"
    if review_by < today:
        return "expired"
    return "soon" if review_by <= today + SOON else "known"


def _short(text: str, longest: int) -> str:
    if len(text) > longest:
        raise TooLongError(TooLongError.__doc__)
    return text


def _line(text: str, _bounds: Bounds) -> str:
    return text


def _number(text: str, bounds: Bounds) -> str:
    if not (text.isascii() and text.isdecimal()):
        raise NotANumberError(NotANumberError.__doc__)
    if bounds.least is not None and int(text) < bounds.least:
        raise TooSmallError(TooSmallError.__doc__)
    if bounds.most is not None and int(text) > bounds.most:
        raise TooLargeError(TooLargeError.__doc__)
    return str(int(text))


def _numbers(text: str, bounds: Bounds) -> str:
    """Several, the largest first, each once; "0" is none of them."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdecimal() for part in parts):
        raise NotNumbersError(NotNumbersError.__doc__)
    found = sorted({int(part) for part in parts}, reverse=True)
    if found == [0]:
        return "0"
    if 0 in found:
        raise NotNumbersError(NotNumbersError.__doc__)
    if len(found) > MOST_NUMBERS:
        raise TooManyNumbersError(TooManyNumbersError.__doc__)
    return ", ".join(_number(str(each), bounds) for each in found)


def _phone(text: str, _bounds: Bounds) -> str:
    if not _PHONE.fullmatch(text):
        raise NotAPhoneError(NotAPhoneError.__doc__)
    return text


def _email(text: str, _bounds: Bounds) -> str:
    if not _EMAIL.fullmatch(text):
        raise NotAnEmailError(NotAnEmailError.__doc__)
    return text


def _url(text: str, _bounds: Bounds) -> str:
    try:
        parts = urlsplit(text)
        fits = parts.scheme == "https" and "." in (parts.hostname or "") and not parts.username and " " not in text
    except ValueError:
        fits = False
    if not fits:
        raise NotALinkError(NotALinkError.__doc__)
    return text


def _choice(text: str, bounds: Bounds) -> str:
    if text not in bounds.choices:
        raise NotAChoiceError(NotAChoiceError.__doc__)
    return text


def _pattern(text: str, _bounds: Bounds) -> str:
    if not _PATTERN.fullmatch(text):
        raise NotAPatternError(NotAPatternError.__doc__)
    return text.upper()


_READERS = {
    "line": _line,
    "number": _number,
    "numbers": _numbers,
    "phone": _phone,
    "email": _email,
    "url": _url,
    "choice": _choice,
    "pattern": _pattern,
}
