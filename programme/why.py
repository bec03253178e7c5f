"""Why an answer was given: its source, who approved it and until when; for workers also what was understood."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from string import Formatter
from typing import Any

from sqlmodel import Session

from programme import setting
from programme.answers import Answers, Fact, UnknownAnswerError, may_be_said, meta
from programme.context import Context
from programme.rules import london
from storage.enums import Sender
from storage.message import MessageIn, MessageOut
from storage.setting import Setting, all_settings

HOUSE = "House wording"  # how such a source begins: words of the dialogue's own, which nobody needs to look up
# Stand in a source for the sources of the settings and help lines that are said.
STAND_INS = {"The programme's settings", "Public help lines"}
# What an answer may need that is neither a setting nor a help line: it comes with the conversation.
GIVEN = frozenset(
    {
        "matching_word",
        "times",
        "listed_at",
        "told_at",
        "where",
        "starts_at",
        "proof",
        "book_by",
        "move_by",
        "open",
        "language",
        "in_language",
        "usual_wait",
        "worker",
    }
)


@dataclass(frozen=True)
class Standing:
    """Who answers for some words. `approved_on`: of the newest part; `review_by`: of the part that is due first."""

    source: str
    approver: str
    approved_on: date
    review_by: date


@dataclass(frozen=True)
class Explanation:
    """Why an answer is what it is, for whoever reads it. `sample`: nothing of this is the real programme's."""

    standing: Standing
    sample: bool


@dataclass(frozen=True)
class Used:
    """A setting or a help line that stands in a message."""

    key: str
    value: str
    standing: Standing


@dataclass(frozen=True)
class Understood:
    """What the dialogue made of the message that was answered; `ranking`: (intent, confidence), the likeliest first."""

    message_id: str
    intent: str
    confidence: float
    ranking: tuple[tuple[str, float], ...]
    tapped: bool  # a button: there was nothing to understand


@dataclass(frozen=True)
class Account:
    """All that stands behind a message that went out. The rule is that `understood.intent` leads to `answer`.

    `standing`: None where the answer's file has been reworded since, or the answer is no longer there.
    """

    answer: str
    standing: Standing | None
    used: tuple[Used, ...]
    understood: Understood | None


def explained(answers: Answers) -> list[str]:
    """The answers that have a source worth showing: not the dialogue's own steps and manners, and no notice."""
    return [name for name in answers.names() if name.startswith("utter_") and _shown(answers.variations(name))]


def explain(ctx: Context, answer: str) -> Explanation | None:
    """Why this answer, as it may be given on the web today; None where it has no source worth showing."""
    if answer not in ctx.answers or not answer.startswith("utter_") or not _shown(ctx.answers.variations(answer)):
        return None
    with ctx.database.reading() as session:
        facts, stored = setting.facts(session), all_settings(session)
    said = _sayable(ctx.answers, answer, facts, london.today(ctx.clock()))
    parts = [_own(each) for each in said]
    for key in dict.fromkeys(key for each in said for key in _named(each)):
        parts += [used.standing for used in _used(ctx.answers, stored, [key])]
    return Explanation(_joined(parts), setting.SAMPLE in facts)


def of_message(ctx: Context, message_id: str) -> Account | None:
    """What stands behind a message of the outbox; None where there is no such message, or a worker wrote it."""
    with ctx.database.reading() as session:
        row = session.get(MessageOut, message_id)
        if row is None or row.answer is None or row.sender is Sender.WORKER:
            return None
        stored = all_settings(session)
        variation = said_as(ctx.answers, row.answer, row.text)
        used = _used(ctx.answers, stored, _named(variation)) if variation else ()
        standing = _joined([_own(variation), *(each.standing for each in used)]) if variation else None
        return Account(row.answer, standing, used, _understood(session, row.reply_to_id))


def said_as(answers: Answers, answer: str, text: str) -> Mapping[str, Any] | None:
    """The variation that a text was made from; of several that fit, the one with the most words of its own."""
    try:
        fitting = [each for each in answers.variations(answer) if _pattern(str(each["text"])).fullmatch(text)]
    except UnknownAnswerError:
        return None
    return max(fitting, key=lambda each: len(re.sub(r"\{.*?\}", "", str(each["text"]))), default=None)


def _shown(variations: Iterable[Mapping[str, Any]]) -> bool:
    return any(not meta(each)["source"].startswith(HOUSE) for each in variations)


def _sayable(answers: Answers, answer: str, facts: Mapping[str, Fact], today: date) -> list[Mapping[str, Any]]:
    """What could be said on the web; where nothing can be any more (it was said before), all of it."""
    web = [each for each in answers.variations(answer) if (meta(each).get("when") or {}).get("channel") != "telegram"]
    given = dict.fromkeys([*GIVEN, *answers.help_lines], "")
    known = [each for each in web if may_be_said(each, facts, given, today)]
    if known:
        most = max(len(meta(each).get("needs") or []) for each in known)
        known = [each for each in known if meta(each).get("when") or len(meta(each).get("needs") or []) == most]
    return known or web


def _pattern(text: str) -> re.Pattern[str]:
    parts = Formatter().parse(text.strip())
    return re.compile("".join(re.escape(words) + (".+" if name else "") for words, name, _, _ in parts), re.DOTALL)


def _named(variation: Mapping[str, Any]) -> list[str]:
    """Settings and values that stand in its text, in order."""
    return [name for _, name, _, _ in Formatter().parse(str(variation["text"])) if name]


def _own(variation: Mapping[str, Any]) -> Standing:
    return _standing(meta(variation))


def _standing(about: Mapping[str, Any]) -> Standing:
    return Standing(
        about["source"],
        about["approver"],
        date.fromisoformat(str(about["approved_on"])),
        date.fromisoformat(str(about["review_by"])),
    )


def _used(answers: Answers, stored: Mapping[str, Setting], keys: Iterable[str]) -> tuple[Used, ...]:
    found = []
    for key in keys:
        row, line = stored.get(key), answers.help_lines.get(key)
        if row is not None and row.value.strip():
            standing = Standing(row.source, row.approver, row.approved_on, row.review_by)
            found.append(Used(key, row.value, standing))
        elif line is not None:
            found.append(Used(key, line["value"], _standing(line)))
    return tuple(found)


def _joined(parts: Sequence[Standing]) -> Standing:
    """One for all: the words stand approved since the newest part was, and until the first is due."""
    sources = list(dict.fromkeys(source for part in parts for source in part.source.split("; ")))
    named = [source for source in sources if source not in STAND_INS]
    return Standing(
        "; ".join(named or sources),
        "; ".join(dict.fromkeys(part.approver for part in parts)),
        max(part.approved_on for part in parts),
        min(part.review_by for part in parts),
    )


def _understood(session: Session, message_in_id: str | None) -> Understood | None:
    row = session.get(MessageIn, message_in_id) if message_in_id else None
    if row is None or row.understood is None:
        return None
    heard = json.loads(row.understood)
    intent = heard.get("intent") or {}
    return Understood(
        row.id,
        intent.get("name") or "",
        float(intent.get("confidence") or 0),
        tuple((one["name"], float(one.get("confidence") or 0)) for one in heard.get("ranking") or []),
        row.choice is not None,
    )
