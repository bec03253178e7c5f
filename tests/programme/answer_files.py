"""The answers as tests look at them: each variation of each file, and each text that a person can be told."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path
from string import Formatter
from typing import Any

import yaml

from actions import offering
from programme.answers import Answers, Fact, Rendered, Situation
from programme.booked import BookingView
from programme.offers import OfferView

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "nlu" / "answers"
ANSWERS = Answers.load(FOLDER)
TODAY = date(2026, 11, 23)
LONG_AFTER = date(2035, 1, 1)  # every review date has passed
AT = datetime(2026, 12, 1, 18, 0, tzinfo=UTC)
LIMITS = {"book_by": "2026-12-21", "finish_by": "2027-01-04"}
SAMPLE: dict[str, Any] = yaml.safe_load((ROOT / "programme" / "sample.yml").read_text())
SETTINGS: dict[str, Any] = SAMPLE["settings"]
FACTS = {key: Fact(str(value), date(2027, 11, 1)) for key, value in SETTINGS.items()}
SITUATIONS = [Situation(*each) for each in product(("web", "telegram"), *[(False, True)] * 3)]
# What an action or the app gives to an answer, by its name in the text, where the answer has no way of its own below.
VALUES: dict[str, Any] = {
    "starts_at": AT.isoformat(),
    "ends_at": (AT + timedelta(hours=3)).isoformat(),
    "asked_at": AT.isoformat(),
    "kept_until": AT.isoformat(),
    "listed_at": AT.isoformat(),
    "told_at": AT.isoformat(),
    "retry_at": AT.isoformat(),
    "opens_at": AT.isoformat(),
    "book_by": "2026-12-21",
    "move_by": AT.isoformat(),
    "finish_by": "2027-01-04",
    "place": "Reading",
    "venue": "Sample Hall",
    "where": "Sample Hall, 1 Sample Street, Reading",
    "matching_word": "harbour",
    "worker": "Wren",
    "in_language": "Call 999 in an emergency. This chat reads English only.",
    "language": "Polish",
    "open": "• your complaint",
    "opens": "on Monday at 9am",
    "due": "tomorrow from 9am",
    "queue_number": 2,
    "usual_wait": "about 5 minutes",
    "number": "07700 900123",
    "ending": "23",
    "link": "/r/a-link",
}


def variations(*files: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(file, key, variation) of the named files, or of all."""
    for path in sorted(FOLDER.glob("*.yml")):
        content = yaml.safe_load(path.read_text())
        for part in ("responses", "notices"):
            for key, several in (content.get(part) or {}).items():
                if not files or path.name in files:
                    yield from ((path.name, key, each) for each in several)


ALL = list(variations())
FILE_OF = {key: file for file, key, _ in ALL}


def booking(online: bool = False, link: str | None = "https://meet.example.org/sample") -> dict[str, Any]:
    return BookingView(
        id="b",
        course_id="c",
        venue="Online" if online else "Sample Hall",
        place="online" if online else "Reading",
        address=None if online else "1 Sample Street, Reading",
        directions=None,
        online=online,
        join_link=link if online else None,
        sessions=((AT, AT + timedelta(hours=3)), (AT + timedelta(days=7), AT + timedelta(days=7, hours=3))),
        calendar_token="abc",
    ).values()


def offered(online: bool) -> dict[str, object]:
    sessions = ((AT, AT + timedelta(hours=3)), (AT + timedelta(days=7), AT + timedelta(days=7, hours=3)))
    return offering.facts(OfferView("t", "c", "Reading", "Sample Hall", online, True, sessions, 4))


def values_of(answer: str) -> list[dict[str, Any]]:
    """The values that the code gives to an answer, in each of the ways that it can give them."""
    online = answer.endswith("_online")
    if answer.startswith(("utter_ask_book", "utter_ask_move")):
        return [offered(online)]
    if answer.startswith(("utter_booking", "notice_booked", "notice_moved")):
        return [booking(online), booking(online, link=None)]
    if answer.startswith("notice_reminder"):
        shown = [booking(online), booking(online, link=None)] if online else [booking()]
        return [{**each, "move_by": by} for each in shown for by in (AT.isoformat(), None)]
    if answer == "notice_menu_booking":
        return [booking(), booking(online=True), booking(online=True, link=None)]
    if answer == "notice_cancelled":
        return [{**booking(), "book_by": TODAY}, {**booking(), "book_by": None}]
    if answer == "utter_deadline":
        return [LIMITS, {**booking(), **LIMITS}]
    return [{}, {"matching_word": "harbour"}] if answer == "utter_ask_is_this_real" else [_usual(answer)]


def _usual(answer: str) -> dict[str, Any]:
    said = {name for each in ANSWERS.variations(answer) for name in names_in(str(each["text"]))}
    return {name: {**VALUES, **booking()}[name] for name in said - set(SETTINGS) - set(ANSWERS.help_lines)}


def names_in(text: str) -> set[str]:
    """What stands in braces."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def renderings(answer: str, facts: dict[str, Fact] = FACTS, today: date = TODAY) -> Iterator[Rendered]:
    """All that a person can be told under this name."""
    for values, situation in product(values_of(answer), SITUATIONS):
        yield ANSWERS.render(answer, values, situation, facts, today)


def spoken() -> Iterator[tuple[str, str]]:
    """(key, text) as people read it, each text once."""
    for key in ANSWERS.names():
        yield from {(key, rendered.text) for rendered in renderings(key)}


def plain(text: str) -> str:
    """The words alone: no address, no number that is dialled, a sentence a line."""
    text = re.sub(r"https?://\S+|\S+@\S+|/\S+|\+?\d(?: ?\d){4,}", "", text)
    return re.sub(r"\s*\n+\s*", ". ", text)
