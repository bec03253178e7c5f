"""Text messages and e-mail on their way out: claimed by one process, sent by the roof, settled here; and the carrier's
word on whether they arrived."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlmodel import Session

from programme import outreach, outreach_news, outreach_words, setting, verification
from programme import outreach_due as due
from programme.answers import Fact, Situation
from programme.context import Context
from programme.occasion import Occasion
from programme.rules import delivery, london
from programme.rules import outreach as rules
from storage import outreach as tries
from storage.enums import OutreachKind, OutreachState, Way
from storage.outreach import Outreach
from storage.person import Person
from storage.referral import Referral
from storage.row import lock_row

CLAIM = timedelta(minutes=2)  # a claimed one that was neither sent nor given back is asked about, then tried again
BACK_OFF = delivery.Policy(first=timedelta(seconds=2), longest=timedelta(minutes=5))
LINK_LASTS = timedelta(days=14)  # a personal link that could not be sent for so long is a worker's
HIDDEN = "…"  # stands for the link's token in what is kept
CARRIED = (Way.SMS, Way.EMAIL)


@dataclass(frozen=True)
class Letter:
    """A text message or an e-mail on its way out. `id` goes with it as our reference; `tries`: this one counted."""

    id: str
    way: Way
    to: str
    title: str
    text: str
    tries: int
    created_at: datetime


def claim(ctx: Context, way: Way, at: str, limit: int = 20) -> list[Letter]:
    """What is due on one way, claimed for two minutes; nothing in quiet hours. What is not wanted any more is dropped.

    `at`: where the chat is; each letter carries a personal link made for it.
    """
    now = ctx.clock()
    with ctx.database.writing() as session:
        rows, letters = tries.claimable(session, way, now, limit), list[Letter]()
        facts = setting.facts(session) if rows else {}
        if not rows or rules.is_quiet(due.pace(facts, now).quiet, now):
            return []
        for row in rows:
            referral = session.get_one(Referral, row.referral_id)
            occasion = _occasion(session, facts, row, referral, now)
            to = due.contacts(session.get_one(Person, referral.person_id)).get(way)
            why = _why_not(session, facts, row, occasion, to, now)
            if why is not None or to is None:
                _give_up(session, row, why or outreach.NO_CONTACT)
                continue
            letters.append(_letter(session, ctx, facts, row, occasion, referral, to, at))
        return letters


def drop_unsendable(ctx: Context, carriers: Collection[Way]) -> None:
    """Of a way that is not set up nothing can be sent: it has failed, and what comes next is decided elsewhere."""
    now = ctx.clock()
    missing = [way for way in CARRIED if way not in carriers]
    if not missing:
        return
    with ctx.database.writing() as session:
        facts = setting.facts(session)
        for way in missing:
            for row in tries.claimable(session, way, now, 500):
                _give_up(session, row, "sample" if setting.is_on(facts, setting.SAMPLE) else "not_set_up")


def sent(ctx: Context, letter: Letter, external_id: str | None) -> None:
    """The carrier took it; a receipt may have come before we heard so."""
    with ctx.database.writing() as session:
        row = lock_row(session, Outreach, letter.id)
        if row is not None:
            row.sent_at, row.external_id = row.sent_at or ctx.clock(), external_id
            if row.state in (OutreachState.WAITING, OutreachState.DROPPED):  # taken back while it was on its way
                row.state, row.failure = OutreachState.SENT, None
            session.add(row)


def not_sent(
    ctx: Context, letter: Letter, failure: str, rng: Random, retry_after: timedelta | None = None, final: bool = False
) -> None:
    """It is tried again later, or this way is given up. `failure`: a code."""
    wait = delivery.delay(letter.tries, rng, retry_after, BACK_OFF)
    again = None if final or delivery.gives_up(letter.created_at, ctx.clock() + wait) else ctx.clock() + wait
    with ctx.database.writing() as session:
        row = lock_row(session, Outreach, letter.id)
        if row is not None and row.state is OutreachState.WAITING:
            row.state = OutreachState.WAITING if again else OutreachState.FAILED
            row.failure, row.next_try_at = failure, again
            session.add(row)


RECEIPTS: Mapping[str, OutreachState] = {
    "delivered": OutreachState.DELIVERED,
    "permanent-failure": OutreachState.FAILED,
    "temporary-failure": OutreachState.FAILED,
    "technical-failure": OutreachState.FAILED,
}


def receipt(ctx: Context, reference: str, status: str) -> bool:
    """The carrier says what came of a letter, in GOV.UK Notify's words; may come twice and out of order. False: it is
    not of ours, or says nothing that we know."""
    state = RECEIPTS.get(status)
    with ctx.database.writing() as session:
        row = lock_row(session, Outreach, reference) if state is not None else None
        if row is None or row.way not in CARRIED:
            return False
        if row.state in (OutreachState.DELIVERED, OutreachState.SEEN):
            return True
        row.sent_at = row.sent_at or ctx.clock()
        if state is OutreachState.DELIVERED:
            row.state, row.delivered_at, row.failure = state, ctx.clock(), None
            outreach.note_reached(session, ctx, row.referral_id, row.way.value)
        else:
            row.state, row.failure = OutreachState.FAILED, status.replace("-", "_")
        session.add(row)
        return True


def _occasion(
    session: Session, facts: Mapping[str, Fact], row: Outreach, referral: Referral, now: datetime
) -> Occasion | None:
    """What it is about, if that still stands."""
    if row.kind is OutreachKind.LINK:
        is_open = referral.state in due.NUDGED and (referral.verified_at is None or tries.is_again(row))
        until = row.created_at + LINK_LASTS
        return Occasion(row.occasion, row.kind, referral.id, until) if is_open else None
    return next((each for each in due.wanted(session, facts, referral, now) if each.key == row.occasion), None)


def _why_not(
    session: Session,
    facts: Mapping[str, Fact],
    row: Outreach,
    occasion: Occasion | None,
    to: str | None,
    now: datetime,
) -> str | None:
    """Why it must not be sent, if so."""
    if setting.is_on(facts, setting.SAMPLE):
        return "sample"
    if occasion is None:
        return "too_late" if row.useful_until is not None and row.useful_until <= now else "not_wanted"
    if now >= occasion.until:
        return "too_late"
    ways = tries.of_occasions(session, [row.occasion]).get(row.occasion, [])  # what a chat shows stands in its message
    if any(other.id != row.id and state in (OutreachState.DELIVERED, OutreachState.SEEN) for other, state in ways):
        return "not_wanted"  # it arrived another way meanwhile
    return None if to else outreach.NO_CONTACT


FAILED = (outreach.NO_CONTACT, "not_set_up", "too_late")  # of a personal link: then another way must be found


def _give_up(session: Session, row: Outreach, why: str) -> None:
    is_failed = why in (outreach.NO_CONTACT, "not_set_up") or (why in FAILED and row.kind is OutreachKind.LINK)
    row.state = OutreachState.FAILED if is_failed else OutreachState.DROPPED
    row.failure, row.next_try_at = why, None
    session.add(row)


def _letter(
    session: Session,
    ctx: Context,
    facts: Mapping[str, Fact],
    row: Outreach,
    occasion: Occasion | None,
    referral: Referral,
    to: str,
    at: str,
) -> Letter:
    """With a personal link made for it. What is kept of the words is without the link's token."""
    token = verification.make_link(session, ctx, referral.id)
    session.flush()
    row.link_id = verification.link_id(session, ctx, token)
    title, text = words(session, ctx, facts, row, occasion, referral, f"{at}/r/{token}")
    row.text = text.replace(token, HIDDEN)
    row.next_try_at, row.tries = ctx.clock() + CLAIM, row.tries + 1
    session.add(row)
    return Letter(row.id, row.way, to, title, text, row.tries, row.created_at)


