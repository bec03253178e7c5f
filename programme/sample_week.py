"""The sample's living week: invented people in every state, told through the programme's own use cases with the clock
of each moment, so that a newcomer sees every page alive."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import yaml
from sqlmodel import col, select, update

from programme import canned_reply, sample, sample_event, sample_past, sample_reach
from programme.context import Context
from programme.referral import NewReferral, write
from programme.rules import london
from programme.rules import reference as references
from programme.sample_event import Event, Told, at
from storage import referral as referrals
from storage.account import Shift
from storage.case import Case
from storage.enums import HandoffState, OutState
from storage.handoff import HandoffRequest
from storage.message import MessageOut

FILE = Path(__file__).with_name("sample_week.yml")
BOOK_DAYS, FINISH_DAYS = 28, 42
PAST_WEEKS = 14
LISTED = timedelta(hours=5)  # since those of the months before are on a list that was handed over
BEGAN = timedelta(days=8)  # or a little less: the course of two sessions that is half done
SINCE = timedelta(minutes=90)  # of what is told by the day
KINDS = {**sample_event.KINDS, **sample_reach.KINDS}
WAITED = (6, 18, 11)  # minutes, of those who wait


def tell(ctx: Context, staff: Mapping[str, str]) -> int:
    """Writes the whole week into a sample database that has its venues, courses and staff. How many people it has.

    `staff`: an account's id by its role.
    """
    content, now = _content(), ctx.clock()
    sample.lay_courses(replace(ctx, clock=at(now - timedelta(weeks=PAST_WEEKS))), PAST_WEEKS)
    sample.lay(replace(ctx, clock=at(now - BEGAN)), content["under_way"], weeks=1)
    sample_past.tell(replace(ctx, clock=at(now - LISTED)), staff)
    for row in content["canned"]:
        canned_reply.write(ctx, staff["lead"], row["title"], row["text"])
    people = [_refer(replace(ctx, clock=at(_days_ago(now, person))), person, now) for person in content["people"]]
    events = [each for one in zip(people, content["people"], strict=True) for each in _events(ctx, *one)]
    for is_try, some in groupby(sorted(events, key=lambda one: one[0]), key=lambda one: "try" in one[2]):
        if is_try:
            sample_reach.try_all(ctx, some)
            continue
        for moment, told, event in some:
            for kind, do in KINDS.items():
                if kind in event:
                    do(replace(ctx, clock=at(moment)), told, event, staff)
    _deliver(ctx)
    keep_alive(ctx)
    return len(content["people"])


def is_told(ctx: Context) -> bool:
    """Whether the week is in this database."""
    canonical = references.read(_content()["people"][0]["reference"], references.DEFAULT)
    with ctx.database.reading() as session:
        return bool(canonical and referrals.id_by_reference(session, ctx.database.keyring, canonical))


def keep_alive(ctx: Context) -> None:
    """Those of the week who wait have waited for minutes, however long ago it was told; who helps is still there."""
    now = ctx.clock()
    with ctx.database.writing() as session:
        waiting = select(HandoffRequest).where(
            HandoffRequest.state == HandoffState.WAITING, HandoffRequest.requested_at < now - timedelta(hours=12)
        )
        for row, minutes in zip(session.exec(waiting), WAITED, strict=False):
            row.requested_at = row.waiting_since = now - timedelta(minutes=minutes)
            row.warned_at = row.escalated_at = row.told_at = None
            session.add(row)
            asked = {"opened_at": row.requested_at, "due_at": row.requested_at}
            theirs = col(Case.conversation_id) == row.conversation_id
            session.exec(update(Case).where(theirs, col(Case.closed_at).is_(None)).values(**asked))
        taken = col(HandoffRequest.state) == HandoffState.TAKEN
        session.exec(update(HandoffRequest).where(taken).values(beat_at=now))
        session.exec(update(Shift).where(col(Shift.ended_at).is_(None)).values(beat_at=now))


def _events(ctx: Context, told: Told, person: Mapping[str, Any]) -> list[tuple[datetime, Told, Event]]:
    """Somebody's story and what came of it, with the moments: workers are in more than one story."""
    early = [(moment, event) for event in person["story"] if (moment := _moment(told.now, str(event["at"]), None))]
    ended = sample_reach.ended(ctx, told, early)
    whole = [(moment, event) for event in person["story"] if (moment := _moment(told.now, str(event["at"]), ended))]
    return [(moment, told, event) for moment, event in (*whole, *sample_reach.follow(ctx, told, person, whole))]


def _days_ago(now: datetime, person: Mapping[str, Any]) -> datetime:
    return now - timedelta(days=person["referred"])


def _refer(ctx: Context, person: Mapping[str, Any], now: datetime) -> Told:
    today = london.today(ctx.clock())
    with ctx.database.writing() as session:
        row = write(
            session,
            ctx,
            NewReferral(
                reference=person["reference"],
                name=person["name"],
                born=person["born"],
                referred_on=today,
                book_by=_book_by(person, today),
                finish_by=today + timedelta(days=FINISH_DAYS),
                phone=person.get("phone"),
                email=person.get("email"),
                access_needs=person.get("access_needs"),
                language=person.get("language", "en"),
            ),
            actor="sample",
        )
        return Told(row.id, person["reference"], person["born"].isoformat(), now)


def _book_by(person: Mapping[str, Any], referred: date) -> date:
    """`book_in`: days from today."""
    if "book_in" in person:
        return referred + timedelta(days=person["referred"] + person["book_in"])
    return referred + timedelta(days=BOOK_DAYS)


def _moment(now: datetime, said: str, ended: datetime | None) -> datetime | None:
    """ "12m": minutes ago; "2 18:40": days ago at this London time; "+14h": hours after their session. Never to come,
    and None where it is not known yet."""
    if said.endswith("m"):
        return now - timedelta(minutes=int(said[:-1]))
    if said.startswith("+"):
        return min(ended + timedelta(hours=int(said[1:-1])), now - SINCE) if ended else None
    days, clock = said.split()
    found = london.at(london.today(now) - timedelta(days=int(days)), time.fromisoformat(f"{clock:0>5}"))
    return min(found, now - SINCE)


def _deliver(ctx: Context) -> None:
    """All of it has reached them: nothing of the sample's is ever sent anywhere."""
    with ctx.database.writing() as session:
        session.exec(
            update(MessageOut)
            .where(col(MessageOut.state) == OutState.WAITING)
            .values(state=OutState.DELIVERED, sent_at=MessageOut.created_at, delivered_at=MessageOut.created_at)
        )


def _content() -> dict[str, Any]:
    content: dict[str, Any] = yaml.load(FILE.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return content
