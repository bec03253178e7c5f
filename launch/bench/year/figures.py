"""The figures of a year so far: what happened, how large the database is, and how long the console's pages take."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter
from typing import Any

import httpx
from sqlalchemy import func, text
from sqlmodel import Session, col, select
from starlette.applications import Starlette

from console.guard import SESSION
from console.routes import routes
from programme import sign_in
from programme.context import Context
from programme.rules import london
from storage.account import Account
from storage.attendance import Attendance
from storage.booking import Booking
from storage.decision import Decision
from storage.enums import BookingState, DecisionState, Mark, OutreachKind, OutreachState, OutState, ReferralState
from storage.message import MessageIn, MessageOut
from storage.outreach import Outreach
from storage.referral import Referral
from storage.referral_change import ReferralChange

PAGES = {
    "Needs attention": "/console/attention",
    "Reports": "/console/reports?weeks=52",
    "Waiting": "/console/waiting",
    "Referrals": "/console/referrals",
    "Sessions": "/console/sessions",
    "Sessions, how many places": "/console/sessions/outlook",
    "search for a name": "/console/all?q=robin",
    "search for a reference": "/console/all?q={reference}",
    "one referral": "/console/referrals/{referral}",
    "evidence": "/console/referrals/{referral}/decision",
}
ROUNDS = 3
LEFT = (OutreachState.SENT, OutreachState.DELIVERED, OutreachState.SEEN)


class PageError(RuntimeError):
    """A page of the console did not open."""


@dataclass(frozen=True)
class Figures:
    """`events`: how often each thing had happened by then; `seconds`: on the clock since the start, without the pages;
    `pages`: median seconds of each."""

    label: str
    at: datetime
    events: Mapping[str, int]
    seconds: float
    megabytes: float
    pages: Mapping[str, float]


async def take(ctx: Context, label: str, seconds: float, account_id: str) -> Figures:
    """Everything as it is now."""
    with ctx.database.reading() as session:
        events = happened(session)
        size = megabytes(ctx, session)
    return Figures(label, ctx.clock(), events, seconds, size, await time_pages(ctx, account_id))


def happened(session: Session) -> dict[str, int]:
    """How often each thing has happened, counted from the rows."""

    def rows(key: Any, *where: Any) -> int:
        return session.exec(select(func.count(func.distinct(key))).where(*where)).one()

    def became(state: ReferralState) -> int:
        return rows(col(ReferralChange.referral_id), ReferralChange.now == state)

    left = [col(Outreach.state).in_(LEFT)]
    shown = col(MessageOut.state).in_([OutState.SENT, OutState.DELIVERED])
    in_chats = rows(col(Outreach.id), col(Outreach.message_id).in_(select(MessageOut.id).where(shown)))
    return {
        "referrals": rows(col(Referral.id)),
        "messages in": rows(col(MessageIn.id)),
        "messages out, in chats": rows(col(MessageOut.id)),
        "text messages and e-mail sent": rows(col(Outreach.id), col(Outreach.message_id).is_(None), *left),
        "unasked messages seen in chats": in_chats,
        "reminders planned": rows(col(Outreach.occasion), Outreach.kind == OutreachKind.REMINDER),
        "nudges planned": rows(col(Outreach.occasion), Outreach.kind == OutreachKind.NUDGE),
        "reached": became(ReferralState.REACHED),
        "proved who they are": rows(col(Referral.id), col(Referral.verified_at).is_not(None)),
        "places taken": rows(col(Booking.id)),
        "… moved": rows(col(Booking.id), Booking.state == BookingState.MOVED),
        "… given up, or called off by us": rows(col(Booking.id), Booking.state == BookingState.CANCELLED),
        "marked as there": _standing(rows, Mark.ATTENDED),
        "marked as not there, or too late": _standing(rows, Mark.ABSENT) + _standing(rows, Mark.LATE),
        "completed": became(ReferralState.COMPLETED),
        "second chances": became(ReferralState.SECOND_CHANCE),
        "decisions by two people": rows(col(Decision.id), Decision.state == DecisionState.FINAL),
    }


def megabytes(ctx: Context, session: Session) -> float:
    """The database's size, its journal included; the dialogue's own store is not in it."""
    if ctx.database.sqlite:
        path = ctx.database.path
        files = [path, path.with_name(path.name + "-wal")]
        return sum(file.stat().st_size for file in files if file.exists()) / 1e6
    return int(session.execute(text("SELECT pg_database_size(current_database())")).scalar_one()) / 1e6


async def time_pages(ctx: Context, account_id: str) -> dict[str, float]:
    """The median of each page, as a worker's browser gets it: guard, database and template, without a network."""
    with ctx.database.writing() as session:
        token = sign_in.open_for(session, ctx, session.get_one(Account, account_id), "bench").token
        some = session.exec(select(Referral).order_by(col(Referral.created_at), col(Referral.id)).limit(1)).first()
    app = Starlette(routes=[*routes(ctx, lambda _: None)])
    found = {}
    way = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=way, base_url="http://desk", cookies={SESSION: token}, timeout=120) as desk:
        for name, page in PAGES.items():
            if some is None and "{" in page:
                continue
            path = page.format(reference=some.reference, referral=some.id) if some else page
            found[name] = statistics.median([await _open(desk, name, path) for _ in range(ROUNDS)])
    return found


async def _open(desk: httpx.AsyncClient, name: str, path: str) -> float:
    began = perf_counter()
    said = await desk.get(path)
    if said.status_code != httpx.codes.OK:
        raise PageError(f"{name}: {said.status_code}")
    return perf_counter() - began


def _standing(rows: Any, mark: Mark) -> int:
    found: int = rows(col(Attendance.id), Attendance.mark == mark, col(Attendance.undone_at).is_(None))
    return found


def as_text(found: Sequence[Figures]) -> str:
    """A table in Markdown, a column for each moment."""
    lines = [_row("", [each.label for each in found]), _row("---", ["---:"] * len(found))]
    lines.append(_row("day", [f"{london.today(each.at):%d %B %Y}".lstrip("0") for each in found]))
    lines += [_row(name, [f"{each.events[name]:,}" for each in found]) for name in found[0].events]
    lines.append(_row("time on the clock", [f"{each.seconds:,.0f} s" for each in found]))
    lines.append(_row("database", [f"{each.megabytes:,.1f} MB" for each in found]))
    names = dict.fromkeys(name for each in found for name in each.pages)
    for name in names:
        lines.append(_row(f"page: {name}", [_milliseconds(each.pages.get(name)) for each in found]))
    return "\n".join(lines)


def _row(name: str, cells: Sequence[str]) -> str:
    return f"| {name} | {' | '.join(cells)} |"


def _milliseconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{1000 * seconds:,.0f} ms"