def words(
    session: Session,
    ctx: Context,
    facts: Mapping[str, Fact],
    row: Outreach,
    occasion: Occasion | None,
    referral: Referral,
    link: str,
) -> tuple[str, str]:
    """Its title (e-mail has one) and its words."""
    now = ctx.clock()
    name, values = _answer(session, ctx, row, occasion, referral)
    given: dict[str, Any] = {**values, "link": link, "matching_word": referral.matching_word}
    situation = Situation(verified=referral.verified_at is not None, booked=row.booking_id is not None)
    rendered = ctx.answers.render(name, given, situation, facts, london.today(now))
    return ctx.answers.label("label_mail_title"), rendered.text


def _answer(
    session: Session, ctx: Context, row: Outreach, occasion: Occasion | None, referral: Referral
) -> tuple[str, dict[str, Any]]:
    is_text = row.way is Way.SMS
    if row.kind is OutreachKind.LINK or occasion is None:
        return ("notice_text_link" if is_text else "notice_mail_link"), {"book_by": referral.book_by}
    if row.kind in outreach_news.KINDS:
        return outreach_news.letter(session, occasion, is_text)
    chat_answer, values = outreach_words.words(session, ctx, occasion, referral)
    if row.kind is OutreachKind.NUDGE:
        return ("notice_text_nudge" if is_text else "notice_mail_nudge"), values
    online = chat_answer.endswith("_online")
    if is_text:
        return ("notice_text_reminder_online" if online else "notice_text_reminder"), values
    return ("notice_mail_reminder_online" if online else "notice_mail_reminder"), values
