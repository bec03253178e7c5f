"""A person as staff see them: who they are, where they stand, what was booked before, what is open."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, or_, select

from programme import booked, case_card, second_chance, setting
from programme.answers import Situation
from programme.booked import BookingView
from programme.case_card import Standing
from programme.context import Context
from programme.rules import london, reference
from programme.rules.danger import DANGERS
from storage import booking as bookings
from storage.absence import Absence, absences_of
from storage.case import Case
from storage.enums import ReferralState, Urgency
from storage.message import MessageIn
from storage.person import Person
from storage.referral import Referral

OTHERWISE = "utter_ask_non_attendance"  # the fixed words on what follows from not going


@dataclass(frozen=True)
class CaseView:
    """`said`: the person's words that opened it, or were added; `is_danger`: only an all-clear closes it;
    `session_id`: whose list it is about; `silent`: they asked for no messages, so nobody has told them."""

    id: str
    reason: str
    urgency: Urgency
    opened_at: datetime
    due_at: datetime
    is_danger: bool
    said: tuple[str, ...]
    why: str | None
    session_id: str | None
    referral_id: str | None = None
    silent: bool = False


@dataclass(frozen=True)
class PastBooking:
    state: str
    place: str
    starts_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class MissedView:
    """A session that was missed. `late`: they came, and were turned away; `by_list`: a list says so, else they did;
    `step`: what was done at once; `until`: by when the next one must begin; `why`: as they told with a tap."""

    starts_at: datetime
    noted_at: datetime
    by_list: bool
    late: bool
    step: str
    until: date | None
    why: str | None
    why_at: datetime | None
    put_right_at: datetime | None


@dataclass(frozen=True)
class PersonView:
    """Who has proved who they are, or was looked up. `reference` as it is printed; dates are London's.

    `otherwise`: what people are told follows from not going.
    """

    referral_id: str
    name: str
    reference: str
    phone: str | None
    email: str | None
    language: str
    access_needs: str | None
    state: ReferralState
    standing: Standing
    book_by: date | None
    finish_by: date | None
    booking: BookingView | None
    confirmed_at: datetime | None
    past: tuple[PastBooking, ...]
    missed: tuple[MissedView, ...]
    otherwise: str


def read(session: Session, ctx: Context, referral_id: str) -> PersonView:
    """Whose referral this is, and where they stand today."""
    referral = session.get_one(Referral, referral_id)
    person = session.get_one(Person, referral.person_id)
    held = bookings.active_booking(session, referral_id)
    view = booked.view(session, held) if held else None
    facts = setting.facts(session)
    situation, today = Situation(verified=True, booked=held is not None), london.today(ctx.clock())
    return PersonView(
        referral_id=referral_id,
        name=person.name,
        reference=reference.show(referral.reference, setting.reference_pattern(session)),
        phone=person.phone,
        email=person.email,
        language=person.language,
        access_needs=person.access_needs,
        state=referral.state,
        standing=case_card.stands_at(ctx, referral, view),
        book_by=referral.book_by,
        finish_by=referral.finish_by,
        booking=view,
        confirmed_at=held.confirmed_at if held else None,
        past=_past(session, referral_id),
        missed=tuple(_missed(session, row) for row in absences_of(session, referral_id)),
        otherwise=ctx.answers.render(OTHERWISE, {}, situation, facts, today).text,
    )


def _past(session: Session, referral_id: str) -> tuple[PastBooking, ...]:
    """Places that were given up, moved or missed, the newest first."""
    rows = [row for row in bookings.bookings_of(session, referral_id) if row.ended_at is not None]
    views = [booked.view(session, row) for row in rows]
    return tuple(
        PastBooking(row.state.value, view.place, view.starts[0], row.ended_at)
        for row, view in zip(rows, views, strict=True)
    )


def _missed(session: Session, row: Absence) -> MissedView:
    return MissedView(
        starts_at=second_chance.missed_at(session, row),
        noted_at=row.noted_at,
        by_list=row.session_id is not None,
        late=row.late,
        step=row.step.value,
        until=row.until,
        why=row.why,
        why_at=row.why_at,
        put_right_at=row.put_right_at,
    )


def cases(session: Session, conversation_id: str | None, referral_id: str | None) -> tuple[CaseView, ...]:
    """What is open of a conversation and of its person, the earliest due first."""
    about = [col(Case.conversation_id) == conversation_id] if conversation_id else []
    if referral_id:
        about.append(col(Case.referral_id) == referral_id)
    found = select(Case).where(or_(*about), col(Case.closed_at).is_(None)).order_by(col(Case.due_at), col(Case.id))
    rows = [(row, json.loads(row.detail or "{}")) for row in session.exec(found)]
    hidden = _hidden(session, [part.get("turn") for _, detail in rows for part in detail.get("said", [])])
    return tuple(_case(row, detail, hidden) for row, detail in rows)


def _hidden(session: Session, turns: Collection[str | None]) -> set[str]:
    """Those messages whose words are hidden: what a case quotes of them stays hidden too."""
    found = select(MessageIn.id).where(col(MessageIn.id).in_(turns), col(MessageIn.sensitive_at).is_not(None))
    return set(session.exec(found))


def _case(row: Case, detail: Mapping[str, Any], hidden: Collection[str]) -> CaseView:
    said = [part for part in detail.get("said", []) if part.get("turn") not in hidden]
    return CaseView(
        id=row.id,
        reason=row.reason.value,
        urgency=row.urgency,
        opened_at=row.opened_at,
        due_at=row.due_at,
        is_danger=row.reason.value in DANGERS,
        said=tuple(part["words"] for part in said if part.get("words")),
        why=detail.get("why"),
        session_id=detail.get("session"),
        referral_id=row.referral_id,
        silent=bool(detail.get("silent")),
    )
