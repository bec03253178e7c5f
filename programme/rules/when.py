"""Which days and hours are meant by words such as "next tuesday", "week on monday", "end of the month", "half 6".

What is read is put in one plain way: 2026-12-01 for a day, 2026-12-01/2026-12-06 for several, `tuesday+2026-12-01` for
a weekday whose date is likely (people differ on "next Tuesday"), 6:30pm or 6:30 for an hour, `from` for "not before".
A week begins on Monday. The words are small letters and plain English already.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta

from programme.rules import clock_words

DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
# fmt: off
NTH = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
    "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth",
    "twentieth",
)
# fmt: on
DAYTIME, SCHOOL = "before 5pm", "between 9am and 2:30pm"
OFFICE = "weekday between 9am and 5pm"
# fmt: off
PARTS = {
    "after noon": "afternoon", "first thing": "morning", "crack of dawn": "morning",
    "before work": "morning", "before my work": "morning",
    "before school": "morning", "before lunch": "before 12pm", "before dinner": DAYTIME, "before tea": DAYTIME,
    "after lunch": "after 1pm", "after school": "after 3:30pm", "after the school": "after 3:30pm",
    "day time": DAYTIME, "day times": DAYTIME, "daytime": DAYTIME, "in the day": DAYTIME, "during the day": DAYTIME,
    "teatime": "between 4pm and 7pm", "tea time": "between 4pm and 7pm", "lunch time": "lunchtime",
    "lunch times": "lunchtime", "school hours": SCHOOL, "nursery hours": SCHOOL, "office hours": OFFICE,
    "working hours": OFFICE, "work hours": OFFICE,
}
# fmt: on


def day(kind: str, words: Sequence[str], today: date) -> str | None:
    """The plain way of a day's words; None where they name no day that there is. `today`: the London date."""
    return DAYS[kind](list(words), today) if kind in DAYS else None


def hour(kind: str, words: Sequence[str]) -> str | None:
    """The plain way of an hour's words, or of a part of the day's."""
    return HOURS[kind](list(words)) if kind in HOURS else None


def span(first: date, last: date) -> str:
    """Several days in the plain way, both ends included."""
    return first.isoformat() if first == last else f"{first.isoformat()}/{last.isoformat()}"


def monday(today: date) -> date:
    """The Monday of this week."""
    return today - timedelta(days=today.weekday())


def coming(weekday: int, today: date) -> date:
    """The first such weekday from today on."""
    return today + timedelta(days=(weekday - today.weekday()) % 7)


def _weekday(words: Sequence[str]) -> int:
    return next((found for word in words if (found := clock_words.weekday(word)) is not None), 0)


def _count(words: Sequence[str]) -> int:
    for word in words:
        if word in ("couple", "fortnight", "few"):
            return 3 if word == "few" else 2
        if number := clock_words.NUMBERS.get(word) or (int(word) if word.isdigit() else 0):
            return number
    return 1


def _tonight(words: list[str], today: date) -> str:
    return f"{today.isoformat()} {'evening' if words[-1] == 'tonight' else words[-1]}"


def _near_weekday(words: list[str], today: date) -> str:
    number = _weekday(words)
    later = "next" in words or "following" in words
    found = monday(today) + WEEK + timedelta(days=number) if later else coming(number, today)
    return f"{clock_words.WEEKDAYS[number]}+{found.isoformat()}"


def _weekday_week(words: list[str], today: date) -> str:
    ahead = 2 if "fortnight" in words else _count([word for word in words if word != "week"])
    return (coming(_weekday(words), today) + ahead * WEEK).isoformat()


def _weekday_next_week(words: list[str], today: date) -> str:
    ahead = 0 if "this" in words else 2 if "after" in words and "next" in words else 1
    return (monday(today) + ahead * WEEK + timedelta(days=_weekday(words))).isoformat()


def _weekend(words: list[str], today: date) -> str:
    ahead = 2 if "after" in words and "next" in words else 1 if "next" in words or "after" in words else 0
    saturday = monday(today) + 5 * DAY + ahead * WEEK
    return span(max(saturday, today), saturday + DAY)


def _week(words: list[str], today: date) -> str:
    ahead = 2 if "after" in words else 1 if {"next", "following", "coming"} & set(words) else 0
    first = monday(today) + ahead * WEEK
    begins, ends = _third(words, (0, 0, 3), (6, 2, 4), 3)
    return span(max(first + begins * DAY, today), max(first + ends * DAY, today))


def _third(words: list[str], whole: tuple[int, int, int], ends: tuple[int, int, int], late: int) -> tuple[int, int]:
    """The first and last day of the part that is named: all of it, its start, its middle or its end."""
    said = set(words)
    if said & {"early", "start", "beginning", "begin"}:
        return whole[1], ends[1]
    if said & {"mid", "middle"}:
        return whole[2] - 2, ends[2]
    if said & {"late", "end", "later", "back"}:
        return late, ends[0]
    return whole[0], ends[0]


def _weeks(words: list[str], today: date) -> str:
    days = 1 if "days" in words else 7
    return span(today, today + days * _count(words) * DAY)


