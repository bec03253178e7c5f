"""What the next list for the police would hold: what stands today, against what went before."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, select

from programme import happening, setting
from programme.answers import is_known
from programme.context import Context
from programme.rules import london
from programme.rules import police_list as rules
from programme.rules import reference as references
from programme.rules.reference import Pattern
from storage import booking as bookings
from storage import session as courses
from storage.decision import decisions_in
from storage.enums import DecisionState, ListKind, ReferralState
from storage.person import Person
from storage.police_list import PoliceCorrection, PoliceList, PoliceListRow, latest_rows
from storage.referral import Referral

FIELDS = "police_list_fields"  # the setting


@dataclass(frozen=True)
class DueRow:
    """A row for the next list. `kind`: new, again, take_back, or correction with its `reason`."""

    referral_id: str
    kind: str
    cells: Mapping[str, str]
    corrects_id: str | None
    corrects_list: int | None
    reason: str | None


@dataclass(frozen=True)
class Next:
    """`mark`: stands for exactly these rows; what is signed must be what was seen. `fields` None: they are not set."""

    kind: ListKind
    fields: tuple[str, ...] | None
    rows: tuple[DueRow, ...]
    mark: str


def read(session: Session, ctx: Context, kind: ListKind) -> Next:
    """What the next list of a kind would hold now."""
    fields = _fields(session, ctx)
    stand, went = _stands(session, kind), {row.referral_id: row for row in latest_rows(session, kind)}
    pattern = setting.reference_pattern(session)
    asked = {row.row_id: row.reason for row in session.exec(select(PoliceCorrection))}
    rows = []
    for of in sorted({*stand, *went}, key=lambda each: (each not in went, each)):
        last = went.get(of)
        what: str | None = rules.due(last is not None, last is not None and last.takes_back, of in stand)
        reason = asked.get(last.id) if last else None
        if what is None and reason is not None:
            what = "correction"
        if what is None:
            continue
        cells = _today(session, of, stand.get(of), fields or (), pattern)
        if last is not None and of not in stand:
            cells = json.loads(last.cells)  # what is taken back is said as it was said
        number = number_of(session, last)
        rows.append(DueRow(of, what, cells, last.id if last else None, number, reason))
    rows.sort(key=lambda row: (row.kind == "new", row.cells.get("reference", ""), row.cells.get("name", "")))
    seen = json.dumps([(row.referral_id, row.kind, sorted(row.cells.items()), row.reason) for row in rows])
    return Next(kind, fields, tuple(rows), hashlib.sha256(seen.encode()).hexdigest()[:32])


def _stands(session: Session, kind: ListKind) -> dict[str, tuple[str, date | None]]:
    """What is so today, by referral: the outcome's word and its day."""
    if kind is ListKind.COMPLETED:
        done = {of: ("completed", day) for of, day in happening.completed(session).items()}
        closed = select(Referral.id).where(Referral.state == ReferralState.CLOSED)
        later = latest_rows(session, kind, list(session.exec(closed)))  # closed after it went: it stands
        return done | {row.referral_id: ("completed", None) for row in later if not row.takes_back}
    final = decisions_in(session, DecisionState.FINAL)
    return {row.referral_id: (row.finding.value, london.today(row.second_at or row.decided_at)) for row in final}


def _today(
    session: Session,
    referral_id: str,
    outcome: tuple[str, date | None] | None,
    fields: tuple[str, ...],
    pattern: Pattern,
) -> dict[str, str]:
    referral = session.get_one(Referral, referral_id)
    person = session.get_one(Person, referral.person_id)
    word, day = outcome or ("", None)
    values = {
        "reference": references.show(referral.reference, pattern),
        "name": person.name,
        "date_of_birth": person.date_of_birth,
        "referred_on": referral.referred_on.isoformat(),
        "outcome": word,
        "outcome_on": day.isoformat() if day else "",
        "place": _place(session, referral_id) if "place" in fields else "",
    }
    return {name: values[name] for name in fields}


def _place(session: Session, referral_id: str) -> str:
    for booking in bookings.bookings_of(session, referral_id):
        course = courses.whole_course(session, booking.course_id)
        return course.venue.place if course else ""
    return ""


def _fields(session: Session, ctx: Context) -> tuple[str, ...] | None:
    fact = setting.facts(session).get(FIELDS)
    if fact is None or not is_known(fact, london.today(ctx.clock())):
        return None
    try:
        return rules.read_fields(fact.value) or None
    except rules.UnknownFieldError:
        return None


def number_of(session: Session, row: PoliceListRow | None) -> int | None:
    """The number of the list that a row went with."""
    return session.get_one(PoliceList, row.list_id).number if row else None
