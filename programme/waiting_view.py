"""The waiting list as staff see it: who waits, in order, what they want, and what is kept for whom until when."""

import json
from dataclasses import dataclass
from datetime import date, datetime

from programme import audit, booked, look, waiting_list
from programme.context import Context
from programme.rules import preference
from programme.rules.preference import Preference
from storage import waiting
from storage.enums import WaitingState
from storage.person import Person
from storage.referral import Referral
from storage.row import lock_one
from storage.waiting import Waiting

PAGE = "waiting_list"  # what the audit log calls it


@dataclass(frozen=True)
class Kept:
    """What is kept for somebody. `starts`: of its first session."""

    starts: datetime
    venue: str
    until: datetime


@dataclass(frozen=True)
class Waiter:
    """Somebody on the list. `wanted`: what they asked for, None where anything suits; `asked`: how many places they
    were offered and let go."""

    id: str
    referral_id: str
    name: str
    joined_at: datetime
    book_by: date | None
    finish_by: date | None
    wanted: Preference | None
    kept: Kept | None
    asked: int
    warned: bool


def read(ctx: Context, account_id: str, again: bool = False) -> list[Waiter]:
    """Everybody who waits, the first first; the look is logged, unless it is the page renewing itself (`again`)."""
    if not again:
        look.note(ctx, account_id, "page", PAGE)
    with ctx.database.reading() as session:
        found = []
        for row in waiting.on_the_list(session):
            referral = session.get_one(Referral, row.referral_id)
            hold = waiting.hold_of(session, referral.id)
            course = booked.whole_course(session, hold.course_id) if hold else None
            kept = Kept(course.course.first_starts_at, course.venue.name, hold.expires_at) if hold and course else None
            found.append(
                Waiter(
                    id=row.id,
                    referral_id=referral.id,
                    name=session.get_one(Person, referral.person_id).name,
                    joined_at=row.joined_at,
                    book_by=referral.book_by,
                    finish_by=referral.finish_by,
                    wanted=preference.unpack(json.loads(row.wanted)) if row.wanted else None,
                    kept=kept,
                    asked=len(waiting.kept_before(session, row.id)) - bool(hold),
                    warned=row.warned_at is not None,
                )
            )
        return found


def take_off(ctx: Context, waiting_id: str, account_id: str) -> bool:
    """Takes somebody off the list, and frees what is kept for them; whether they were on it."""
    with ctx.database.writing() as session:
        row = session.get(Waiting, waiting_id)
        if row is None:
            return False
        lock_one(session, Referral, row.referral_id)
        row = lock_one(session, Waiting, waiting_id)
        if row.state != WaitingState.WAITING:
            return False
        waiting_list.end(session, ctx, row, WaitingState.LEFT, audit.worker(account_id))
        return True
