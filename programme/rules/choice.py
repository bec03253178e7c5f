"""Which of the offers a short answer means."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Literal

from programme.rules import clock_words, london, preference_when, preference_words, step
from programme.rules.choice_words import (
    ANY,
    AROUND_NUMBER,
    EXACT,
    FIRST,
    LAST,
    LETTER,
    MIDDLE,
    NONE,
    NOT,
    NTH,
    ORDINALS,
    UNSURE,
    WEEKDAY_AND_NUMBER,
)
from programme.rules.offer import Slot

Kind = Literal["index", "none", "ambiguous", "unread"]


@dataclass(frozen=True)
class Choice:
    """`index`: the one that is meant (from 0). `ambiguous`: `indices` are those that it may be, two or more."""

    kind: Kind
    index: int | None = None
    indices: tuple[int, ...] = ()


UNREAD = Choice("unread")


def _picked(found: Sequence[int]) -> Choice:
    if len(found) == 1:
        return Choice("index", found[0])
    return Choice("ambiguous", indices=tuple(found)) if found else UNREAD


def read(text: str, slots: Sequence[Slot], places: Sequence[str] = ()) -> Choice:
    """What `text` says about `slots`, which are in the order in which they were shown.

    Its days and hours are put plainly already (programme/dates.py). `places`: all that there are; one that is named and
    is none of the slots' makes it `unread`.

    A description ("the Reading one", "tues pm") narrows them down, and "first" or "later" then picks among what is
    left. A bare number counts the offers; above their number it is a time. A question about the offers is `unread`, and
    so is a description that none of them fits: both are for others to answer.
    """
    clauses = [
        clause for part in preference_words.CLAUSES.split(text.casefold()) if (clause := clock_words.plain(part))
    ]
    wanted = [clause for clause in clauses if not preference_when.is_refused(clause)] or clauses
    said = " | ".join(wanted)
    if not slots or not said:
        return UNREAD
    if _elsewhere(said, slots, places):
        return UNREAD
    if (letter := LETTER.search(said)) and ord(letter[1]) - ord("a") < len(slots):
        return Choice("index", ord(letter[1]) - ord("a"))
    return _number(said, slots) or _refused(said, slots) or _pointed_at(said, slots) or _agreed(said, len(slots))


def _elsewhere(said: str, slots: Sequence[Slot], places: Sequence[str]) -> bool:
    """Whether a place is asked for that is none of the slots'."""
    named = preference_words.named_places(re.sub(rf"{NOT.pattern}[^|]*", " ", said), places)
    return bool(named) and not any(slot.place in named for slot in slots)


def _refused(said: str, slots: Sequence[Slot]) -> Choice | None:
    if UNSURE.search(said):
        return UNREAD
    if NONE.search(said):
        return Choice("none")
    return _all_but(said, slots) if NOT.search(said) and not ANY.search(NOT.sub(" ", said)) else None


def _pointed_at(said: str, slots: Sequence[Slot]) -> Choice | None:
    left = _described(said, slots)
    if left is None:
        return _ranked_alone(said, slots)
    return _picked(_ranked(said, left, slots))


def _agreed(said: str, count: int) -> Choice:
    """Any of them is the first. A bare yes is an answer only where one was offered; a bare no always is."""
    if ANY.search(said):
        return Choice("index", 0)
    answer = step.yes_no(said)
    if answer is False:
        return Choice("none")
    return Choice("index", 0) if answer and count == 1 else UNREAD


def _number(said: str, slots: Sequence[Slot]) -> Choice | None:
    """A number or ordinal with nothing beside it that could change its meaning."""
    words = said.split()
    found = [place for place, names in enumerate(ORDINALS) if any(re.fullmatch(names, word) for word in words)]
    others = [word for word in words if not any(re.fullmatch(names, word) for names in ORDINALS)]
    if not found or not set(others) <= AROUND_NUMBER:
        return None
    if len(found) > 1 and found[0] == 0 and "one" in words:  # "the second one", "one of 2" is not said so
        found = found[1:]
    within = [place for place in found if place < len(slots)]
    if len(found) > 1:
        return Choice("ambiguous", indices=tuple(within)) if len(within) > 1 else UNREAD
    # "the 3rd" may be a date as well as the third.
    dated = [
        n for n, slot in enumerate(slots) if re.search(r"\d(?:st|nd|rd|th)\b", said) and _day(slot) == found[0] + 1
    ]
    if within or dated:
        return _picked(sorted({*within, *dated}))
    return _picked(_at_hour(found[0] + 1, slots)) if any(char.isdigit() for char in said) else UNREAD


