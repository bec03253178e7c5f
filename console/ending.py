"""How a worker's part in a conversation ends: handed back, passed on, closed; and its cases, danger among them."""

import asyncio
import re

from starlette.requests import Request
from starlette.responses import Response

from console import page as pages
from console.conversation import AREA, done, key, problem, told
from console.page import AT, Page
from programme import closing, danger, handoff, shift
from programme.owner import NotAllowedError
from programme.rules.role import Permission

MINE = f"{AT}/mine"
BACK = re.compile(r"(?:conversations|referrals)/[0-9A-Za-z-]{1,40}")


async def _hand_back(request: Request) -> Response:
    given, me = pages.form(request), pages.staff(request).account_id
    try:
        await done(handoff.hand_back, pages.ctx(request), key(request), me, given["outcome"], given["note"])
    except (NotAllowedError, handoff.UnknownOutcomeError) as error:
        return told(request, _code(error), "bad")
    return pages.redirect(request, MINE, said="conversation.handed_back")


async def _pass_on(request: Request) -> Response:
    ctx, me, to = pages.ctx(request), pages.staff(request).account_id, pages.form(request)["to"]
    there = {each.account_id: each.name for each in await asyncio.to_thread(shift.on_shift, ctx)}
    try:
        await done(handoff.pass_on, ctx, key(request), me, to or None)
    except NotAllowedError as error:
        return told(request, "colleague_gone" if problem(error) == "not_on_shift" else problem(error), "bad")
    return pages.redirect(request, MINE, said="conversation.passed_on", name=there.get(to, ""))


async def _close(request: Request) -> Response:
    given, me = pages.form(request), pages.staff(request).account_id
    try:
        await done(handoff.close, pages.ctx(request), key(request), me, given["outcome"], given["note"])
    except (NotAllowedError, handoff.UnknownOutcomeError) as error:
        return told(request, _code(error), "bad")
    return pages.redirect(request, MINE, said="conversation.closed")


def _code(error: Exception) -> str:
    return "no_outcome" if isinstance(error, handoff.UnknownOutcomeError) else problem(error)


async def _close_case(request: Request) -> Response:
    given, me = pages.form(request), pages.staff(request).account_id
    ctx, case_id = pages.ctx(request), request.path_params["case"]
    try:
        await asyncio.to_thread(closing.close, ctx, case_id, me, given["outcome"])
    except closing.NoOpenCaseError:
        return pages.redirect(request, _from(request), said="conversation.case_gone", tone="warn")
    except closing.UnknownOutcomeError:
        return pages.redirect(request, _from(request), said="conversation.no_outcome", tone="bad")
    return pages.redirect(request, _from(request), said="conversation.case_closed")


async def _clear(request: Request) -> Response:
    """The all-clear: somebody has looked."""
    actor, case_id = pages.staff(request).actor, request.path_params["case"]
    try:
        goes_on = await asyncio.to_thread(danger.clear, pages.ctx(request), case_id, actor)
    except danger.NotADangerError:
        return pages.redirect(request, _from(request), said="conversation.case_gone", tone="warn")
    return pages.redirect(request, _from(request), said=f"conversation.{'cleared' if goes_on else 'cleared_one'}")


def _from(request: Request) -> str:
    """The conversation or the person whose page the button was on."""
    back = pages.form(request)["back"]
    return f"{AT}/{back}" if BACK.fullmatch(back) else f"{AT}/all"


PAGES = [
    Page(f"{AREA}/hand-back", _hand_back, Permission.TALK, methods=("POST",)),
    Page(f"{AREA}/pass-on", _pass_on, Permission.TALK, methods=("POST",)),
    Page(f"{AREA}/close", _close, Permission.TALK, methods=("POST",)),
    Page(f"{AT}/cases/{{case}}/close", _close_case, Permission.TALK, methods=("POST",)),
    Page(f"{AT}/cases/{{case}}/clear", _clear, Permission.TALK, methods=("POST",)),
]
