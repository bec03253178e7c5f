"""Certificates and proofs of booking: issued once, printed as often as needed, checked by whoever is shown one.

Whoever checks learns whether the paper counts, its dates and the initials on it: enough to compare, and nothing about
why somebody came.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlmodel import Session

from programme import audit, booked, happening, setting
from programme.answers import Fact, is_known
from programme.context import Context
from programme.rules import london
from storage import booking as bookings
from storage.booking import Booking
from storage.enums import BookingState, PaperKind, ReferralState
from storage.paper import VALID, Paper, paper_by_token, token_lookup, valid_paper
from storage.person import Person
from storage.referral import Referral
from storage.row import add_unless_there

ISSUER = "certificate_issuer"  # the setting
DONE = (ReferralState.COMPLETED, ReferralState.CLOSED)


class NoPaperError(LookupError):
    """There is nothing that could be certified: no place is held, and the course is not completed."""


class Standing(StrEnum):
    """What whoever checks is told."""

    REAL = "real"
    OVER = "over"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Content:
    """What is printed. `sessions`: (starts, ends) in UTC, of a booking; `on`: when the course was completed."""

    kind: PaperKind
    token: str
    name: str
    issued_at: datetime
    on: date | None
    sessions: tuple[tuple[datetime, datetime], ...]
    place: str | None
    issuer: str | None
    sample: bool


@dataclass(frozen=True)
class Checked:
    """What the page says. All but `standing` is None or empty where the paper is not known."""

    standing: Standing
    kind: PaperKind | None = None
    initials: str = ""
    issued_at: datetime | None = None
    sessions: tuple[tuple[datetime, datetime], ...] = ()
    issuer: str | None = None


def issue(ctx: Context, referral_id: str, actor: str) -> Content:
    """The certificate of somebody who has completed the course, else the proof of the place that they hold; the same
    one each time. Raises NoPaperError."""
    with ctx.database.writing() as session:
        referral = session.get(Referral, referral_id)
        if referral is None:
            raise NoPaperError(NoPaperError.__doc__)
        if referral_id in happening.completed(session, referral_id):
            row = _issued(session, ctx, PaperKind.CERTIFICATE, referral, None, actor)
        else:
            held = bookings.active_booking(session, referral_id)
            if held is None:
                raise NoPaperError(NoPaperError.__doc__)
            row = _issued(session, ctx, PaperKind.PROOF_OF_BOOKING, referral, held, actor)
        return _content(session, ctx, row, referral)


def issue_to_person(ctx: Context, calendar_token: str) -> Content:
    """`issue` for whoever has the private link to their own calendar file. Raises NoPaperError."""
    with ctx.database.reading() as session:
        chain = bookings.bookings_by_calendar(session, calendar_token)
    if not chain:
        raise NoPaperError(NoPaperError.__doc__)
    return issue(ctx, chain[0].referral_id, "person")


def check(ctx: Context, token: str) -> Checked:
    """Whether a paper counts now."""
    with ctx.database.reading() as session:
        row = paper_by_token(session, ctx.database.keyring, token)
        if row is None:
            return Checked(Standing.UNKNOWN)
        referral = session.get_one(Referral, row.referral_id)
        held = session.get(Booking, row.booking_id) if row.booking_id else None
        name = session.get_one(Person, referral.person_id).name
        return Checked(
            Standing.REAL if row.revoked_at is None and _counts(referral, held) else Standing.OVER,
            row.kind,
            initials(name),
            row.issued_at,
            booked.view(session, held).sessions if held else (),
            _issuer(session, ctx),
        )


def initials(name: str) -> str:
    """The first letter of each part of a name: "S. S."."""
    return " ".join(f"{part[0].upper()}." for part in name.split())


def _counts(referral: Referral, held: Booking | None) -> bool:
    if held is not None:
        return held.state is BookingState.ACTIVE
    return referral.state in DONE


def _issued(
    session: Session, ctx: Context, kind: PaperKind, referral: Referral, held: Booking | None, actor: str
) -> Paper:
    subject = f"booking:{held.id}" if held else f"referral:{referral.id}"
    earlier = valid_paper(session, subject)
    if earlier is not None:
        return earlier
    token = ctx.new_token()
    row = Paper(
        id=ctx.new_id(),
        kind=kind,
        subject=subject,
        referral_id=referral.id,
        booking_id=held.id if held else None,
        token=token,
        token_lookup=token_lookup(ctx.database.keyring, token),
        issued_at=ctx.clock(),
    )
    if add_unless_there(session, row, ["subject"], VALID):
        _record(session, ctx, actor, referral.id)
    found = valid_paper(session, subject)
    return found if found is not None else row


def _content(session: Session, ctx: Context, row: Paper, referral: Referral) -> Content:
    held = session.get(Booking, row.booking_id) if row.booking_id else None
    view = booked.view(session, held) if held else None
    return Content(
        kind=row.kind,
        token=row.token,
        name=session.get_one(Person, referral.person_id).name,
        issued_at=row.issued_at,
        on=happening.completed(session, referral.id).get(referral.id) if held is None else None,
        sessions=view.sessions if view else (),
        place=view.place if view else None,
        issuer=_issuer(session, ctx),
        sample=setting.SAMPLE in setting.facts(session),
    )


def _issuer(session: Session, ctx: Context) -> str | None:
    fact: Fact | None = setting.facts(session).get(ISSUER)
    return fact.value if fact is not None and is_known(fact, london.today(ctx.clock())) else None


def _record(session: Session, ctx: Context, actor: str, referral_id: str) -> None:
    audit.note(session, ctx, actor, "issue_paper", "referral", referral_id)
