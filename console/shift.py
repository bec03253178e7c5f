"""Starting and ending one's shift, and the signs of life of an open page."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from console import page as pages
from console.page import AT, Page
from programme import shift
from programme.rules.role import Permission

WAITING = f"{AT}/waiting"


async def _begin(request: Request) -> Response:
    await asyncio.to_thread(shift.begin, pages.ctx(request), pages.staff(request).account_id)
    return pages.redirect(request, WAITING, said="shift.begun")


async def _end(request: Request) -> Response:
    back = await asyncio.to_thread(shift.end, pages.ctx(request), pages.staff(request).account_id)
    return pages.redirect(request, WAITING, said="shift.ended", count=str(len(back)))


async def _beat(request: Request) -> Response:
    is_on = await asyncio.to_thread(shift.beat, pages.ctx(request), pages.staff(request).account_id)
    return Response(status_code=204 if is_on else 409)


PAGES = [
    Page(f"{AT}/shift/begin", _begin, Permission.TALK, methods=("POST",)),
    Page(f"{AT}/shift/end", _end, Permission.TALK, methods=("POST",)),
    Page(f"{AT}/shift/beat", _beat, Permission.TALK, methods=("POST",)),
]
