"""Lines about what staff did: what they searched for goes with whom they searched for, the rest after its time."""

import json
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from programme import search, setting
from programme.context import Context
from programme.rules import reference
from programme.rules.attempts import POLICIES
from programme.rules.sign_in import WINDOW
from storage.account import Invitation, Shift, StaffSession
from storage.alert import Alert
from storage.audit import Audit
from storage.conversation import Conversation
from storage.enums import AlertState, ImportState
from storage.identity import Attempt
from storage.person import Person
from storage.referral import Referral
from storage.referral_import import ReferralImport, left_behind
from storage.retention import in_parts, run
from storage.row import Row

ATTEMPTS = max([policy.window for policy in POLICIES.values()] + [WINDOW])
FILES = timedelta(days=1)  # the rows of a file that was checked and not brought in
# Lines that stay: why a setting is as it is, and that something was erased.
STAY = ("setting", "retention")


def forget_searches_for(session: Session, referral: Referral) -> None:
    """Who was searched for is not known any more from what was typed."""
    person = session.get_one(Person, referral.person_id)
    pattern = setting.reference_pattern(session)
    found = select(Audit.id, Audit.detail).where(Audit.action == search.SEARCHED, col(Audit.detail).is_not(None))
    gone = [key for key, detail in session.exec(found) if _means(detail, referral, person, pattern)]
    for some in in_parts(gone):
        run(session, update(Audit).where(col(Audit.id).in_(some)).values(detail=None))


def searches(ctx: Context, before: datetime, most: int) -> None:
    """What was typed to search for anybody is not kept longer than they are."""
    with ctx.database.writing() as session:
        old = select(Audit.id).where(Audit.action == search.SEARCHED, Audit.at < before, col(Audit.detail).is_not(None))
        run(session, update(Audit).where(col(Audit.id).in_(old.limit(most))).values(detail=None))


def delete_records(session: Session, before: datetime, most: int) -> int:
    """Lines of the audit log, and what else tells of staff's work, from before then: how many went."""
    here = select(Referral.id).where(col(Referral.erased_at).is_(None))
    kept = select(Conversation.id).join(Referral, col(Referral.id) == col(Conversation.referral_id))
    kept = kept.where(col(Referral.kept_at).is_not(None))
    used = select(Referral.import_id).where(col(Referral.import_id).is_not(None))
    return (
        _delete(
            session,
            Audit,
            most,
            Audit.at < before,
            col(Audit.subject_kind).not_in(STAY),
            col(Audit.subject_id).not_in(here),
            col(Audit.subject_id).not_in(kept),
        )
        + _delete(session, StaffSession, most, StaffSession.expires_at < before)
        + _delete(session, Invitation, most, Invitation.expires_at < before)
        + _delete(session, Shift, most, col(Shift.ended_at) < before)
        + _delete(session, Alert, most, Alert.raised_at < before, Alert.state != AlertState.WAITING)
        + _delete(
            session,
            ReferralImport,
            most,
            ReferralImport.checked_at < before,
            ReferralImport.state != ImportState.IMPORTING,
            col(ReferralImport.id).not_in(used),
        )
    )


def short_lived(ctx: Context) -> None:
    """What is of no use after a day or two, whatever is set: failed tries, and files that were never brought in."""
    now = ctx.clock()
    with ctx.database.writing() as session:
        run(session, delete(Attempt).where(col(Attempt.failed_at) < now - ATTEMPTS))
        for old in left_behind(session, now - FILES):
            old.content = None
            session.add(old)


def _delete(session: Session, table: type[Row], most: int, *where: Any) -> int:
    key = next(iter(table.__table__.primary_key.columns))  # type: ignore[attr-defined]
    ids = list(session.scalars(select(key).where(*where).limit(most)))
    run(session, delete(table).where(key.in_(ids)))
    return len(ids)


def _means(detail: str | None, referral: Referral, person: Person, pattern: reference.Pattern) -> bool:
    typed = str(json.loads(detail or "{}").get("text", ""))
    canonical = reference.read(typed, pattern)
    if canonical is not None:
        return referral.reference in reference.variants(canonical, pattern)
    plain, digits = typed.casefold().strip(), "".join(filter(str.isdigit, typed))
    number = "".join(filter(str.isdigit, person.phone or ""))
    if (number and digits and digits in number) or (person.email and plain in person.email.casefold()):
        return True
    return search.fits(search.words_of(typed), search.words_of(person.name))
