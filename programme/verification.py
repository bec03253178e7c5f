"""Proving who one is: a reference, typed or carried by a personal link, and a date of birth.

"No such reference" and "wrong date" are one answer, reached by the same steps in the same time.
"""

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlmodel import Session, col, select

from programme import audit, case, outreach, referral_state, setting
from programme.context import Context
from programme.rules import attempts, london, name, reference
from storage import booking as bookings
from storage import identity as identities
from storage import referral as referrals
from storage.case import Case
from storage.conversation import Conversation
from storage.enums import AttemptKind, CaseReason, Urgency
from storage.identity import Attempt
from storage.person import Person
from storage.referral import PersonalLink, Referral
from storage.row import lock_one

LINK_DAYS = 60
NOBODY = "0001-01-01"  # compared where no referral was found, so that both ways take the same steps


class Outcome(StrEnum):
    VERIFIED = "verified"
    NO_MATCH = "no_match"
    SLOWED = "slowed"


@dataclass(frozen=True)
class Checked:
    """`retry_at`: when slowed, the time of the next try. `offer_worker`: enough failures to offer a person."""

    outcome: Outcome
    retry_at: datetime | None = None
    offer_worker: bool = False


def check(ctx: Context, conversation_id: str, typed: str | None, born: date) -> Checked:
    """Checks a canonical reference (None: the one of the personal link) with a date of birth."""
    now = ctx.clock()
    with ctx.database.writing() as session:
        conversation = lock_one(session, Conversation, conversation_id)
        found = _find(session, ctx, conversation, typed)
        known = _known(session, found)
        subjects = _subjects(conversation, known[1] if found else typed or "")
        failed = _failures(session, ctx, subjects, now)
        wait = attempts.wait_for(
            identity=failed["identity"], address=failed["address"], reference=failed["reference"], now=now
        )
        if wait > timedelta(0):
            return Checked(Outcome.SLOWED, now + wait, offer_worker=True)
        matches = hmac.compare_digest(known[0], born.isoformat())
        referral = lock_one(session, Referral, found) if found and matches else None
        if referral is not None and referral.erased_at is None:  # not in this very moment
            _verify(session, ctx, conversation, referral, now)
            return Checked(Outcome.VERIFIED)
        for kind, subject in subjects.items():
            lookup = identities.subject_lookup(ctx.database.keyring, kind, subject)
            session.add(Attempt(id=ctx.new_id(), kind=kind, subject_lookup=lookup, failed_at=now))
        failures = len(failed["identity"]) + 1
        if attempts.offers_worker(failures):
            case.open_for(session, ctx, CaseReason.NOT_VERIFIED, Urgency.STUCK, conversation)
        return Checked(Outcome.NO_MATCH, offer_worker=attempts.offers_worker(failures))


def _find(session: Session, ctx: Context, conversation: Conversation, typed: str | None) -> str | None:
    if typed is None:
        return conversation.linked_referral_id
    forms = reference.variants(typed, setting.reference_pattern(session))
    found = [referrals.id_by_reference(session, ctx.database.keyring, form) for form in forms]
    return next((referral_id for referral_id in found if referral_id), None)


def _known(session: Session, found: str | None) -> tuple[str, str]:
    """Date of birth and reference of the referral that was found, else of any other: opening takes the time."""
    anybody = session.exec(select(Referral.id).limit(1)).first()
    opened = select(Person.date_of_birth, Referral.reference).join(Referral).where(Referral.id == (found or anybody))
    return session.exec(opened).first() or (NOBODY, "")


def _subjects(conversation: Conversation, named: str) -> dict[AttemptKind, str]:
    subjects = {
        AttemptKind.IDENTITY: conversation.identity_id,
        AttemptKind.REFERENCE: named,
    }
    if conversation.address_lookup:
        subjects[AttemptKind.ADDRESS] = conversation.address_lookup
    return subjects


def _failures(
    session: Session, ctx: Context, subjects: Mapping[AttemptKind, str], now: datetime
) -> dict[str, list[datetime]]:
    failed: dict[str, list[datetime]] = {"identity": [], "address": [], "reference": []}
    for kind, subject in subjects.items():
        since = now - attempts.POLICIES[kind.value].window
        failed[kind.value] = identities.failed_attempts(session, ctx.database.keyring, kind, subject, since)
    return failed


def _verify(session: Session, ctx: Context, conversation: Conversation, referral: Referral, now: datetime) -> None:
    conversation.referral_id, conversation.verified_at = referral.id, now
    referral.verified_at = referral.verified_at or now
    referral_state.move(session, ctx, referral, "verify", "person")  # where it is over a worker must check
    session.add_all([conversation, referral])
    case.adopt(session, conversation)
    audit.note(session, ctx, "person", "verify", "referral", referral.id, at=now)


