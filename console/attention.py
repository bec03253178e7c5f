"""Needs attention: everybody for whom something is to be done, with the next best step as one button."""

import asyncio

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from console import page as pages
from console.page import AT, Page
from programme import attention, look, paper, paper_file
from programme.attention import NotMissedError
from programme.paper import NoPaperError
from programme.rules import london
from programme.rules.attention import ORDER
from programme.rules.role import Permission

HERE = f"{AT}/attention"


async def _show(request: Request) -> Response:
    ctx, only = pages.ctx(request), request.query_params.get("why", "")
    only = only if only in ORDER else ""
    found = await asyncio.to_thread(attention.read, ctx, only)
    await asyncio.to_thread(look.note, ctx, pages.staff(request).account_id, "page", "attention")
    return pages.render(
        request,
        "attention.html",
        found=found,
        only=only,
        here=HERE,
        most=attention.MOST,
        today=london.today(ctx.clock()),
    )


async def _chance(request: Request) -> Response:
    key, me = request.path_params["id"], pages.staff(request).account_id
    try:
        await asyncio.to_thread(attention.give_chance, pages.ctx(request), key, me)
    except NotMissedError:
        return pages.redirect(request, HERE, said="attention.not_missed", tone="warn")
    return pages.redirect(request, HERE, said="attention.chance")


async def _paper(request: Request) -> Response:
    """The certificate, or the proof of booking, to be printed for somebody."""
    ctx, actor = pages.ctx(request), f"worker:{pages.staff(request).account_id}"
    try:
        content = await asyncio.to_thread(paper.issue, ctx, request.path_params["person"], actor)
    except NoPaperError:
        raise HTTPException(404) from None
    address = f"{pages.origin(request)}/verify/{content.token}"
    file = await asyncio.to_thread(paper_file.draw, ctx.answers, content, address)
    name = content.kind.value.replace("_", "-")
    return Response(
        file, media_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}.pdf"'}
    )


PAGES = [
    Page(HERE, _show, Permission.ATTENTION, nav="Needs attention"),
    Page(f"{HERE}/{{id}}/chance", _chance, Permission.ATTENTION, methods=("POST",)),
    Page(f"{AT}/referrals/{{person}}/paper.pdf", _paper, Permission.ATTENTION),
]
