"""Why this answer: what was understood, by which rule and settings it was said, and one tap to say what was meant."""

import asyncio

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from console import page as pages
from console.conversation import AREA, address, done, key, told
from console.page import Page
from programme import intent, lesson, record, why
from programme.rules.role import Permission

SHOWN = 5  # of the ranking


async def _show(request: Request) -> Response:
    ctx, me = pages.ctx(request), pages.staff(request).account_id
    found = await done(record.read, ctx, key(request), me, live=True, whole=True)
    line = next((each for each in found.lines if each.id == request.path_params["message"]), None)
    account = await asyncio.to_thread(why.of_message, ctx, line.id) if line else None
    if line is None or account is None:
        raise HTTPException(404)
    heard = account.understood
    asked = next((each for each in found.lines if heard and each.id == heard.message_id), None)
    return pages.render(
        request,
        "why.html",
        line=line,
        account=account,
        asked=asked,
        ranking=heard.ranking[:SHOWN] if heard else (),
        title=intent.title,
        guide=intent.guide(),
        at=address(request),
        may_correct=asked is not None and not asked.tapped and not asked.hidden,
    )


async def _correct(request: Request) -> Response:
    meant, me = pages.form(request)["intent"], pages.staff(request).account_id
    found = await done(record.read, pages.ctx(request), key(request), me, live=True, whole=True)
    message_id = request.path_params["message"]
    if meant not in intent.guide() or not any(each.id == message_id for each in found.lines):
        raise HTTPException(404)
    try:
        await done(lesson.correct, pages.ctx(request), message_id, meant, me)
    except lesson.NotToLearnError:
        return told(request, "not_to_learn", "bad")
    return told(request, "corrected", meant=intent.title(meant))


PAGES = [
    Page(f"{AREA}/why/{{message}}", _show, Permission.CONVERSATIONS),
    Page(f"{AREA}/correct/{{message}}", _correct, Permission.TALK, methods=("POST",)),
]