def _start(slot: Slot) -> datetime:
    return london.local(slot.starts[0])


def _day(slot: Slot) -> int:
    return _start(slot).day


def _at_hour(hour: int, slots: Sequence[Slot]) -> list[int]:
    return [number for number, slot in enumerate(slots) if _start(slot).hour % 12 == hour % 12]


def _tests(said: str, slots: Sequence[Slot]) -> list[Callable[[Slot], bool]]:
    """What the words ask of a slot; each must hold. Words that fit none of the slots still count."""
    tests: list[Callable[[Slot], bool]] = []
    if exact := _exact(said, slots):
        tests.append(lambda slot: any(first <= _start(slot).date() <= last for first, last in exact))
    said = EXACT.sub(r"\1 ", said)
    words = re.split(r"[\s/-]+", said)
    days = {day for word in words if (day := clock_words.weekday(word)) is not None}
    days |= {5, 6} if re.search(r"\bweekends?\b", said) else set()
    if days:
        tests.append(lambda slot: _start(slot).weekday() in days)
    parts = {part for word in words for part in clock_words.parts(word)}
    if parts:
        tests.append(lambda slot: clock_words.part_of(_start(slot).time()) in parts)
    if way := _way(said):
        tests.append(lambda slot: slot.online is (way == "online"))
    if named := preference_words.named_places(said, [slot.place for slot in slots if not slot.online]):
        tests.append(lambda slot: slot.place in named)
    if numbers := _days_of_month(said, slots):
        tests.append(lambda slot: _day(slot) in numbers)
    if re.search(r"\bstep ?-?free\b|\bwheel ?chair\b", said):
        tests.append(lambda slot: slot.step_free or slot.online)
    return tests + _clock_tests(NTH.sub(" ", said), slots, bool(exact or numbers))


def _clock_tests(said: str, slots: Sequence[Slot], dated: bool) -> list[Callable[[Slot], bool]]:
    tests: list[Callable[[Slot], bool]] = []
    asked = preference_words.Wishes()
    rest = preference_when.stretches(preference_when.free(said), asked)
    first, last = asked.earliest, asked.latest
    if first or last:
        tests.append(lambda slot: (first or time.min) <= _start(slot).time() < (last or time.max))
    if times := _times(rest, slots, dated):
        tests.append(lambda slot: any(_is_at(slot, hour, minute, half) for hour, minute, half in times))
    return tests


def _way(said: str) -> str | None:
    if preference_words.IN_PERSON.search(said):
        return "room"
    return "online" if preference_words.ONLINE.search(said) else None


def _exact(said: str, slots: Sequence[Slot]) -> list[tuple[date, date]]:
    """The dates that are named. A date that was only likely, and is no slot's, leaves its weekday to count."""
    found = []
    for match in EXACT.finditer(said):
        first, last = date.fromisoformat(match[2]), date.fromisoformat(match[3] or match[2])
        if not match[1] or any(first <= _start(slot).date() <= last for slot in slots):
            found.append((first, last))
    return found


def _days_of_month(said: str, slots: Sequence[Slot]) -> set[int]:
    """Days of a month that are named as such, or that one of the slots is on."""
    found = {int(match[1]) for match in NTH.finditer(said)}
    found = {day for day in found if day > len(ORDINALS) or any(_day(slot) == day for slot in slots)}
    for match in WEEKDAY_AND_NUMBER.finditer(said):
        if clock_words.weekday(match[1]) is not None and any(_day(slot) == int(match[2]) for slot in slots):
            found.add(int(match[2]))
    return found