def follow_link(session: Session, ctx: Context, conversation: Conversation, token: str) -> bool:
    """Ties the conversation to the referral of a valid personal link; the date of birth is still asked."""
    referral = referrals.by_link(session, ctx.database.keyring, token, ctx.clock())
    if referral is None:
        return False
    conversation.linked_referral_id = referral.id
    session.add(conversation)
    outreach.note_followed(session, ctx, token)
    return True


def take_back(session: Session, ctx: Context, conversation: Conversation) -> None:
    """Whoever writes here is not the person: what was proved here, or brought by a link, holds no more."""
    known = conversation.referral_id or conversation.linked_referral_id
    conversation.referral_id = conversation.verified_at = conversation.linked_referral_id = None
    session.add(conversation)
    bookings.withdraw_offers(session, conversation.id, ctx.clock())
    if known is not None:
        audit.note(session, ctx, "person", "not_them", "referral", known)


def open_link(ctx: Context, conversation_id: str, token: str) -> bool:
    """`follow_link` in a transaction of its own."""
    with ctx.database.writing() as session:
        return follow_link(session, ctx, lock_one(session, Conversation, conversation_id), token)


def make_link(session: Session, ctx: Context, referral_id: str) -> str:
    """A new personal link for a referral: its token, which is not kept."""
    now, token = ctx.clock(), ctx.new_token()
    session.add(
        PersonalLink(
            id=ctx.new_id(),
            referral_id=referral_id,
            token_lookup=referrals.link_lookup(ctx.database.keyring, token),
            created_at=now,
            expires_at=now + timedelta(days=LINK_DAYS),
        )
    )
    return token


def link_id(session: Session, ctx: Context, token: str) -> str | None:
    """The row of a personal link."""
    lookups = ctx.database.keyring.lookups(token, referrals.LINK)
    return session.exec(select(PersonalLink.id).where(col(PersonalLink.token_lookup).in_(lookups))).first()


def revoke_links(session: Session, ctx: Context, referral_id: str) -> None:
    """No personal link made so far for this referral opens anything from now on."""
    for row in session.exec(select(PersonalLink).where(PersonalLink.referral_id == referral_id)).all():
        row.revoked_at = row.revoked_at or ctx.clock()
        session.add(row)


def claim_without_reference(ctx: Context, conversation_id: str, called: str, born: date, phone: str) -> None:
    """Somebody without their reference: always a case, always the same reply."""
    with ctx.database.writing() as session:
        referrals.lock_intake(session)
        conversation = lock_one(session, Conversation, conversation_id)
        detail = {"name": called, "date_of_birth": born.isoformat(), "phone": phone}
        opened = case.open_for(session, ctx, CaseReason.NO_REFERENCE, Urgency.STUCK, conversation, detail)
        opened.detail = json.dumps({**detail, "matches": _matches(_everyone(session), called, born.isoformat())})
        session.add(opened)


def match_claims(session: Session) -> int:
    """Looks again at every open claim, after referrals have come in; how many have a match now."""
    open_claims = select(Case).where(Case.reason == CaseReason.NO_REFERENCE, col(Case.closed_at).is_(None))
    claims = session.exec(open_claims).all()
    everyone = _everyone(session) if claims else []
    matched = 0
    for row in claims:
        detail = json.loads(row.detail or "{}")
        if not {"name", "date_of_birth"} <= detail.keys():
            continue  # opened before they told us who they are
        detail["matches"] = _matches(everyone, detail["name"], detail["date_of_birth"])
        row.detail = json.dumps(detail)
        session.add(row)
        matched += bool(detail["matches"])
    return matched


def _everyone(session: Session) -> Sequence[tuple[str, str, str]]:
    """Id, name and date of birth of every referral."""
    return session.exec(select(Referral.id, Person.name, Person.date_of_birth).join(Person)).all()


def _matches(everyone: Sequence[tuple[str, str, str]], called: str, born: str) -> list[str]:
    """The referrals of people born that day whose name is like this one."""
    return [key for key, known, known_born in everyone if known_born == born and name.alike(called, known)]


def pattern(ctx: Context) -> reference.Pattern:
    """How this programme's references are written."""
    with ctx.database.reading() as session:
        return setting.reference_pattern(session)


def today(ctx: Context) -> date:
    """The London date now."""
    return london.today(ctx.clock())
