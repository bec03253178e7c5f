"""The words in which people say what suits them: finds days, hours, places, online and access needs in a message."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, time

from programme.rules import clock_words, preference_when
from programme.rules.clock_words import Part
from programme.rules.preference_when import NEGATIONS, OUT

ANYTHING = re.compile(
    r"\b(?:(?:i )?(?:do ?n'?t|do not|not) (?:really )?(?:mind|care|fussed|bothered|fussy)|(?:im |i'm )?not (?:that )?"
    r"(?:fussed|bothered|fussy)|no (?:real )?preferences?|whatever|whenever|wherever"
    r"|any ?(?:time|where|thing|day|one)?s?"
    r"|im easy|i'm easy|up to (?:you|u)|you (?:choose|pick)|all (?:ok|fine|good)|either|asap|as soon as possible"
    r"|soonest|earliest|first (?:one )?(?:available|free|going))\b"
)
EXCEPT = re.compile(r"\b(?:any ?(?:thing|day|time|where)?|all|every ?day) (?:but|except|apart from|bar)\b")
ACCESS = re.compile(
    r"\b(?:wheel ?chairs?|step ?-?free|disabled|disability|ramp|mobility|crutches|walking stick|walking frame"
    r"|(?:no|can'?t (?:do|manage|climb|use)|cannot (?:do|manage|climb|use)|trouble with) (?:the )?(?:stairs|steps)"
    r"|accessible|ground floor|need (?:a )?lift)\b"
)
NO_ACCESS = re.compile(
    r"\b(?:no|not|do ?n'?t|do not) (?:need |use |have |in )?(?:an? )?(?:wheel ?chairs?|step ?-?free|disab\w+)"
)
IN_PERSON = re.compile(r"\b(?:in ?-?person|face (?:to|2) face|f2f|in (?:a|the) room|in real life)\b")
ONLINE = re.compile(
    r"\b(?:on ?-?line|onlin|zoom|virtual(?:ly)?|remote(?:ly)?|video|ms teams|teams"
    r"|e ?-?learning|webinar|(?:from|at) home)\b"
)
BACK_TO_YES = frozenset(
    ["prefer", "rather", "only", "just", "want", "like", "suits", "best", "better", "ideally", "can"]
)
FILLERS = frozenset(["in", "the", "on", "at", "a", "during", "only", "just", "of"])


DAY_RANGE = re.compile(r"\b([a-z]{3,9}) ?[-\u2010-\u2015] ?([a-z]{3,9})\b")


CLAUSES = re.compile(
    r"[,;!?\n]+|\.(?!\d)|\b(?:but|so|cos|coz|cuz|because|becuase|as i)\b"
    r"|\b(?=(?:what have|what'?s there|what is there|have you got|is there|are there|do (?:you|u) (?:have|do|run))\b)"
)
SUPPOSE = re.compile(r"\b(?:i )?(?:do ?n'?t|do not) (?:suppose|know if|think|fancy)\b")
BEFORE_THAT = re.compile(r"\b(?:before|sooner than|earlier than) (?:that|then)\b")


@dataclass
class Wishes:
    """What was found; `no_…`: what was ruled out. `weekend`: Saturdays and Sundays beside the days and hours named."""

    days: set[int] = field(default_factory=set)
    no_days: set[int] = field(default_factory=set)
    parts: set[Part] = field(default_factory=set)
    no_parts: set[Part] = field(default_factory=set)
    places: list[str] = field(default_factory=list)
    no_places: set[str] = field(default_factory=set)
    weekend: bool = False
    online: bool | None = None
    step_free: bool = False
    after: date | None = None
    until: date | None = None
    dates: list[tuple[date, date]] = field(default_factory=list)
    no_dates: list[tuple[date, date]] = field(default_factory=list)
    earliest: time | None = None
    latest: time | None = None
    anything: bool = False


def scan(text: str, places: Sequence[str]) -> Wishes:
    """Everything that the text says about days, hours, places, online and access; dates put the plain way already."""
    wishes = Wishes()
    flat = DAY_RANGE.sub(_written_out, EXCEPT.sub("any except", text.casefold().replace("\u2019", "'")))
    for clause in map(clock_words.plain, CLAUSES.split(SUPPOSE.sub(" ", flat))):
        rest = _access(clause, wishes)
        rest = preference_when.dates(rest, wishes)
        rest = preference_when.hours(preference_when.I_WORK.sub("not", preference_when.free(rest)), wishes)
        rest, found = ANYTHING.subn(" ", rest)
        wishes.anything = wishes.anything or found > 0
        rest = _way(rest, wishes)
        _words(rest, wishes, places)
    if BEFORE_THAT.search(flat) and wishes.dates:
        wishes.until, wishes.dates = wishes.dates[-1][0] - preference_when.ONE_DAY, []
    return wishes


def _written_out(match: re.Match[str]) -> str:
    """`mon-fri` as `mon to fri`; any other words with a dash stay."""
    days = clock_words.weekday(match[1]) is not None and clock_words.weekday(match[2]) is not None
    return f"{match[1]} to {match[2]}" if days else match[0]


def _access(clause: str, wishes: Wishes) -> str:
    if not NO_ACCESS.search(clause) and ACCESS.search(clause):
        wishes.step_free = True
    return ACCESS.sub(" ", NO_ACCESS.sub(" ", clause))


def _way(clause: str, wishes: Wishes) -> str:
    """Online or in a room."""
    for pattern, meant in ((IN_PERSON, False), (ONLINE, True)):
        if match := pattern.search(clause):
            refused = OUT.search(clause) or NEGATIONS & set(clause[: match.start()].split()[-4:])
            wishes.online = meant is not bool(refused)
            before = re.sub(
                r"\b(?:not|no|dont|don't|can't|cant)\b(?!.*\b(?:not|no|dont|don't)\b)", " ", clause[: match.start()]
            )
            clause = f"{before if refused else clause[: match.start()]} {pattern.sub(' ', clause[match.end() :])}"
            break
    return clause


def _words(clause: str, wishes: Wishes, places: Sequence[str]) -> None:
    """Weekdays, weekends, parts of the day and places, word by word, with what `not` and `except` reach."""
    found = _places(clause, places)
    words = [word for word in re.split(r"[\s/]+|(?<=[a-z])-(?=[a-z])", clause) if word]
    refused = all_out = preference_when.is_refused(clause)
    previous, joined = "", False
    for place, word in enumerate(words):
        if word in NEGATIONS or word in BACK_TO_YES:
            refused = all_out or (word in NEGATIONS) or (word == "can" and refused)
        kind = _word(word, wishes, refused)
        joined = joined or {previous, kind} == {"weekend", "part"}
        if kind == "day" and place > 1 and words[place - 1] in ("to", "till", "until", "-", "thru", "through"):
            _range(words[place - 2], word, wishes, refused)
        previous = previous if word in FILLERS else kind
        for name in found.get(place, ()):
            if refused:
                wishes.no_places.add(name)
            else:
                wishes.places.append(name)
    if joined and wishes.weekend:  # "weekend mornings" are not every hour of the weekend
        wishes.weekend = False
        wishes.days |= {5, 6}


def _word(word: str, wishes: Wishes, refused: bool) -> str:
    """Takes one word in, and says what kind it was: day, week, weekend, part or nothing."""
    days, kind = wishes.no_days if refused else wishes.days, ""
    if re.fullmatch(r"w(?:ee)?k?-?ends?|weekened|wkends?|wknds?", word):
        kind = "weekend"
        if refused:
            days |= {5, 6}
        else:
            wishes.weekend = True
    elif re.fullmatch(r"week-?days?|midweek|wkdays?", word):
        kind = "week"
        days.update(range(5))
    elif (day := clock_words.weekday(word)) is not None:
        kind = "day"
        days.add(day)
    elif parts := clock_words.parts(word):
        kind = "part"
        (wishes.no_parts if refused else wishes.parts).update(parts)
    return kind


def _range(first: str, last: str, wishes: Wishes, refused: bool) -> None:
    start, end = clock_words.weekday(first), clock_words.weekday(last)
    if start is not None and end is not None:
        between = {(start + step) % 7 for step in range((end - start) % 7 + 1)}
        (wishes.no_days if refused else wishes.days).update(between)


def _places(clause: str, places: Sequence[str]) -> dict[int, list[str]]:
    """Place names by the number of the word with which they begin."""
    words = [word for word in re.split(r"[\s/]+|(?<=[a-z])-(?=[a-z])", clause) if word]
    found: dict[int, list[str]] = {}
    for name in dict.fromkeys(places):
        parts = clock_words.plain(name).replace("-", " ").split()
        if not parts or " ".join(parts) == "online":
            continue
        for at in range(len(words)):
            if _is_place(words[at : at + len(parts)], words[at], parts, places):
                found.setdefault(at, []).append(name)
                break
    return found


def named_places(text: str, places: Sequence[str]) -> frozenset[str]:
    """The places that a text names, misspelt ones included."""
    found = _places(clock_words.plain(text), places)
    return frozenset(name for names in found.values() for name in names)


ORDINARY = frozenset(
    ["though", "through", "thought", "enough", "ready", "read", "readin", "being", "bring", "ring", "meaning"]
)


def _is_place(words: list[str], word: str, parts: list[str], places: Sequence[str]) -> bool:
    said, name = " ".join(words), " ".join(parts)
    if said == name:
        return True
    others = {clock_words.plain(other) for other in places}
    if said not in ORDINARY and len(said) >= 5 and clock_words.nearest(said, others) == name:
        return True
    if len(parts) == 1:
        return False
    if word == "".join(part[0] for part in parts):
        return True
    own = [part for part in parts if len(part) >= 5 and sum(part in other.split() for other in others) == 1]
    return word in own or clock_words.nearest(word, own) is not None
