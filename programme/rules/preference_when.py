"""What a clause asks for in dates and hours, where they are put the plain way of when.py: on, after, before, not."""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from typing import TYPE_CHECKING

from programme.rules import clock_words

if TYPE_CHECKING:
    from programme.rules.preference_words import Wishes

NEGATIONS = frozenset(
    ["not", "no", "cant", "can't", "cannot", "dont", "don't", "except", "avoid", "never", "without", "wont", "won't",
     "isnt", "isn't", "bar"]
)  # fmt: skip
OUT = re.compile(
    r"\b(?:no good|(?:do ?n'?t|wo ?n'?t|does ?n'?t|ca ?n'?t|cannot) (?:work|suit|be|make it)|not (?:good|possible)"
    r"|(?:is|are) out|hard for me|clash(?:es)?|is taken"
    r"|(?:is|are|be) (?:suicide|murder|hell|a killer|killers?|impossible|a nightmare|rubbish|tricky|difficult"
    r"|no use|bad))\b"
)
# What somebody does on a day or at an hour that they name, so that it is not one they ask for.
BUSY = re.compile(
    r"\b(?:funeral|wedding|weding|exams?|appointment|appt|away|busy|on holiday|hols|in court|dialysis|probation|scan"
    r"|dentist|moving house|birthday|choir|methadone|labs?|lectures|my classes|dog sitting|rowing|fully booked|come off"
    r"|i(?:'m| ?am)? (?:work|drive|clean|cook|earn|teach)\w*|work(?:ing)? (?:on )?(?:this|that|the)"
    r"|i(?:'m| ?am)? (?:in|at) (?:the )?(?:kitchin|kitchen|work|office|class|school|college|uni|hospital))\b"
)
WANTS = re.compile(
    r"\b(?:any|anything|got|prefer|rather|want|like|free|can do|could do|suits?|better|best|what|good)\b"
)
I_WORK = re.compile(r"\b(?:i|im|i'm|am|my|got|have) (?:do |have )?(?:to )?(?:work|working|shifts?)\b")
DAY = r"(?:[a-z]+\+)?(\d{4}-\d\d-\d\d)(?:/(\d{4}-\d\d-\d\d))?"
DATES = re.compile(
    r"(?:\b(?P<lead>not before|not until|no earlier than|on or after|not after|no later than|on or before"
    r"|no sooner than|(?:sooner|earlier|nearer|later) th[ae]n|after|from|since|starting|before|by|until|til|till|up to)"
    rf" (?:the )?)?{DAY}(?: ?(?P<to>to|until|till|til|-|and) {DAY})?"
)
FROM = frozenset(
    {"not before", "not until", "no earlier than", "no sooner than", "on or after", "from", "since", "starting"}
)
AFTER = frozenset({"after", "later than"})
BEFORE = frozenset({"before", "sooner than", "earlier than", "nearer than"})
UP_TO = frozenset({"by", "until", "till", "til", "up to", "not after", "no later than", "on or before"})
ONE_DAY = timedelta(days=1)

HOUR = (
    r"(\d{1,2})(?:[:.](\d\d))?\s*(am|pm|ish|o'?clock)?(?:ish)?(?![\w/-]"
    r"|\s*(?:st|nd|rd|th|weeks?|days?|months?|hours?|people|sessions?)\b)"
)
BETWEEN = re.compile(rf"\b(?:between |from )?{HOUR} ?(?:and|to|till|til|until|-) ?{HOUR}")
SINCE = re.compile(rf"\b(?:after|from|past|later than|not before|no earlier than|at least)(?: about| around)? {HOUR}")
UNTIL = re.compile(rf"\b(?:before|until|till|til|by|not after|no later than)(?: about| around)? {HOUR}")
POINT = re.compile(r"\b(\d{1,2})(?:[:.](\d\d))? ?(am|pm)\b|\b(\d{1,2}):(\d\d)\b")
# "im on roofs till 5", "i finish at half 5": free only then. "my shift starts at 2": free until then.
FREE_AFTER = re.compile(
    r"\b(?:(?:work|working|busy|shifts?|lectures?|classes|college|uni|school|office|roofs|site|job|nursery|kitchen|labs?)"
    r"\b(?:(?! (?:from|between|not|any) )[^\d]){0,25}?\b(?:till|til|until|to)"
    r"|(?:finish(?:es|ing)?|get (?:off|in|home|out|back|done)|off|home|clock off|shuts?|closes?|ends?)"
    r"(?: (?:work|my shift|shift|school|college|uni|class))?(?: (?:at|by|around|about|till|until|from))?)"
    rf"(?: about| around)? (?={HOUR})"
)
NOT_UNTIL = re.compile(rf"\b(?:doesn'?t|don'?t|not|isn'?t|never|can'?t)\b[^\d]{{0,24}}?\b(?:till?|until) (?={HOUR})")
NIGHTS = re.compile(
    r"\b(?:(?:i )?(?:do|work|on|come off|off|after) (?:my )?nights?\b(?: shifts?)?|nights? shifts?|late shift"
    r"|night worker)"
)
FREE_BEFORE = re.compile(
    r"\b(?:(?:i|shift|work|pub|job|he|she) (?:start|starts|open|opens)(?: (?:work|my shift|at work))?"
    rf"|pick(?:ing)? (?:the |my )?(?:kids?|children|son|daughter) up)(?: (?:at|about|from))* (?={HOUR})"
)


