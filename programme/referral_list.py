"""Everybody who was referred, for staff: found by reference or name, by where they stand; a page at a time."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func
from sqlmodel import col, select

from programme import search, setting
from programme.context import Context
from programme.rules import london, reference
from storage.enums import ReferralState
from storage.person import Person
from storage.referral import Referral

PAGE = 50


@dataclass(frozen=True)
class Line:
    """One referral. `late`: its next date is over, and it is still open."""

    id: str
    name: str
    reference: str
    state: ReferralState
    referred_on: date
    contact_by: date | None
    book_by: date | None
    finish_by: date | None
    late: bool


@dataclass(frozen=True)
class Listing:
    """`counts`: how many referrals stand where, whatever was searched for. Nobody who was erased is in either."""

    lines: tuple[Line, ...]
    more: bool
    counts: dict[ReferralState, int]


# The date that counts next, by where somebody stands.
NEXT = {
    ReferralState.REFERRED: "contact_by",
    ReferralState.REACHED: "book_by",
    ReferralState.VERIFIED: "book_by",
    ReferralState.SECOND_CHANCE: "book_by",
    ReferralState.BOOKED: "finish_by",
    ReferralState.ATTENDED: "finish_by",
    ReferralState.MISSED: "finish_by",
}


def read(ctx: Context, text: str, state: ReferralState | None, page: int) -> Listing:
    """The newest first. That somebody searched is logged by whoever asks (`search.note`)."""
    with ctx.database.reading() as session:
        found = select(Referral, Person).join(Person).where(col(Referral.erased_at).is_(None))
        if text.strip():
            found = found.where(col(Referral.id).in_(search.people(session, ctx, text)))
        if state is not None:
            found = found.where(Referral.state == state)
        newest = (col(Referral.referred_on).desc(), col(Referral.created_at).desc(), col(Referral.id))
        rows = session.exec(found.order_by(*newest).offset((max(1, page) - 1) * PAGE).limit(PAGE + 1)).all()
        pattern, today = setting.reference_pattern(session), london.today(ctx.clock())
        here = select(Referral.state, func.count()).where(col(Referral.erased_at).is_(None))
        counts = session.exec(here.group_by(col(Referral.state)))
        return Listing(
            tuple(
                Line(
                    row.id,
                    person.name,
                    reference.show(row.reference, pattern),
                    row.state,
                    row.referred_on,
                    row.contact_by,
                    row.book_by,
                    row.finish_by,
                    _is_late(row, today),
                )
                for row, person in rows[:PAGE]
            ),
            len(rows) > PAGE,
            {ReferralState(word): count for word, count in counts},
        )


def _is_late(row: Referral, today: date) -> bool:
    day = getattr(row, NEXT[row.state]) if row.state in NEXT else None
    return day is not None and day < today
