"""A message's clauses: danger in any of them wins, and what they ask or tell is kept beside the first intent."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from nlu.components.model import Reading

MOST_CLAUSES = 4
FEWEST_WORDS = 2
LONGEST = 400  # characters; who writes more tells a story, and its clauses are read as one
# How likely a clause must be a question of its own, or a danger, before it counts beside the whole message.
SURE_QUESTION, SURE_DANGER, SURE_TOLD = 0.6, 0.6, 0.6
# "My employer has agreed to release me" asks nothing, whatever it sounds like: without a word that asks, surer still.
SURE_STATEMENT = 0.85
# All dangers together in the whole message. A clause torn out of it often sounds worse than it was meant ("can't cope
# with this form"): with this, half of the false cards went and 2 of 290 danger messages (measured on tests/nlu).
HINT_OF_DANGER = 0.15
QUESTION = "ask_"
# About the conversation itself, or what the dialogue does anyway: found in a clause, they ask nothing more.
NOT_ALSO = frozenset({"ask_repeat", "ask_capabilities", "ask_available_sessions"})

# Told in any clause, it is hidden from whoever does not need it.
TOLD = frozenset({"disclose_offence"})

_STOPS = re.compile(r"[.!?\n;]+\s*|\s+-\s+|\s*…\s*|\.{2,}\s*")
_LINKS = re.compile(
    r",?\s+(?:and also|oh and|but also|also|plus|btw|by the way|and|but|then|ps)\s+|,\s+", re.IGNORECASE
)
# Where somebody who does not use full stops begins to ask.
_ASKS = re.compile(
    r"\s+(?=(?:what|whats|wot|how|hows|where|wheres|when|whens|who|whos|why|do i|do you|does it|can i|can you|could i|"
    r"will i|will it|would i|is it|is there|are there|am i|should i)\s)",
    re.IGNORECASE,
)
_OPENS_QUESTION = re.compile(
    r"(?:what|wot|how|where|when|who|why|do|does|can|could|will|would|is|are|am|should|did|have|has)\w{0,2}\b",
    re.IGNORECASE,
)
_HAS_QUESTION = re.compile(
    r"\b(?:what|wot|wat|how|hw|where|when|wen|who|why|which|any chance|ask|asking|know|wonder\w*|tell me|question|"
    r"idk|unsure|not sure|(?:do|does|can|could|will|would|is|are|am|should|did|have|has|may|must)(?:nt|n't)?\s+"
    r"(?:i|you|u|ya|it|they|he|she|we|my|the|this|that|there|somebody|someone|anyone|any))\w{0,2}\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Understood:
    """The reading to act on, and what a message of several clauses also says.

    `questions`: (intent, probability), in order. `told`: intents of TOLD that a clause beside the first intent has.
    """

    reading: Reading
    questions: list[tuple[str, float]]
    told: list[str] = field(default_factory=list)


def split(text: str) -> list[str]:
    """The clauses of `text`, at most MOST_CLAUSES; one where it does not fall apart into clauses of some words.

    A link ("and", a comma) parts only where a question or a statement of three words or more follows, so that "friday
    and saturday" or "my name, then the date" stay whole.
    """
    if len(text) > LONGEST:
        return [text]
    clauses: list[str] = []
    for sentence in _STOPS.split(text):
        clauses += _part(sentence)
    clauses = [clause.strip() for clause in clauses if len(clause.split()) >= FEWEST_WORDS]
    return clauses[:MOST_CLAUSES] if len(clauses) > 1 else [text]


def _part(sentence: str) -> list[str]:
    parts: list[str] = []
    for piece in _LINKS.split(sentence):
        for clause in _ASKS.split(piece):
            own = len(clause.split()) >= 3 or (_OPENS_QUESTION.match(clause) and len(clause.split()) >= FEWEST_WORDS)
            if parts and (not own or len(parts[-1].split()) < FEWEST_WORDS):
                parts[-1] += " " + clause
            else:
                parts.append(clause)
    return parts


def understand(text: str, read: Callable[[str], Reading], danger: frozenset[str]) -> Understood:
    """Reads the whole message and, where it has several clauses, each of them with `read`."""
    whole = read(text)
    clauses = split(text)
    if len(clauses) < 2:
        return Understood(whole, [])
    readings = list(map(read, clauses))
    asked = _questions(clauses, readings)
    if _is_danger(whole, danger):  # whoever helps must be able to read all of it
        return Understood(whole, asked)
    dangers = [one for one in readings if _is_danger(one, danger) and one.ranking[0][1] >= SURE_DANGER]
    if dangers and sum(chance for name, chance in whole.ranking if name in danger) >= HINT_OF_DANGER:
        return Understood(max(dangers, key=lambda one: one.ranking[0][1]), [])
    return Understood(whole, asked, _told(whole, readings))


def _is_danger(reading: Reading, danger: frozenset[str]) -> bool:
    return bool(reading.ranking) and reading.sure and reading.ranking[0][0] in danger


def _told(whole: Reading, readings: list[Reading]) -> list[str]:
    first = whole.ranking[0][0] if whole.ranking and whole.sure else ""
    likeliest = [one.ranking[0] for one in readings if one.ranking and one.sure]
    return sorted({name for name, chance in likeliest if name in TOLD and name != first and chance >= SURE_TOLD})


def _questions(clauses: list[str], readings: list[Reading]) -> list[tuple[str, float]]:
    found: dict[str, float] = {}
    for clause, reading in zip(clauses, readings, strict=True):
        if not reading.ranking or not reading.sure:
            continue
        name, chance = reading.ranking[0]
        least = SURE_QUESTION if _HAS_QUESTION.search(clause) else SURE_STATEMENT
        if name.startswith(QUESTION) and name not in NOT_ALSO and chance >= least:
            found.setdefault(name, chance)
    return list(found.items())
