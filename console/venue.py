"""Venues: rooms and online rooms, with how to get there or in, and what helps whom."""

import asyncio
from dataclasses import asdict

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from console import page as pages
from console.page import AT, Page
from programme import session as sessions
from programme import venue
from programme.rules.role import Permission
from programme.venue import Given, WrongVenueError

HERE = f"{AT}/sessions/venues"
NEW = "new"


async def _all(request: Request) -> Response:
    rows = await asyncio.to_thread(sessions.venues, pages.ctx(request))
    return pages.render(request, "venues.html", here=HERE, venues=rows)


async def _show(request: Request) -> Response:
    key = request.path_params["venue"]
    if key == NEW:
        return _form(request, Given("", ""), {})
    rows = {row.id: row for row in await asyncio.to_thread(sessions.venues, pages.ctx(request))}
    if key not in rows:
        raise HTTPException(404)
    row = rows[key]
    given = Given(
        row.name,
        row.place,
        row.address or "",
        row.directions or "",
        row.online,
        row.join_link or "",
        row.step_free,
        row.access_notes or "",
        row.closed_at is not None,
    )
    return _form(request, given, {})


async def _save(request: Request) -> Response:
    form, key = pages.form(request), request.path_params["venue"]
    given = Given(
        form["name"],
        form["place"],
        form["address"],
        form["directions"],
        bool(form["online"]),
        form["join_link"],
        bool(form["step_free"]),
        form["access_notes"],
        bool(form["closed"]),
    )
    try:
        await asyncio.to_thread(
            venue.save, pages.ctx(request), pages.staff(request).account_id, None if key == NEW else key, given
        )
    except WrongVenueError as error:
        return _form(request, given, error.wrong)
    except LookupError:
        raise HTTPException(404) from None
    return pages.redirect(request, HERE, said="session.venue_saved")


def _form(request: Request, given: Given, wrong: dict[str, str]) -> Response:
    key = request.path_params["venue"]
    return pages.render(
        request,
        "venue.html",
        422 if wrong else 200,
        here=HERE,
        given=asdict(given),
        wrong=wrong,
        at=f"{HERE}/{key}",
        new=key == NEW,
    )


PAGES = [
    Page(HERE, _all, Permission.SESSIONS),
    Page(f"{HERE}/{{venue}}", _show, Permission.PLAN_SESSIONS),
    Page(f"{HERE}/{{venue}}", _save, Permission.PLAN_SESSIONS, methods=("POST",)),
]
