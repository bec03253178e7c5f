"""Writing many referrals at once, in the transaction of whoever planned them: new ones, and changes where wanted."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session

from programme import audit, referral_state, setting
from programme.arrival import arrived
from programme.context import Context
from programme.referral_plan import Plan, Row, source_text, words_of
from programme.rules import london, referral_days
from programme.rules.referral_days import Dates, Days
from programme.rules.referral_row import Values
from storage import referral as referrals
from storage.audit import Audit
from storage.enums import ReferralState
from storage.person import Person
from storage.referral import Referral
from storage.referral_change import ReferralChange
from storage.row import lock_one

AT_ONCE = 250  # rows that are written together


@dataclass(frozen=True)
class Written:
    """`added` and `changed`: ids of referrals, in the order of their lines; `claims`: of people without a reference
    that have a match now."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    claims: int


def write(
    session: Session,
    ctx: Context,
    plan: Plan,
    actor: str,
    *,
    with_changes: bool = True,
    by_hand: bool = False,
    import_id: str | None = None,
) -> Written:
    """Writes a plan that was made in this very transaction. `by_hand`: what it changes is what staff know, and the row
    that came last from elsewhere stays known. `import_id`: the file that new ones came in by."""
    days = days_of(session, ctx)
    chosen = words_of(session).matching
    added: list[str] = []
    for start in range(0, len(plan.added), AT_ONCE):
        added += _add(session, ctx, plan.added[start : start + AT_ONCE], actor, days, chosen, import_id)
    changed = [_change(session, ctx, row, actor, days, by_hand) for row in plan.changed if with_changes]
    session.flush()
    return Written(tuple(added), tuple(changed), arrived(session, ctx, added))


def empty(session: Session, ctx: Context, referral_id: str, fields: Collection[str], actor: str) -> None:
    """Takes out what is not so: a number, an address, what helps them; a day is counted by the settings again."""
    referral = lock_one(session, Referral, referral_id)
    person = lock_one(session, Person, referral.person_id)
    for field in fields:
        setattr(referral if field in ("book_by", "finish_by") else person, field, None)
    dates = _dates(referral.referred_on, days_of(session, ctx), referral.book_by, referral.finish_by)
    if {"book_by", "finish_by"} & set(fields):
        referral.contact_by, referral.book_by, referral.finish_by = dates.contact_by, dates.book_by, dates.finish_by
    session.add_all([person, referral])
    audit.note(session, ctx, actor, "change_referral", "referral", referral.id, {"emptied": sorted(fields)})


def days_of(session: Session, ctx: Context) -> Days:
    """The programme's settings that dates are counted by."""
    facts, today = setting.facts(session), london.today(ctx.clock())
    return Days(*(setting.number(facts, f"days_to_{step}", today) for step in ("contact", "book", "finish")))


def _add(
    session: Session,
    ctx: Context,
    rows: Sequence[Row],
    actor: str,
    days: Days,
    chosen: Sequence[str],
    import_id: str | None,
) -> list[str]:
    now = ctx.clock()
    people = [{"id": ctx.new_id(), "created_at": now} | _person(row.values) for row in rows]
    new = [_referral(ctx, row.values, days, chosen, now) | {"import_id": import_id} for row in rows]
    for person, referral in zip(people, new, strict=True):
        referral["person_id"] = person["id"]
    ids: list[str] = [referral["id"] for referral in new]
    _insert(session, Person, people)
    _insert(session, Referral, new)
    _insert(session, ReferralChange, (_first(ctx, key, actor, now) for key in ids))
    _insert(session, Audit, (_audited(ctx, key, actor, now) for key in ids))
    return ids


def _insert(session: Session, table: type[Any], rows: Iterable[dict[str, Any]]) -> None:
    session.execute(insert(table), list(rows))


def _person(values: Values) -> dict[str, Any]:
    return {
        "name": values.name,
        "date_of_birth": values.born.isoformat(),
        "phone": values.phone,
        "email": values.email,
        "access_needs": values.access_needs,
        "language": values.language or "en",
    }


def _referral(ctx: Context, values: Values, days: Days, chosen: Sequence[str], now: datetime) -> dict[str, Any]:
    keyring, referred_on = ctx.database.keyring, values.referred_on or london.today(now)
    return {
        "id": ctx.new_id(),
        "reference": values.reference,
        "reference_lookup": referrals.reference_lookup(keyring, values.reference),
        "state": ReferralState.REFERRED,
        "referred_on": referred_on,
        "matching_word": values.matching_word or chosen[int(ctx.new_id(), 16) % len(chosen)],
        "verified_at": None,
        "source_lookup": keyring.lookup(source_text(values), referrals.SOURCE),
        "created_at": now,
    } | vars(_dates(referred_on, days, values.book_by, values.finish_by))


def _dates(referred_on: date, days: Days, book_by: date | None, finish_by: date | None) -> Dates:
    return referral_days.count(referred_on, days, book_by, finish_by)


def _first(ctx: Context, key: str, actor: str, now: datetime) -> dict[str, Any]:
    return {
        "id": ctx.new_id(),
        "referral_id": key,
        "at": now,
        "event": referral_state.REFER,
        "was": None,
        "now": ReferralState.REFERRED,
        "actor": actor,
        "why": None,
    }


def _audited(ctx: Context, key: str, actor: str, now: datetime) -> dict[str, Any]:
    about = {"action": "refer", "subject_kind": "referral", "subject_id": key, "detail": None}
    return {"id": ctx.new_id(), "at": now, "actor": actor} | about


def _change(session: Session, ctx: Context, row: Row, actor: str, days: Days, by_hand: bool) -> str:
    """Writes what a row says anew, and that it did; what it leaves empty stays."""
    referral = lock_one(session, Referral, str(row.referral_id))
    person = lock_one(session, Person, referral.person_id)
    fields, values = {each.field for each in row.changes}, row.values
    for field, value in _person(values).items():
        if field in fields:
            setattr(person, field, value)
    for field in ("referred_on", "book_by", "finish_by", "matching_word"):
        if field in fields:
            setattr(referral, field, getattr(values, field))
    if fields & {"referred_on", "book_by", "finish_by"}:
        dates = _dates(referral.referred_on, days, referral.book_by, referral.finish_by)
        referral.contact_by, referral.book_by, referral.finish_by = dates.contact_by, dates.book_by, dates.finish_by
    if not by_hand:
        referral.source_lookup = ctx.database.keyring.lookup(source_text(values), referrals.SOURCE)
    session.add_all([person, referral])
    audit.note(session, ctx, actor, "change_referral", "referral", referral.id, {"fields": sorted(fields)})
    return referral.id
