"""The audit log as leads read it: who did what to which record, the newest first, by person, action and day."""

import json
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlmodel import Session, and_, col, or_, select

from programme import audit
from programme.catalogue import catalogue
from programme.context import Context
from programme.rules import london
from programme.rules import reference as references
from storage.account import Account
from storage.audit import Audit
from storage.case import Case
from storage.referral import Referral
from storage.retention import GONE

PAGE = 50


@dataclass(frozen=True)
class Entry:
    """`who`: a colleague's name, or "" where it was none, then `actor` says what. `about`: the record in words, if it
    has any; `conversation_id`, `case`: where to look further."""

    id: str
    at: datetime
    actor: str
    who: str
    action: str
    kind: str
    subject_id: str
    about: str
    conversation_id: str
    detail: dict[str, Any]


@dataclass(frozen=True)
class Log:
    """A page of the log. `older`, `newer`: the mark to ask the next page with; "": there is none."""

    entries: list[Entry]
    older: str
    newer: str


@dataclass(frozen=True)
class Choices:
    """What one may filter by. `actors`: (actor, a colleague's name or "")."""

    actors: list[tuple[str, str]]
    actions: list[str]


def entries(
    ctx: Context, actor: str = "", action: str = "", day: date | None = None, mark: str = "", limit: int = PAGE
) -> Log:
    """What was done. `mark`: `older` or `newer` of another page; one that cannot be read is as none."""
    asked = select(Audit)
    if actor:
        asked = asked.where(Audit.actor == actor)
    if action:
        asked = asked.where(Audit.action == action)
    if day is not None:
        begins, ends = london.at(day, time()), london.at(day + timedelta(days=1), time())
        asked = asked.where(Audit.at >= begins, Audit.at < ends)
    way, at, of = _read(mark)
    with ctx.database.reading() as session:
        if at is None:
            rows = session.exec(asked.order_by(col(Audit.at).desc(), col(Audit.id).desc()).limit(limit + 1)).all()
            return _page(session, list(rows), limit, newer=False)
        if way == "older":
            rest = asked.where(or_(col(Audit.at) < at, and_(col(Audit.at) == at, col(Audit.id) < of)))
            rows = session.exec(rest.order_by(col(Audit.at).desc(), col(Audit.id).desc()).limit(limit + 1)).all()
            return _page(session, list(rows), limit, newer=True)
        rest = asked.where(or_(col(Audit.at) > at, and_(col(Audit.at) == at, col(Audit.id) > of)))
        rows = session.exec(rest.order_by(col(Audit.at), col(Audit.id)).limit(limit + 1)).all()
        more, found = len(rows) > limit, list(rows[:limit])[::-1]
        shown = _page(session, found, limit, newer=more)
        return Log(shown.entries, _mark("older", found[-1]) if found else "", shown.newer)


def choices(ctx: Context) -> Choices:
    """Everybody, and everything, that is in the log."""
    with ctx.database.reading() as session:
        names = {row.id: row.name for row in session.exec(select(Account))}
        actors = session.exec(select(Audit.actor).distinct()).all()
        actions = session.exec(select(Audit.action).distinct()).all()
    named = [(one, names.get(audit.account_of(one) or "", "")) for one in actors]
    return Choices(sorted(named, key=lambda one: (not one[1], one[1].lower(), one[0])), sorted(actions))


def _page(session: Session, rows: list[Audit], limit: int, newer: bool) -> Log:
    shown = rows[:limit]
    older = _mark("older", shown[-1]) if len(rows) > limit else ""
    return Log(_shown(session, shown), older, _mark("newer", shown[0]) if newer and shown else "")


def _shown(session: Session, rows: list[Audit]) -> list[Entry]:
    names = {row.id: row.name for row in session.exec(select(Account))}
    ids = {kind: [row.subject_id for row in rows if row.subject_kind == kind] for kind in ("referral", "case")}
    referrals = session.exec(select(Referral.id, Referral.reference).where(col(Referral.id).in_(ids["referral"])))
    written = {of: references.show(reference) for of, reference in referrals if not reference.startswith(GONE)}
    settings = {entry.key: entry.title for entry in catalogue().entries.values()}
    cases = dict(session.exec(select(Case.id, Case.conversation_id).where(col(Case.id).in_(ids["case"]))).all())
    return [
        Entry(
            id=row.id,
            at=row.at,
            actor=row.actor,
            who=names.get(audit.account_of(row.actor) or "", ""),
            action=row.action,
            kind=row.subject_kind,
            subject_id=row.subject_id,
            about={"account": names, "referral": written, "setting": settings}.get(row.subject_kind, {}).get(
                row.subject_id, ""
            ),
            conversation_id=row.subject_id if row.subject_kind == "conversation" else cases.get(row.subject_id) or "",
            detail=_detail(row.detail),
        )
        for row in rows
    ]


def _detail(text: str | None) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _mark(way: str, row: Audit) -> str:
    return f"{way}~{row.at.isoformat()}~{row.id}"


def _read(mark: str) -> tuple[str, datetime | None, str]:
    way, _, rest = mark.partition("~")
    at, _, of = rest.partition("~")
    try:
        when = datetime.fromisoformat(at)
    except ValueError:
        return "", None, ""
    return (way, when, of) if way in ("older", "newer") and when.utcoffset() is not None else ("", None, "")
