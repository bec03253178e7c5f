"""All: every conversation, and everybody who was referred, found by reference or name."""

import asyncio
import re
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from console import page as pages
from console.page import AT, Page
from programme import look, search
from programme.rules.role import Permission
from programme.search import Wanted
from storage.enums import Channel, Owner, Urgency

HERE = f"{AT}/all"
PAGE = re.compile("[1-9][0-9]{0,5}")
Word = TypeVar("Word", bound=StrEnum)


async def _show(request: Request) -> Response:
    ctx, me, wanted = pages.ctx(request), pages.staff(request).account_id, _wanted(request)
    if not pages.is_live(request):
        await asyncio.to_thread(look.note, ctx, me, "page", "all")
    found = await asyncio.to_thread(search.search, ctx, wanted, me, live=pages.is_live(request))
    return pages.render(
        request,
        "all.html",
        hits=found.hits,
        wanted=wanted,
        newer=_address(request, wanted.page - 1) if wanted.page > 1 else "",
        older=_address(request, wanted.page + 1) if found.more else "",
    )


def _wanted(request: Request) -> Wanted:
    given = request.query_params
    page = given.get("page", "1")
    return Wanted(
        text=given.get("q", "")[:200],
        owner=_word(Owner, given.get("owner", "")),
        channel=_word(Channel, given.get("channel", "")),
        urgency=_word(Urgency, given.get("urgency", "")),
        page=int(page) if PAGE.fullmatch(page) else 1,
    )


def _word(kind: type[Word], given: str) -> Word | None:
    return kind(given) if given in set(kind) else None


def _address(request: Request, page: int) -> str:
    kept = {key: value for key, value in request.query_params.items() if key != "page" and value}
    return f"{HERE}?{urlencode({**kept, 'page': page})}"


PAGES = [Page(HERE, _show, Permission.CONVERSATIONS, nav="All")]
