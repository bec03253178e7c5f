"""Mine: the conversations that I have, those that wait for my answer on top."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from console import page as pages
from console.page import AT, Page
from programme import look, mine, shift
from programme.rules.role import Permission


async def _show(request: Request) -> Response:
    ctx, me = pages.ctx(request), pages.staff(request).account_id
    if not pages.is_live(request):
        await asyncio.to_thread(look.note, ctx, me, "page", "mine")
    rows = await asyncio.to_thread(mine.listed, ctx, me)
    is_on = await asyncio.to_thread(shift.is_on, ctx, me)
    return pages.render(request, "mine.html", rows=rows, is_on=is_on)


PAGES = [Page(f"{AT}/mine", _show, Permission.CONVERSATIONS, nav="Mine")]
