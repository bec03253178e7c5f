"""Planning sessions: a new one, or one a week; changing what is said of one; cancelling one for us."""

import asyncio
from datetime import date, time
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from console import page as pages
from console import show
from console.page import AT, Form, Page
from programme import calling_off
from programme import session as sessions
from programme.calling_off import OverError
from programme.rules.role import Permission
from programme.rules.session import Times
from programme.session import About, NoSuchSessionError, SessionView, WrongPlanError

HERE = f"{AT}/sessions"
FIELDS = ("venue", "first", "clock", "language", "join_link", "access_notes")
NUMBERS = {"minutes": "180", "sessions": "1", "weeks": "1", "capacity": "15"}  # what a new one begins with


async def _new(request: Request) -> Response:
    return await _form(request, {**NUMBERS, "venue": request.query_params.get("venue", "")}, {}, None)


async def _plan(request: Request) -> Response:
    form = pages.form(request)
    times, about, wrong = _times(form), _about(form), _not_read(form, ["first", "clock", *NUMBERS])
    if times is not None and not wrong:
        try:
            made = await asyncio.to_thread(
                sessions.plan, pages.ctx(request), pages.staff(request).account_id, form["venue"], times, about
            )
        except WrongPlanError as error:
            wrong = error.wrong
        else:
            count, skipped = str(len(made.courses)), ", ".join(map(show.day, made.skipped))
            at = f"{HERE}?from={times.first.isoformat()}"
            tone = "good" if made.courses else "warn"
            return pages.redirect(request, at, said="session.planned", tone=tone, count=count, skipped=skipped)
    return await _form(request, {**form}, wrong, None, form.all("staff"))


async def _change(request: Request) -> Response:
    found = await _found(request)
    course = found.course
    given = {
        "capacity": str(course.capacity),
        "language": course.language or "",
        "join_link": course.join_link or "",
        "access_notes": course.access_notes or "",
    }
    names = dict(await asyncio.to_thread(sessions.staff, pages.ctx(request)))
    return await _form(request, given, {}, found, [key for key, name in names.items() if name in found.staff])


async def _save(request: Request) -> Response:
    form, found = pages.form(request), await _found(request)
    wrong = _not_read(form, ["capacity"])
    if not wrong:
        try:
            count = await asyncio.to_thread(
                sessions.change,
                pages.ctx(request),
                pages.staff(request).account_id,
                found.course_id,
                _about(form),
                bool(form["rest"]),
            )
            return pages.redirect(request, f"{HERE}/{found.id}", said="session.changed", count=str(count))
        except WrongPlanError as error:
            wrong = error.wrong
    return await _form(request, {**form}, wrong, found, form.all("staff"))


async def _cancel(request: Request) -> Response:
    found = await _found(request)
    try:
        ended = await asyncio.to_thread(
            calling_off.call_off,
            pages.ctx(request),
            found.course_id,
            pages.staff(request).account_id,
            pages.form(request)["why"],
        )
    except OverError:
        return pages.redirect(request, f"{HERE}/{found.id}", said="session.over", tone="warn")
    numbers = {"people": str(ended.people), "told": str(ended.told), "to_ring": str(ended.people - ended.told)}
    return pages.redirect(request, f"{HERE}/{found.id}", said="session.cancelled", **numbers)


async def _cancel_one(request: Request) -> Response:
    found, account_id = await _found(request), pages.staff(request).account_id
    try:
        people = await asyncio.to_thread(
            calling_off.call_off_one, pages.ctx(request), found.id, account_id, pages.form(request)["why"]
        )
    except OverError:
        return pages.redirect(request, f"{HERE}/{found.id}", said="session.over", tone="warn")
    return pages.redirect(request, f"{HERE}/{found.id}", said="session.one_cancelled", people=str(people))


async def _found(request: Request) -> SessionView:
    try:
        return await asyncio.to_thread(sessions.one, pages.ctx(request), request.path_params["id"])
    except NoSuchSessionError:
        raise HTTPException(404) from None


async def _form(
    request: Request,
    given: dict[str, Any],
    wrong: dict[str, str],
    found: SessionView | None,
    chosen: list[str] | None = None,
) -> Response:
    ctx = pages.ctx(request)
    venues = [row for row in await asyncio.to_thread(sessions.venues, ctx) if row.closed_at is None]
    return pages.render(
        request,
        "session_form.html",
        422 if wrong else 200,
        here=HERE,
        given=dict.fromkeys(FIELDS, "") | given,
        wrong=wrong,
        found=found,
        venues=venues,
        people=await asyncio.to_thread(sessions.staff, ctx),
        chosen=chosen or [],
    )


def _times(form: Form) -> Times | None:
    try:
        return Times(
            date.fromisoformat(form["first"]),
            time.fromisoformat(form["clock"]),
            int(form["minutes"]),
            int(form["sessions"]),
            int(form["weeks"]),
        )
    except ValueError:
        return None


def _not_read(form: Form, names: list[str]) -> dict[str, str]:
    """What is no date, time or number, by field."""
    read = {"first": date.fromisoformat, "clock": time.fromisoformat}
    wrong = {}
    for name in names:
        try:
            read.get(name, int)(form[name])
        except ValueError:
            wrong[name] = "not_read"
    return wrong


def _about(form: Form) -> About:
    capacity = int(form["capacity"]) if form["capacity"].strip().isdecimal() else 0
    staff = tuple(form.all("staff"))
    return About(capacity, form["language"][:16], form["join_link"][:500], form["access_notes"][:500], staff)


PAGES = [
    Page(f"{HERE}/new", _new, Permission.PLAN_SESSIONS),
    Page(f"{HERE}/new", _plan, Permission.PLAN_SESSIONS, methods=("POST",)),
    Page(f"{HERE}/{{id}}/change", _change, Permission.PLAN_SESSIONS),
    Page(f"{HERE}/{{id}}/change", _save, Permission.PLAN_SESSIONS, methods=("POST",)),
    Page(f"{HERE}/{{id}}/cancel", _cancel, Permission.PLAN_SESSIONS, methods=("POST",)),
    Page(f"{HERE}/{{id}}/cancel-one", _cancel_one, Permission.PLAN_SESSIONS, methods=("POST",)),
]
