"""Sessions: the diary as a list and as a calendar; a session's list with one tap each, undo, and a page to print."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlmodel import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from console import page as pages
from console.live import Topic
from console.page import AT, Page
from programme import attendance_sheet as sheet
from programme import session as sessions
from programme.attendance_sheet import NoPlaceError, NotYetError
from programme.context import Context
from programme.rules import london
from programme.rules.role import Permission
from programme.session import NoSuchSessionError, SessionView
from storage.enums import Mark
from storage.row import Row
from storage.session import Course, Venue
from storage.tables import Attendance, Booking, Hold, Waiting

HERE = f"{AT}/sessions"
LIST_DAYS = 28
WEEK = timedelta(weeks=1)


async def _diary(request: Request) -> Response:
    ctx, query = pages.ctx(request), request.query_params
    today = london.today(ctx.clock())
    calendar = query.get("view") == "calendar"
    first = _day(query.get("from", ""), today)
    if calendar:
        first = first.replace(day=1)
        begins, last = first - timedelta(days=first.weekday()), _next_month(first) - timedelta(days=1)
        last += timedelta(days=6 - last.weekday())
    else:
        begins, last = first, first + timedelta(days=LIST_DAYS - 1)
    found = await asyncio.to_thread(sessions.diary, ctx, begins, last)
    earlier = (first - timedelta(days=1)).replace(day=1) if calendar else first - timedelta(days=LIST_DAYS)
    return pages.render(
        request,
        "sessions.html",
        here=HERE,
        calendar=calendar,
        days=_by_day(found),
        weeks=_weeks(begins, last) if calendar else [],
        first=first,
        last=last,
        today=today,
        earlier=earlier,
        later=_next_month(first) if calendar else last + timedelta(days=1),
        waiting=await asyncio.to_thread(sessions.on_the_list, ctx),
    )


def _day(written: str, otherwise: date) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        return otherwise


def _next_month(first: date) -> date:
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1)


def _weeks(first: date, last: date) -> list[list[date]]:
    return [
        [first + WEEK * number + timedelta(days=day) for day in range(7)]
        for number in range((last - first).days // 7 + 1)
    ]


def _by_day(found: Sequence[SessionView]) -> dict[date, list[SessionView]]:
    days: dict[date, list[SessionView]] = {}
    for each in found:
        days.setdefault(london.today(each.starts), []).append(each)
    return days


async def _sheet(request: Request) -> Response:
    return await _list(request, "session.html")


async def _print(request: Request) -> Response:
    return await _list(request, "session_print.html")


async def _list(request: Request, template: str) -> Response:
    try:
        found = await asyncio.to_thread(
            sheet.read,
            pages.ctx(request),
            request.path_params["id"],
            pages.staff(request).account_id,
            pages.is_live(request),
        )
    except NoSuchSessionError:
        raise HTTPException(404) from None
    return pages.render(request, template, here=HERE, sheet=found, at=f"{HERE}/{found.session.id}")


async def _mark(request: Request) -> Response:
    what = pages.form(request)["mark"]
    if what not in set(Mark):
        raise HTTPException(400)

    def mark(ctx: Context, session_id: str, booking_id: str, account_id: str) -> object:
        return sheet.mark(ctx, session_id, booking_id, Mark(what), account_id)

    return await _act(request, mark)


async def _undo(request: Request) -> Response:
    return await _act(request, sheet.undo)


async def _act(request: Request, use_case: Callable[..., object]) -> Response:
    """From a script it only says whether it was done; the page then renews its list."""
    session_id, booking_id = request.path_params["id"], pages.form(request)["booking"]
    by_script, problem = "x-csrf" in request.headers, ""
    try:
        await asyncio.to_thread(use_case, pages.ctx(request), session_id, booking_id, pages.staff(request).account_id)
    except NotYetError:
        problem = "not_yet"
    except NoPlaceError:
        problem = "no_place"
    if by_script:
        return Response(status_code=409 if problem else 204)
    at = f"{HERE}/{session_id}#line-{booking_id}"
    return pages.redirect(request, at, said=f"session.{problem}" if problem else "", tone="warn")


def _versions(session: Session, keys: Sequence[str], _now: datetime) -> Mapping[str, object]:
    """Counts and newest instants of all that the diary and the lists show."""
    newest: list[tuple[type[Row], tuple[str, ...]]] = [
        (Attendance, ("marked_at", "undone_at")),
        (Booking, ("made_at", "ended_at", "confirmed_at")),
        (Course, ("created_at", "cancelled_at")),
        (Hold, ("held_at", "ended_at")),
        (Waiting, ("joined_at", "ended_at")),
        (Venue, ("closed_at",)),
    ]
    found: list[object] = []
    for table, columns in newest:
        of = table.__table__.c  # type: ignore[attr-defined]
        asked = select(func.count(), *(func.max(of[name]) for name in columns)).select_from(of.id.table)
        found.append(tuple(session.execute(asked).one()))
    places = Course.__table__.c.capacity  # type: ignore[attr-defined]
    found.append(session.execute(select(func.sum(places))).scalar())
    return dict.fromkeys(keys, tuple(found))


PAGES = [
    Page(HERE, _diary, Permission.SESSIONS, nav="Sessions"),
    Page(f"{HERE}/{{id}}", _sheet, Permission.SESSIONS),
    Page(f"{HERE}/{{id}}/print", _print, Permission.SESSIONS),
    Page(f"{HERE}/{{id}}/mark", _mark, Permission.SESSIONS, methods=("POST",)),
    Page(f"{HERE}/{{id}}/undo", _undo, Permission.SESSIONS, methods=("POST",)),
]
TOPICS = [Topic("diary", Permission.SESSIONS, _versions)]
