"""The waiting list: who waits for a place, in order, and what is kept for whom."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from console import page as pages
from console.page import AT, Page
from programme import waiting_view
from programme.rules.role import Permission

HERE = f"{AT}/sessions/waiting-list"


async def _show(request: Request) -> Response:
    me = pages.staff(request).account_id
    rows = await asyncio.to_thread(waiting_view.read, pages.ctx(request), me, pages.is_live(request))
    return pages.render(request, "waiting_list.html", here=HERE, rows=rows)


async def _take_off(request: Request) -> Response:
    me = pages.staff(request).account_id
    done = await asyncio.to_thread(waiting_view.take_off, pages.ctx(request), request.path_params["waiter"], me)
    said, tone = ("session.taken_off", "good") if done else ("session.not_waiting", "warn")
    return pages.redirect(request, HERE, said=said, tone=tone)


PAGES = [
    Page(HERE, _show, Permission.SESSIONS),
    Page(f"{HERE}/{{waiter}}/take-off", _take_off, Permission.TALK, methods=("POST",)),
]
