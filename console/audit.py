"""Audit: who did what to which record, for leads and managers."""

import asyncio
from datetime import date
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from console import page as pages
from console.page import AT, Page
from programme import log
from programme.rules.role import Permission

HERE = f"{AT}/audit"


async def _show(request: Request) -> Response:
    asked = request.query_params
    who, what, day = asked.get("who", "")[:80], asked.get("what", "")[:80], _day(asked.get("day", ""))
    ctx = pages.ctx(request)
    found = await asyncio.to_thread(log.entries, ctx, who, what, day, asked.get("from", "")[:120])
    choices = await asyncio.to_thread(log.choices, ctx)
    kept = {"who": who, "what": what, "day": day.isoformat() if day else ""}
    return pages.render(
        request,
        "audit.html",
        entries=found.entries,
        choices=choices,
        asked=kept,
        filtered=any(kept.values()),
        older=_at(kept, found.older),
        newer=_at(kept, found.newer),
    )


def _at(kept: dict[str, str], mark: str) -> str:
    if not mark:
        return ""
    return f"{HERE}?{urlencode({name: text for name, text in {**kept, 'from': mark}.items() if text})}"


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


PAGES = [Page(HERE, _show, Permission.AUDIT, nav="Audit")]
