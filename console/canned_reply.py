"""Canned replies: the team's own page for what it says often."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from console import page as pages
from console.conversation import done
from console.page import AT, Page
from programme import canned_reply
from programme.rules.role import Permission

HERE = f"{AT}/canned-replies"


async def _show(request: Request) -> Response:
    return await _page(request, request.query_params.get("edit", ""))


async def _page(request: Request, edit: str = "", problem: str = "", title: str = "", text: str = "") -> Response:
    rows = await asyncio.to_thread(canned_reply.listed, pages.ctx(request))
    edited = next((row for row in rows if row.id == edit), None)
    return pages.render(
        request,
        "canned_replies.html",
        400 if problem else 200,
        rows=rows,
        edit=edited.id if edited else "",
        title=title or (edited.title if edited else ""),
        text=text or (edited.text if edited else ""),
        problem=problem,
        places=canned_reply.PLACES,
        longest=canned_reply.LONGEST,
        longest_title=canned_reply.LONGEST_TITLE,
    )


async def _write(request: Request) -> Response:
    given, me = pages.form(request), pages.staff(request).account_id
    ctx, key = pages.ctx(request), given["key"] or None
    try:
        await asyncio.to_thread(canned_reply.write, ctx, me, given["title"], given["text"], key)
    except canned_reply.BadCannedReplyError:
        return await _page(request, given["key"], "bad", given["title"], given["text"])
    return pages.redirect(request, HERE, said="canned_reply.kept", title=given["title"])


async def _remove(request: Request) -> Response:
    me, key = pages.staff(request).account_id, request.path_params["key"]
    await done(canned_reply.remove, pages.ctx(request), me, key)
    return pages.redirect(request, HERE, said="canned_reply.removed")


PAGES = [
    Page(HERE, _show, Permission.TALK),
    Page(f"{HERE}/write", _write, Permission.TALK, methods=("POST",)),
    Page(f"{HERE}/{{key}}/remove", _remove, Permission.TALK, methods=("POST",)),
]