def is_refused(clause: str) -> bool:
    """Whether the clause says that what it names does not suit, or what else is on then."""
    return OUT.search(clause) is not None or (BUSY.search(clause) is not None and WANTS.search(clause) is None)


def dates(clause: str, wishes: Wishes) -> str:
    """Takes the dates out of a clause, and says which of them are asked for and which ruled out."""
    refused_all = is_refused(clause)
    rest, end = "", 0
    for match in DATES.finditer(clause):
        before = clause[: match.start()].split()[-5:]
        lead = (match["lead"] or "").replace(" then", " than")
        first, last = date.fromisoformat(match[2]), date.fromisoformat(match[3] or match[2])
        second = date.fromisoformat(match[6] or match[5]) if match["to"] else None
        refused = refused_all or bool(NEGATIONS & set(before))
        if second is not None and match["to"] == "and" and "between" not in before:  # the one and the other
            _take("", second, second, wishes, refused=refused)
        elif second is not None and second >= first:
            lead, last = "", second
        if refused and not lead and "after" in before:  # "after my exams, like mid june"
            lead, refused = "from", False
        _take(lead, first, last, wishes, refused=refused)
        rest, end = f"{rest}{clause[end : match.start()]} ", match.end()
    return rest + clause[end:]


def _take(lead: str, first: date, last: date, wishes: Wishes, *, refused: bool) -> None:
    if lead in FROM and not refused:
        wishes.after = first
    elif lead in AFTER:
        wishes.after = last + ONE_DAY
    elif lead in BEFORE and not refused:
        wishes.until = first - ONE_DAY
    elif lead in BEFORE | FROM:  # "not from the 3rd" is until then, "can't do before the 3rd" from then
        wishes.after, wishes.until = (first, wishes.until) if lead in BEFORE else (wishes.after, first - ONE_DAY)
    elif lead in UP_TO and refused:  # "exams till june"
        wishes.after = first
    elif lead in UP_TO:
        wishes.until = last
    elif refused:
        wishes.no_dates.append((first, last))
    else:
        wishes.dates.append((first, last))


def free(clause: str) -> str:
    """When somebody's work or children leave them free, as after or before an hour."""
    clause = NOT_UNTIL.sub(" after ", NIGHTS.sub(" ", clause))
    return FREE_BEFORE.sub(" before ", FREE_AFTER.sub(" after ", clause))


def hours(clause: str, wishes: Wishes) -> str:
    """Takes the hours out of a clause."""
    clause = stretches(clause, wishes)
    for match in POINT.finditer(clause):
        at = _clock(match[1], match[2], match[3]) if match[1] else _clock(match[4], match[5], None)
        refused = NEGATIONS & set(clause[: match.start()].split()[-4:])
        if at:
            (wishes.no_parts if refused else wishes.parts).add(clock_words.part_of(at))
    return POINT.sub(" ", clause)


def stretches(clause: str, wishes: Wishes) -> str:
    """Takes out of a clause from when till when; hours that are refused leave the time after them."""
    if match := BETWEEN.search(clause):
        half = match[3] or ("am" if match[6] == "am" else None)
        first, last = _clock(match[1], match[2], half), _clock(*match.group(4, 5, 6))
        if NEGATIONS & set(clause[: match.start()].split()[-6:]):
            wishes.earliest = last
            wishes.weekend = wishes.weekend or " to friday" in clause or "weekdays" in clause
            return " " if wishes.weekend else clause.replace(match[0], " ")
        if first and last and last <= first and last.hour < 12:  # "six till nine"
            last = last.replace(hour=last.hour + 12)
        wishes.earliest, wishes.latest = first, last
        return clause.replace(match[0], " ")
    while match := SINCE.search(clause):
        found = _clock(*match.group(1, 2, 3))
        wishes.earliest = max(wishes.earliest, found) if wishes.earliest and found else found or wishes.earliest
        clause = clause.replace(match[0], " ")
    if match := UNTIL.search(clause):
        wishes.latest = _clock(*match.group(1, 2, 3))
        clause = clause.replace(match[0], " ")
    return clause


def _clock(hour: str, minute: str | None, half: str | None) -> time | None:
    return clock_words.clock(int(hour), int(minute or 0), half if half in ("am", "pm") else None)
