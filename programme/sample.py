"""The sample programme: invented people, courses and settings, so that a newcomer has something to talk to.

Sessions are laid relative to today and topped up at each start; the sample referral is put back to how it was.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import yaml
from sqlmodel import Session, col, select

from programme import referral, setting, verification
from programme.context import Context
from programme.referral import NewReferral
from programme.rules import london
from storage import booking as bookings
from storage import referral as referrals
from storage.account import Account, Invitation
from storage.enums import BookingState, CourseState, ReferralState
from storage.referral import Referral
from storage.session import Course, CourseSession, Venue
from storage.setting import Setting, all_settings

FLAG = setting.SAMPLE
EDITION = "sample_edition"  # of the settings: a newer sample adds what an older database has not
FILE = Path(__file__).parent / "sample.yml"
WEEKS = 6
BOOK_DAYS, FINISH_DAYS = 28, 42
CLOSED = {(12, 24), (12, 25), (12, 26), (1, 1)}  # (month, day): nobody holds a session then


@dataclass(frozen=True)
class SampleReferral:
    """What is printed at each start, for a person to try."""

    reference: str
    born: date


def people() -> list[SampleReferral]:
    """Those of the sample who can be tried by hand, the printed one first."""
    return [SampleReferral(row["reference"], row["born"]) for row in _content()["people"]]


def is_empty(ctx: Context) -> bool:
    """Whether nobody has used this database yet."""
    kept = (Setting.key, Referral.id, Account.id, Invitation.id)  # the first thing may be the first manager
    with ctx.database.reading() as session:
        return not any(session.exec(select(column).limit(1)).first() for column in kept)


def is_sample(ctx: Context) -> bool:
    """Whether this database holds the sample programme."""
    with ctx.database.reading() as session:
        return session.get(Setting, FLAG) is not None


def seed(ctx: Context) -> None:
    """Fills an empty database with the sample programme."""
    content = _content()
    with ctx.database.writing() as session:
        _settings(session, ctx, content)
        for row in content["venues"]:
            session.add(Venue(**row))
        for row in content["people"]:
            _person(session, ctx, row)
        verification.match_claims(session)
    refresh(ctx)


def refresh(ctx: Context) -> SampleReferral:
    """Tops up the sessions of the weeks to come; puts the first sample referral back: dates ahead, no place."""
    content = _content()
    now = ctx.clock()
    with ctx.database.writing() as session:
        _settings(session, ctx, content)
        for row in content["courses"]:
            _courses(session, ctx, row)
        first = content["people"][0]
        known = referrals.by_reference(session, ctx.database.keyring, first["reference"])
        if known is not None:
            today = london.today(now)
            known.book_by, known.finish_by = today + timedelta(BOOK_DAYS), today + timedelta(FINISH_DAYS)
            known.state, known.matching_word = ReferralState.REFERRED, first["matching_word"]
            session.add(known)
            held = bookings.active_booking(session, known.id)
            if held is not None:
                held.state, held.ended_at = BookingState.CANCELLED, now
                held.calendar_sequence += 1
                session.add(held)
    return SampleReferral(first["reference"], first["born"])


def lay_courses(ctx: Context, weeks: int = WEEKS) -> None:
    """The sessions of the weeks from this clock's moment on that are not there yet."""
    lay(ctx, _content()["courses"], weeks)


def lay(ctx: Context, rows: Sequence[Mapping[str, Any]], weeks: int) -> None:
    """`lay_courses` of these: venue, weekday, time, minutes, capacity, sessions."""
    with ctx.database.writing() as session:
        for row in rows:
            _courses(session, ctx, row, weeks)


def _content() -> dict[str, Any]:
    content: dict[str, Any] = yaml.load(FILE.read_text(), Loader=yaml.CSafeLoader)
    return content


def _settings(session: Session, ctx: Context, content: dict[str, Any]) -> None:
    """Each setting that is not there, once an edition: what somebody takes out to see what happens stays out."""
    edition, today = str(content["edition"]), london.today(ctx.clock())
    there = all_settings(session)
    if EDITION in there and there[EDITION].value == edition:
        return
    for key, value in {**content["settings"], EDITION: edition}.items():
        if key in there and key != EDITION:
            continue
        session.merge(
            Setting(
                key=key,
                value=value if isinstance(value, str) else json.dumps(value),
                source=content["sources"].get(key, content["source"]),
                approver=content["approver"],
                approved_on=today,
                review_by=today + timedelta(days=365),
                updated_at=ctx.clock(),
            )
        )


def _person(session: Session, ctx: Context, row: dict[str, Any]) -> None:
    today = london.today(ctx.clock())
    referral.write(
        session,
        ctx,
        NewReferral(
            reference=row["reference"],
            name=row["name"],
            born=row["born"],
            book_by=_day(today, row.get("book_in", BOOK_DAYS)),
            finish_by=_day(today, row.get("finish_in", FINISH_DAYS)),
            phone=row.get("phone"),
            email=row.get("email"),
            matching_word=row.get("matching_word"),
        ),
        actor="sample",
    )


def _day(today: date, days: int | None) -> date | None:
    return None if days is None else today + timedelta(days=days)


def _courses(session: Session, ctx: Context, row: Mapping[str, Any], weeks: int = WEEKS) -> None:
    """One weekly course at a venue: each week's instance that is not there yet."""
    now = ctx.clock()
    today = london.today(now)
    start = time.fromisoformat(row["at"])
    first = today + timedelta(days=(row["weekday"] - today.weekday()) % 7 or 7)
    there = set(
        session.exec(
            select(Course.first_starts_at).where(Course.venue_id == row["venue"], col(Course.first_starts_at) > now)
        ).all()
    )
    for starts in london.weekly(first, start, weeks):
        days = [london.today(starts) + timedelta(weeks=number) for number in range(row["sessions"])]
        if starts in there or any((day.month, day.day) in CLOSED for day in days):
            continue
        course = Course(
            id=ctx.new_id(),
            venue_id=row["venue"],
            capacity=row["capacity"],
            state=CourseState.OPEN,
            first_starts_at=starts,
            created_at=now,
        )
        session.add(course)
        session.flush()
        for number, day in enumerate(days, 1):
            begins = london.at(day, start)
            session.add(
                CourseSession(
                    id=ctx.new_id(),
                    course_id=course.id,
                    number=number,
                    starts_at=begins,
                    ends_at=begins + timedelta(minutes=row["minutes"]),
                )
            )
