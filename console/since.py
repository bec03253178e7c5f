"""Since last shift: where a lead starts, with all that happened meanwhile and all that is open still."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from console import page as pages
from console.page import AT, Page
from programme import since
from programme.rules import london
from programme.rules.role import Permission
from programme.since import SPANS, Span

HERE = f"{AT}/since"


async def _show(request: Request) -> Response:
    asked = request.query_params.get("span", "")
    span: Span = next((each for each in SPANS if each == asked), SPANS[0])
    me, quiet = pages.staff(request).account_id, pages.is_live(request)
    found = await asyncio.to_thread(since.read, pages.ctx(request), me, span, quiet)
    return pages.render(request, "since.html", found=found, here=HERE, today=london.today(pages.ctx(request).clock()))


PAGES = [Page(HERE, _show, Permission.SINCE, nav="Since last shift")]
