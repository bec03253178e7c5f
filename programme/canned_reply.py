"""Canned replies: what the team says often, kept by the team, filled in with the person's own facts."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session

from programme import audit, booked, setting
from programme.answers import Answers
from programme.context import Context
from programme.rules import london
from storage import booking as bookings
from storage import canned_reply as rows
from storage.account import Account
from storage.canned_reply import CannedReply
from storage.conversation import Conversation
from storage.person import Person
from storage.referral import Referral

LONGEST_TITLE, LONGEST = 80, 2000  # characters
# What may stand in braces. The first six are known only of somebody who has proved who they are.
OWN = ("first_name", "session", "place", "deadline", "finish_by", "matching_word")
PLACE = re.compile(r"\{([^{}]*)\}")
PLACES = (*OWN, "my_name", "contact_phone")


class BadCannedReplyError(ValueError):
    """A canned reply needs a title and words, and only the places that there are."""


@dataclass(frozen=True)
class CannedReplyView:
    id: str
    title: str
    text: str
    by: str | None
    written_at: datetime


@dataclass(frozen=True)
class Filled:
    """As it would be sent. `missing`: places for which nothing is known here; they still stand in `text`."""

    id: str
    title: str
    text: str
    missing: tuple[str, ...]


def listed(ctx: Context) -> list[CannedReplyView]:
    """Those in use, by title."""
    with ctx.database.reading() as session:
        return [_view(session, row) for row in rows.canned_replies(session)]


def write(ctx: Context, account_id: str, title: str, text: str, reply_id: str | None = None) -> str:
    """A new one, or one that is there put in other words; its id. Raises BadCannedReplyError."""
    title, text = " ".join(title.split()), text.strip()
    fits = 0 < len(title) <= LONGEST_TITLE and 0 < len(text) <= LONGEST
    if not fits or set(named(text)) - set(PLACES):
        raise BadCannedReplyError(BadCannedReplyError.__doc__)
    with ctx.database.writing() as session:
        row = session.get(CannedReply, reply_id) if reply_id else None
        if row is None:
            row = CannedReply(id=ctx.new_id(), title=title, text=text, written_at=ctx.clock())
        row.title, row.text, row.account_id, row.written_at = title, text, account_id, ctx.clock()
        session.add(row)
        _record(session, ctx, account_id, "wrote", row.id)
        return row.id


def remove(ctx: Context, account_id: str, reply_id: str) -> None:
    """Takes one out of use; nothing happens where it is out of use already."""
    with ctx.database.writing() as session:
        row = session.get_one(CannedReply, reply_id)
        if row.removed_at is None:
            row.removed_at = ctx.clock()
            session.add(row)
            _record(session, ctx, account_id, "removed", row.id)


def filled(session: Session, ctx: Context, conversation: Conversation, account_id: str) -> tuple[Filled, ...]:
    """Every canned reply with this person's own facts."""
    facts = _facts(session, ctx, conversation, account_id)
    return tuple(
        Filled(row.id, row.title, fill(row.text, facts), tuple(key for key in named(row.text) if not facts.get(key)))
        for row in rows.canned_replies(session)
    )


def named(text: str) -> list[str]:
    """The places that stand in a text, in order. Raises BadCannedReplyError where its braces do not match."""
    if set(PLACE.sub("", text)) & {"{", "}"}:
        raise BadCannedReplyError(BadCannedReplyError.__doc__)
    return list(dict.fromkeys(PLACE.findall(text)))


def fill(text: str, facts: Mapping[str, str | None]) -> str:
    """`text` with what is known; what is not stays in its braces, for the worker to see."""
    return PLACE.sub(lambda place: facts.get(place[1]) or place[0], text)


def unfilled(text: str) -> list[str]:
    """Places of ours that still stand in what is about to be sent."""
    return [key for key in PLACES if f"{{{key}}}" in text]


def _facts(session: Session, ctx: Context, conversation: Conversation, account_id: str) -> dict[str, str | None]:
    programme, today = setting.facts(session), london.today(ctx.clock())
    phone = programme.get("contact_phone")
    facts: dict[str, str | None] = {
        "my_name": session.get_one(Account, account_id).name.split()[0],
        "contact_phone": phone.value if phone and phone.review_by >= today else None,
    }
    if conversation.referral_id is None:
        return facts
    referral = session.get_one(Referral, conversation.referral_id)
    name = session.get_one(Person, referral.person_id).name.split()
    facts |= {
        "first_name": name[0] if name else None,
        "deadline": _shown(ctx.answers, referral.book_by),
        "finish_by": _shown(ctx.answers, referral.finish_by),
        "matching_word": referral.matching_word,
    }
    held = bookings.active_booking(session, referral.id)
    if held is not None:
        view = booked.view(session, held)
        facts |= {"session": _shown(ctx.answers, view.starts[0]), "place": view.place}
    return facts


def _shown(answers: Answers, value: date | datetime | None) -> str | None:
    """A London date, or a date and time, as answers show them."""
    if value is None:
        return None
    return answers.label("label_when" if isinstance(value, datetime) else "label_day", {"at": value})


def _view(session: Session, row: CannedReply) -> CannedReplyView:
    writer = session.get(Account, row.account_id) if row.account_id else None
    return CannedReplyView(row.id, row.title, row.text, writer.name if writer else None, row.written_at)


def _record(session: Session, ctx: Context, account_id: str, action: str, subject: str) -> None:
    audit.note(session, ctx, audit.worker(account_id), action, "canned_reply", subject)
