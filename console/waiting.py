"""Waiting: everybody who waits for a worker, the most urgent first, then the longest waiting."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from console import page as pages
from console.page import AT, Page
from programme import look, queue, shift
from programme.rules.role import Permission


async def _show(request: Request) -> Response:
    ctx, me = pages.ctx(request), pages.staff(request).account_id
    if not pages.is_live(request):
        await asyncio.to_thread(look.note, ctx, me, "page", "waiting")
    rows = await asyncio.to_thread(queue.waiting, ctx)
    there = await asyncio.to_thread(shift.on_shift, ctx)
    return pages.render(
        request,
        "waiting.html",
        rows=rows,
        colleagues=[one.name for one in there if one.account_id != me],
        is_on=any(one.account_id == me for one in there),
    )


PAGES = [Page(f"{AT}/waiting", _show, Permission.CONVERSATIONS, nav="Waiting")]
