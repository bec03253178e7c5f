"""Lines about what staff did: what they searched for goes with whom they searched for, the rest after its time."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from programme import referral_import, search, setting
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
# Lines that stay: why a setting is as it is, and that something was erased.
STAY = ("setting", "retention")


class _Known:
    """People by whom something that was typed can be known again, as the search knows them."""

    def __init__(self, people: Sequence[tuple[Referral, Person]], pattern: reference.Pattern) -> None:
        self._pattern = pattern
        self._references = {row.reference for row, _ in people}
        self._numbers = {_digits(person.phone or "") for _, person in people} - {""}
        self._addresses = {(person.email or "").casefold() for _, person in people} - {""}
        self._names = [search.words_of(person.name) for _, person in people]

    def are_meant(self, typed: str) -> bool:
        """Whether this is one of their references, numbers, addresses or names, or a part of one."""
        digits = _digits(typed)
        if digits:
            canonical = reference.read(typed, self._pattern)
            if canonical is not None:
                return not self._references.isdisjoint(reference.variants(canonical, self._pattern))
            if any(digits in number for number in self._numbers):
                return True
        plain, words = typed.casefold().strip(), search.words_of(typed)
        return any(plain in address for address in self._addresses) or any(
            search.fits(words, name) for name in self._names
        )


def searched_for(session: Session, referral_ids: Collection[str], since: datetime | None = None) -> set[str]:
    """The lines (since then) that say that somebody searched for one of these people: what was typed tells who."""
    whose = select(Referral, Person).join(Person).where(col(Referral.id).in_(referral_ids))
    known = _Known(session.exec(whose).all(), setting.reference_pattern(session))
    found = select(Audit.id, Audit.detail).where(Audit.action == search.SEARCHED, col(Audit.detail).is_not(None))
    lines = session.exec(found if since is None else found.where(Audit.at >= since))
    return {key for key, detail in lines if known.are_meant(str(json.loads(detail or "{}").get("text", "")))}


def forget_searches(session: Session, ids: Collection[str]) -> None:
    """That somebody searched stays, what they typed does not."""
    for some in in_parts(sorted(ids)):
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
        for old in left_behind(session, now - referral_import.KEPT):
            old.content = None
            session.add(old)


def _delete(session: Session, table: type[Row], most: int, *where: Any) -> int:
    key = next(iter(table.__table__.primary_key.columns))  # type: ignore[attr-defined]
    ids = list(session.scalars(select(key).where(*where).limit(most)))
    run(session, delete(table).where(key.in_(ids)))
    return len(ids)


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))
