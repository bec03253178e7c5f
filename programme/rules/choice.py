"""Which of the offers a short answer means."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from programme.rules import clock_words, london, preference_words, step
from programme.rules.offer import Slot

Kind = Literal["index", "none", "ambiguous", "unread"]

NONE = re.compile(
    r"\b(?:neither|none|nowt|no thanks?|not? any(?: of)?|(?:not|don'?t want|don'?t like)"
    r" (?:any|either|these|those|them)"
    r"|nothing (?:there|here|suits|works|good)|(?:can'?t|cannot) (?:do|make) (?:any|either|those|these|them)"
    r"|(?<!if )no good|something else|another (?:one|time|day|date)|other (?:times|dates|days|ones))\b"
)
ANY = re.compile(
    r"\b(?:any(?: one)?(?: of (?:them|those|these))?|anyone|either|whichever|whatever|(?:do)? ?n'?t mind|not bothered"
    r"|you (?:choose|pick)|all (?:good|fine|ok)|soonest|asap)\b"
)
UNSURE = re.compile(
    r"\b(?:not (?:too |really )?sure|don'?t know|do not know|dunno|idk)\b"
    r"|^(?:is|are|does|do (?:i|you|u|we|they)|did|what|where|how|when|which|why|who|will|whats|what's|wheres|where's)\b"
)
HALF_PAST = re.compile(r"\bhalf (?:past )?(\d{1,2})\b")
NOT = re.compile(r"\b(?:not|except|but not|can'?t(?: do| make)?|cannot(?: do| make)?|don'?t want)\b")
ORDINALS = (
    r"first|1st|one|1", r"second|2nd|sec|two|2", r"third|3rd|three|3", r"fourth|4th|forth|four|4", r"fifth|5th|five|5",
)  # fmt: skip
LAST = re.compile(r"\b(?:last|final|bottom|latest|later|furthest)\b")
FIRST = re.compile(r"\b(?:first|1st|top|earlier|earliest|sooner|soonest|next)\b")
MIDDLE = re.compile(r"\b(?:middle)\b")
# What may stand beside a bare number without changing that it is the number of an offer.
# fmt: off
AROUND_NUMBER = frozenset({
    "the", "no", "number", "num", "option", "opt", "choice", "one", "ones", "please", "pls", "plz", "ill", "i'll",
    "id", "i'd", "i", "take", "have", "want", "like", "go", "with", "for", "yes", "yeah", "ok", "okay", "a",
    "thanks", "thx", "ta", "mate", "book", "me", "in", "can", "u", "you", "do", "that", "lets", "let's", "then",
    "session", "course", "slot", "date", "class", "it", "is", "its", "it's", "would", "think", "um", "er",
    "prefer", "my", "or", "and",
})
# fmt: on
DATE = re.compile(r"(?<![\w:.])(\d{1,2})(?:st|nd|rd|th)?(?: of)? ?([a-z]{3,9})?(?![\w:.])")
DATE_AFTER = re.compile(r"\b([a-z]{3,9}) (?:the )?(\d{1,2})(?:st|nd|rd|th)?\b(?! ?(?:am|pm)\b|[:.]\d)")
SLASHED = re.compile(r"(?<!\d)(\d{1,2})[/.](\d{1,2})(?:[/.](?:20)?\d\d)?(?!\d)(?! ?[ap]\.?m)")


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


def read(text: str, slots: Sequence[Slot]) -> Choice:
    """What `text` says about `slots`, which are in the order in which they were shown.

    A description ("the Reading one", "tues pm") narrows them down, and "first" or "later" then picks among what is
    left. A bare number counts the offers; above their number it is a time. A question about the offers is `unread`, and
    so is a description that none of them fits: both are for others to answer.
    """
    said = HALF_PAST.sub(r"\1:30", clock_words.plain(text))
    if not slots or not said:
        return UNREAD
    return _number(said, slots) or _refused(said, slots) or _pointed_at(said, slots) or _agreed(said, len(slots))


def _refused(said: str, slots: Sequence[Slot]) -> Choice | None:
    if UNSURE.search(said):
        return UNREAD
    if NONE.search(said):
        return Choice("none")
    return _all_but(said, slots) if NOT.search(said) and not ANY.search(said) else None


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
    if dates := _dates(said, slots):
        tests.append(
            lambda slot: any(day == _day(slot) and month in (None, _start(slot).month) for day, month in dates)
        )
    if times := _times(said, slots, bool(dates)):
        tests.append(lambda slot: any(_is_at(slot, hour, minute, half) for hour, minute, half in times))
    if re.search(r"\bstep ?-?free\b|\bwheel ?chair\b", said):
        tests.append(lambda slot: slot.step_free or slot.online)
    return tests


def _way(said: str) -> str | None:
    if preference_words.IN_PERSON.search(said):
        return "room"
    return "online" if preference_words.ONLINE.search(said) else None


def _dates(said: str, slots: Sequence[Slot]) -> list[tuple[int, int | None]]:
    """Days of a month that are named as such, or that one of the slots is on."""
    found: list[tuple[int, int | None]] = [(int(m[1]), int(m[2])) for m in SLASHED.finditer(said) if int(m[2]) <= 12]
    for match in DATE.finditer(said):
        day, month = int(match[1]), clock_words.month(match[2]) if match[2] else None
        as_date = re.search(r"\d(?:st|nd|rd|th)\b", match[0]) is not None
        if month or (as_date and (day > len(ORDINALS) or any(_day(slot) == day for slot in slots))):
            found.append((day, month))
    for match in DATE_AFTER.finditer(said):
        if (month := clock_words.month(match[1])) is not None:
            found.append((int(match[2]), month))
        elif clock_words.weekday(match[1]) is not None and any(_day(slot) == int(match[2]) for slot in slots):
            found.append((int(match[2]), None))
    return found


def _is_slashed(said: str, start: int) -> bool:
    match = SLASHED.match(said, start)
    return match is not None and int(match[2]) <= 12


def _times(said: str, slots: Sequence[Slot], dated: bool) -> list[tuple[int, int, str | None]]:
    """Clock times: with am, pm or minutes, after "at", or a bare number that is the hour of one of the slots."""
    found: list[tuple[int, int, str | None]] = []
    for match in clock_words.CLOCK.finditer(said):
        hour, half = int(match["h"]), match["half"]
        sure = half or match["min"] or re.search(r"\b(?:at|the) $", said[: match.start()])
        if hour < 24 and (sure or (not dated and _at_hour(hour, slots))) and not _is_slashed(said, match.start()):
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
    if re.search(r"\b(?:second|2nd) (?:to |from )?(?:the )?last\b|\blast but one\b", said):
        return Choice("index", count - 2) if count > 1 else UNREAD
    if re.search(r"\b(?:latest|later|furthest)\b", said):
        return Choice("index", by_time[-1])
    if re.search(r"\b(?:earlier|earliest|sooner|soonest|asap|next)\b", said):
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
    """`not the Tuesday one`: the others. Words before the `not` still say what is wanted."""
    match = NOT.search(said)
    if match is None:
        return UNREAD
    wanted, refused = said[: match.start()].strip(), said[match.end() :].strip()
    out = _described(refused, slots)
    if out is None:
        alone = _number(refused, slots) or _ranked_alone(refused, slots)
        out = [alone.index] if alone is not None and alone.index is not None else None
    if out is None:
        return UNREAD
    kept = _described(wanted, slots) if wanted else None
    left = [number for number in (range(len(slots)) if kept is None else kept) if number not in out]
    return _picked(left) if left else Choice("none")