def _month(words: list[str], today: date) -> str:
    named = next((found for word in words if (found := clock_words.month(word))), None)
    first = _first_of(named, "next" in words or "coming" in words, today)
    last = (first + 31 * DAY).replace(day=1) - DAY
    if "week" in words:
        begins = 7 * next((place for place, nth in enumerate(NTH[:4]) if nth in words), 0)
        begins = last.day - 7 if "last" in words else begins
        return span(max(first + begins * DAY, today), max(first + (begins + 6) * DAY, today))
    begins, ends = _third(words, (0, 0, 12), (30, 9, 19), 20)
    begins = 0 if "later" in words else begins
    return span(max(first + begins * DAY, today), max(min(first + ends * DAY, last), today))


def _first_of(named: int | None, after_this: bool, today: date) -> date:
    """The first of the month that is named, or of this one or the next."""
    this = today.replace(day=1)
    if named is None:
        return (this + 31 * DAY).replace(day=1) if after_this else this
    return this.replace(year=today.year + (named < today.month), month=named)


def _day_of_month(words: list[str], today: date) -> str | None:
    number = day_number(words)
    found = clock_words.coming(number, None, today) if number else None
    if found is None:
        return None
    others = {wd for word in words if (wd := clock_words.weekday(word)) is not None} - {found.weekday()}
    return f"{clock_words.WEEKDAYS[others.pop()]} {found.isoformat()}" if others else found.isoformat()


def day_number(words: Sequence[str]) -> int | None:
    """The day of a month that "3rd", "fourteenth" or "twenty first" names."""
    tens = {"twenty": 20, "thirty": 30, "thirtieth": 30}
    number: int = sum(tens.get(word, 0) for word in words)
    for word in words:
        if word.isdigit():
            number += int(word)
        elif word in NTH:
            number += NTH.index(word) + 1
    return number if 1 <= number <= 31 else None


def easter(year: int) -> date:
    """Easter Sunday (the anonymous Gregorian method)."""
    a, (b, c) = year % 19, divmod(year, 100)
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    rest = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    shift = (a + 11 * h + 22 * rest) // 451
    month, number = divmod(h + rest - 7 * shift + 114, 31)
    return date(year, month, number + 1)


def _holiday(words: list[str], today: date) -> str:
    def of(year: int) -> date:
        if "easter" in words or "good" in words:
            return easter(year) + (DAY if "monday" in words else -2 * DAY if "good" in words else 0 * DAY)
        if "new" in words:
            return date(year, 12, 31) if "eve" in words else date(year, 1, 1)
        return date(year, 12, 26 if "boxing" in words else 24 if "eve" in words else 25)

    return next(found for year in (today.year, today.year + 1) if (found := of(year)) >= today).isoformat()


DAYS: dict[str, Callable[[list[str], date], str | None]] = {
    "tonight": _tonight, "near_weekday": _near_weekday, "weekday_week": _weekday_week,
    "weekday_next_week": _weekday_next_week, "weekend": _weekend, "week": _week, "weeks": _weeks, "month": _month,
    "day_of_month": _day_of_month, "holiday": _holiday,
}  # fmt: skip


def _number(word: str) -> int:
    return clock_words.NUMBERS.get(word) or {"quarter": 15, "half": 30, "twenty": 20}.get(word, 0) or int(word)


def _past(words: list[str]) -> str:
    half = words.pop() if words[-1] in ("am", "pm") else ""
    at, minutes = _number(words[-1]), _number(words[1] if words[0] == "a" else words[0])
    if "to" in words:
        at, minutes = (at - 1 or 12), 60 - minutes
    return f"{at}:{minutes:02}{half}"


def _clock(words: list[str]) -> str:
    said = " ".join(words)
    if match := re.fullmatch(r"(\d\d)(\d\d) (?:hours|hrs|h)", said):
        return f"{int(match[1])}:{match[2]}"
    half = (
        "am" if words[-1] in ("am", "morning") else "pm" if words[-1] in ("pm", "afternoon", "evening", "night") else ""
    )
    minutes = next((word for word in words[1:] if word.isdigit()), "" if half else "00")
    return f"{_number(words[0])}{':' if minutes else ''}{minutes}{half}"


def _hours(words: list[str]) -> str:
    """Number words as digits, and `half nine` as 9:30; the words between stay."""
    out: list[str] = []
    for word in words:
        number = str(clock_words.NUMBERS.get(word, word))
        if out and out[-1] == "half":
            out[-1] = f"{number}:30"
        elif word in ("am", "pm"):
            out[-1] += word
        else:
            out.append(number)
    return " ".join(out)


def _part(words: list[str]) -> str:
    said = " ".join(words)
    if words[0] in ("out", "outside"):
        return "evening or weekend"
    if words[0] == "after" and said not in PARTS:
        return "evening" if words[-1] not in ("dinner", "tea") else "after 6pm"
    if words[0] in ("early", "mid", "late"):
        return words[-1]
    return PARTS.get(said, said)


HOURS: dict[str, Callable[[list[str]], str]] = {
    "past": _past, "clock": _clock, "hour": _hours, "hours": _hours, "noon": lambda _: "12pm", "part": _part,
}  # fmt: skip