def _times(said: str, slots: Sequence[Slot], dated: bool) -> list[tuple[int, int, str | None]]:
    """Clock times: with am, pm or minutes, after "at", or a bare number that is the hour of one of the slots."""
    found: list[tuple[int, int, str | None]] = []
    for match in clock_words.CLOCK.finditer(said):
        hour, half = int(match["h"]), match["half"]
        sure = half or match["min"] or re.search(r"\b(?:at|the) $", said[: match.start()])
        if hour < 24 and (sure or (not dated and _at_hour(hour, slots))):
            found.append((hour, int(match["min"] or 0), half[0] if half else None))
    return found


def _is_at(slot: Slot, hour: int, minute: int, half: str | None) -> bool:
    clock = _start(slot)
    if half in ("a", "p") and (clock.hour >= 12) is not (half == "p"):
        return False
    same = clock.hour == hour if hour > 12 else clock.hour % 12 == hour % 12
    return same and clock.minute == minute


def _described(said: str, slots: Sequence[Slot]) -> list[int] | None:
    """The slots that the words describe; None where they describe nothing."""
    tests = _tests(said, slots)
    if not tests:
        return None
    return [number for number, slot in enumerate(slots) if all(test(slot) for test in tests)]


def _ranked(said: str, left: list[int], slots: Sequence[Slot]) -> list[int]:
    """`first`, `second`, `last` among those that are left."""
    ordered = sorted(left, key=lambda number: (slots[number].starts[0], number))
    if LAST.search(said):
        return ordered[-1:]
    if FIRST.search(said):
        return ordered[:1]
    for place, names in enumerate(ORDINALS[1:3], 1):
        if re.search(rf"\b(?:{names.split('|')[0]}|{names.split('|')[1]})\b", said) and place < len(ordered) > 1:
            return ordered[place : place + 1]
    return left


def _ranked_alone(said: str, slots: Sequence[Slot]) -> Choice | None:
    """`the last one`, `the earlier one`, `the middle one`: by what was shown for places, by the clock for times."""
    count = len(slots)
    by_time = sorted(range(count), key=lambda number: (slots[number].starts[0], number))
    if re.search(r"\b(?:second|2nd) (?:to |from )?(?:the )?(?:last|bottom)\b|\blast but one\b", said):
        return Choice("index", count - 2) if count > 1 else UNREAD
    if re.search(r"\b(?:latest|later|furthest)\b", said):
        return Choice("index", by_time[-1])
    if re.search(r"\b(?:earlier|earl[iy]est|sooner|soonest|asap|next)\b", said):
        return Choice("index", by_time[0])
    if re.search(r"\b(?:last|final|bottom)\b", said):
        return Choice("index", count - 1)
    if MIDDLE.search(said):
        return Choice("index", count // 2) if count % 2 else UNREAD
    found = [place for place, names in enumerate(ORDINALS) if re.search(rf"\b(?:{names.rsplit('|', 2)[0]})\b", said)]
    if re.search(r"\btop\b", said):
        found.append(0)
    within = sorted({place for place in found if place < count})
    return _picked(within) if within else None


def _all_but(said: str, slots: Sequence[Slot]) -> Choice:
    """`not the Tuesday one`: the others. Words beside it, before the `not` or in another clause, say what is wanted."""
    match = NOT.search(said)
    if match is None:
        return UNREAD
    refused, _, rest = said[match.end() :].partition("|")
    wanted = f"{said[: match.start()]} {rest}".strip(" |")
    out, kept = _meant(refused.strip(), slots), _meant(wanted, slots) if wanted else None
    if kept == [] or (out is None and kept is None):
        return UNREAD
    left = [number for number in (range(len(slots)) if kept is None else kept) if number not in (out or [])]
    return _picked(left) if left else Choice("none")


def _meant(said: str, slots: Sequence[Slot]) -> list[int] | None:
    """The slots that are described, or the one that is named by its number or its place among them."""
    for clause in said.split(" | "):
        if (number := _number(clause, slots)) is not None and number.index is not None:
            return [number.index]
    found = _described(said, slots)
    if found is not None:
        return _ranked(said, found, slots)
    alone = next((one for clause in said.split(" | ") if (one := _ranked_alone(clause, slots)) is not None), UNREAD)
    return None if alone.index is None else [alone.index]
