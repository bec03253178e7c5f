"""Words for days and hours, as people type them: weekdays, parts of the day, clock times, dates to come."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable
from datetime import date, time, timedelta
from typing import Literal

Part = Literal["morning", "afternoon", "evening"]
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SHORT_DAYS = {
    "mon": 0, "tue": 1, "tues": 1, "wed": 2, "weds": 2, "wednes": 2,
    "thu": 3, "thur": 3, "thurs": 3, "fri": 4, "sat": 5, "sun": 6,
}  # fmt: skip
MONTHS = (
    "january", "february", "march", "april", "may", "june", "july",
    "august", "september", "october", "november", "december",
)  # fmt: skip
PARTS: dict[str, Part] = {
    "morning": "morning", "am": "morning", "breakfast": "morning",
    "afternoon": "afternoon", "lunchtime": "afternoon",
    "evening": "evening", "eve": "evening", "night": "evening", "tonight": "evening", "nite": "evening",
}  # fmt: skip
NUMBERS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12,
}  # fmt: skip
CLOCK = re.compile(
    r"(?<![\w:.])(?P<h>\d{1,2})(?:[:.](?P<min>[0-5]\d))?\s*(?P<half>am|pm|a\.m\.?|p\.m\.?|oclock|o'clock)?(?![\w/-])"
)


def plain(text: str) -> str:
    """Small letters, straight apostrophes and dashes, single spaces, none of the punctuation that ends a sentence."""
    flat = unicodedata.normalize("NFKC", text).casefold().replace("\u2019", "'").replace("\u2018", "'")
    flat = re.sub(r"\bi am\b", "im", re.sub(r"[\u2010-\u2015\u2212]", "-", flat))  # not the morning
    return " ".join(re.sub(r"[^\w\s':./+-]|(?<!\d)[.:/]|[.:/](?!\d)|(?<!\w)-|-(?!\w)", " ", flat).split())


def nearest(word: str, known: Iterable[str], cutoff: float = 0.8) -> str | None:
    """The known word that a misspelt one stands for; None where none or several are as near."""
    scored = sorted(((difflib.SequenceMatcher(None, word, one).ratio(), one) for one in known), reverse=True)
    if not scored or scored[0][0] < cutoff or (len(scored) > 1 and scored[0][0] == scored[1][0]):
        return None
    return scored[0][1]


def weekday(word: str) -> int | None:
    """The weekday (Monday is 0) that a word names, its plural and misspellings included."""
    bare = word.removesuffix("s")
    if word in SHORT_DAYS or bare in SHORT_DAYS:
        return SHORT_DAYS.get(word, SHORT_DAYS.get(bare))
    near = bare if bare in WEEKDAYS else nearest(bare, WEEKDAYS) if len(bare) >= 5 and bare != "today" else None
    return None if near is None else WEEKDAYS.index(near)


def parts(word: str) -> frozenset[Part]:
    """The parts of the day that a word names: `pm` is two of them, and most words none."""
    bare = word.removesuffix("s")
    if bare == "pm":
        return frozenset({"afternoon", "evening"})
    if bare not in PARTS and len(bare) >= 6:
        bare = nearest(bare, ("morning", "afternoon", "evening"), 0.85) or bare
    return frozenset({PARTS[bare]}) if bare in PARTS else frozenset()


def part_of(at: time) -> Part:
    """Morning until noon, afternoon until five, then evening."""
    if at < time(12):
        return "morning"
    return "afternoon" if at < time(17) else "evening"


def month(word: str) -> int | None:
    """The month (January is 1) that a word names. `may`, `mar` and the like only where a caller sees a date in it."""
    cut = [number for number, name in enumerate(MONTHS, 1) if len(word) >= 3 and name.startswith(word)]
    if len(cut) == 1:
        return cut[0]
    near = nearest(word, MONTHS) if len(word) >= 5 else None
    return None if near is None else MONTHS.index(near) + 1


def clock(hour: int, minute: int, half: str | None) -> time | None:
    """A clock time. Without am or pm, 1 to 7 are in the afternoon or evening: no session is held at night."""
    if half and half[0] == "p" and hour < 12:
        hour += 12
    elif half and half[0] == "a" and hour == 12:
        hour = 0
    elif (not half or half[0] == "o") and 1 <= hour <= 7:
        hour += 12
    return time(hour, minute) if hour < 24 else None


def coming(day: int, number: int | None, today: date) -> date | None:
    """The next date, today included, that is day `day` of month `number`, or of whatever month comes first."""
    for ahead in range(0, 366 * 4 + 1):
        found = today + timedelta(days=ahead)
        if found.day == day and number in (None, found.month):
            return found
    return None
