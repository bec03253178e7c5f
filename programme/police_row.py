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
from storage.decision import final_findings
from storage.enums import ListKind, ReferralState
from storage.person import Person
from storage.police_list import PoliceCorrection, PoliceList, PoliceListRow, latest_marks, latest_rows
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


def waits(session: Session, only: str | None = None) -> set[str]:
    """The referrals of which something is to go on the next list of a kind. `only`: of this one."""
    asked, found = set(session.exec(select(PoliceCorrection.row_id))), set[str]()
    for kind in ListKind:
        stand, went = _stands(session, kind, only), latest_marks(session, kind, [only] if only else None)
        for of in {*stand, *went}:
            row, taken_back = went.get(of, (None, False))
            if row in asked or rules.due(row is not None, taken_back, of in stand) is not None:
                found.add(of)
    return found


def _stands(session: Session, kind: ListKind, only: str | None = None) -> dict[str, tuple[str, date | None]]:
    """What is so today, by referral: the outcome's word and its day. `only`: of this one."""
    if kind is ListKind.COMPLETED:
        done = {of: ("completed", day) for of, day in happening.completed(session, only).items()}
        closed = select(Referral.id).where(Referral.state == ReferralState.CLOSED)
        keys = list(session.exec(closed if only is None else closed.where(Referral.id == only)))
        later = latest_marks(session, kind, keys)  # closed after it went: it stands
        return done | {of: ("completed", None) for of, (_, takes_back) in later.items() if not takes_back}
    final = final_findings(session, only)
    return {of: (finding.value, london.today(second_at or at)) for of, finding, at, second_at in final}


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
