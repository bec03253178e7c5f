"""The programme's facts as settings: what is empty or past its review date is not known."""

import json
from collections.abc import Mapping
from datetime import date, datetime, time

from sqlmodel import Session, col, select

from programme.answers import Fact
from programme.rules import hours
from programme.rules.hours import Hours
from programme.rules.reference import DEFAULT, Pattern
from storage.setting import Setting

SAMPLE = "sample_programme"  # is filled in where nothing is real
MOST_IN_GROUP = 12  # letters and digits


def facts(session: Session) -> dict[str, Fact]:
    """Every setting that is filled in, with its review date."""
    rows = session.exec(select(Setting.key, Setting.value, col(Setting.review_by)))  # columns: read with every reply
    return {key: Fact(value, review_by) for key, value, review_by in rows}


def number(facts: Mapping[str, Fact], key: str, today: date) -> int | None:
    """A setting that is a whole number; None where it is empty, expired or not a number."""
    fact = facts.get(key)
    if fact is None or fact.review_by < today or not fact.value.strip().isdigit():
        return None
    return int(fact.value)


def opening_hours(facts: Mapping[str, Fact]) -> Hours:
    """`opening_hours` is JSON: {"0": [["09:00", "16:00"]], …} (Monday is 0), `closures` a JSON list of dates."""
    weekly = json.loads(facts["opening_hours"].value) if "opening_hours" in facts else {}
    closures = json.loads(facts["closures"].value) if "closures" in facts else []
    return Hours(
        {
            int(day): [(time.fromisoformat(start), time.fromisoformat(end)) for start, end in spans]
            for day, spans in weekly.items()
        },
        frozenset(datetime.fromisoformat(day).date() for day in closures),
    )


def is_open(facts: Mapping[str, Fact], now: datetime) -> bool:
    """Whether workers are there at `now`. Hours that cannot be read are none: no crisis card may fail on a setting."""
    try:
        return hours.is_open(opening_hours(facts), now)
    except (ValueError, TypeError, AttributeError):
        return False


def reference_pattern(session: Session) -> Pattern:
    """How references are written: `reference_pattern` is the prefix and the sizes of the groups, "TVP 4 2".

    Also after its review date, since it is not said to anybody; the usual form where it is empty or cannot be read.
    """
    row = session.get(Setting, "reference_pattern")
    prefix, *sizes = (row.value if row else "").split() or [""]
    groups = tuple(int(size) for size in sizes if size.isdecimal() and 0 < int(size) <= MOST_IN_GROUP)
    if not (prefix.isascii() and prefix.isalpha()) or not groups or len(groups) != len(sizes):
        return DEFAULT
    return Pattern(prefix.upper(), groups)
