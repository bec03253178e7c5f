"""A conversation: what both sides said, the person's card, and what the worker who has it may do. Its page and the
forms that talk; how it ends is in console/ending.py, booking for somebody in console/booking.py."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from sqlalchemy.exc import NoResultFound
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from console import page as pages
from console.page import AT, Page
from programme import canned_reply, handoff, note, on_behalf, record, reply, shift
from programme.owner import NotAllowedError, NotOnShiftError, NotYoursError
from programme.referral_import import NoImportError
from programme.rules import handoff as rules
from programme.rules.role import Permission, may
from storage.enums import Channel
from storage.row import NoRowError

AREA = f"{AT}/conversations/{{id}}"
Given = ParamSpec("Given")
Gives = TypeVar("Gives")
MISSING = (NoRowError, NoResultFound, record.NoRecordError, on_behalf.NotTheirsError, NoImportError)
# What stands in templates/said/conversation.html for what a use case refuses, the particular before the general.
PROBLEMS: tuple[tuple[type[Exception], str], ...] = (
    (NotOnShiftError, "not_on_shift"),
    (handoff.WaitsForColleagueError, "waits_for_colleague"),
    (NotYoursError, "not_yours"),
    (NotAllowedError, "not_allowed"),
    (reply.EmptyReplyError, "empty"),
    (reply.TooLongError, "too_long"),
    (note.EmptyNoteError, "note_empty"),
    (note.LongNoteError, "note_too_long"),
)


def address(request: Request) -> str:
    """The conversation's page."""
    return f"{AT}/conversations/{request.path_params['id']}"


def key(request: Request) -> str:
    """The conversation's id."""
    found: str = request.path_params["id"]
    return found


async def done(use_case: Callable[Given, Gives], *given: Given.args, **named: Given.kwargs) -> Gives:
    """What a use case gives, in a thread; 404 where there is no such record."""
    try:
        return await asyncio.to_thread(use_case, *given, **named)
    except MISSING:
        raise HTTPException(404) from None


def is_script(request: Request) -> bool:
    """Whether a script sent this form and shows the answer by itself."""
    return "x-csrf" in request.headers


def told(request: Request, code: str, tone: str = "good", **values: str) -> Response:
    """After a form: back to the conversation with these words; a script is given them, 409 where it is bad news."""
    if is_script(request):
        status = 200 if tone == "good" else 409
        return pages.render(request, "said/conversation.html", status, code=code, **values)
    return pages.redirect(request, address(request), said=f"conversation.{code}", tone=tone, **values)


def problem(error: Exception) -> str:
    """The code of what a use case refused. Raises what it does not know."""
    for kind, code in PROBLEMS:
        if isinstance(error, kind):
            return code
    raise error


async def _show(request: Request) -> Response:
    ctx, me, given = pages.ctx(request), pages.staff(request), request.query_params
    whole = given.get("all") == "1"
    found = await done(record.read, ctx, key(request), me.account_id, live=pages.is_live(request), whole=whole)
    there = await asyncio.to_thread(shift.on_shift, ctx)
    chosen = next((each for each in found.canned if each.id == given.get("canned")), None)
    return pages.render(
        request,
        "conversation.html",
        one=found,
        web=Channel.WEB,
        colleagues=[each for each in there if each.account_id != me.account_id],
        is_on=any(each.account_id == me.account_id for each in there),
        outcomes=[(each, ctx.answers.label(f"label_outcome_{each}")) for each in rules.OUTCOMES],
        text=chosen.text if chosen and found.mine else found.draft,
        client_id=ctx.new_id(),
        at=address(request),
        may_train=may(me.role, Permission.TRAIN),
        longest=reply.LONGEST,
        longest_note=note.LONGEST,
    )


async def _take(request: Request) -> Response:
    me = pages.staff(request).account_id
    try:
        taken = await done(handoff.take, pages.ctx(request), key(request), me)
    except NotAllowedError as error:
        return pages.redirect(request, _back(request), said=f"conversation.{problem(error)}", tone="bad")
    if not taken.won:
        code = "taken_by" if taken.by else "lost"
        return pages.redirect(request, _back(request), said=f"conversation.{code}", tone="warn", name=taken.by or "")
    return pages.redirect(request, address(request), said="conversation.took")


def _back(request: Request) -> str:
    """Where the button was: the queue, or the conversation itself."""
    return address(request) if pages.form(request)["from"] == "conversation" else f"{AT}/waiting"


async def _reply(request: Request) -> Response:
    given, me = pages.form(request), pages.staff(request).account_id
    if missing := canned_reply.unfilled(given["text"]):
        await _keep(request, given["text"])
        return told(request, "unfilled", "bad", places=", ".join(missing))
    try:
        sent = await done(reply.say, pages.ctx(request), key(request), me, given["text"], given["client_id"])
    except (NotAllowedError, reply.EmptyReplyError, reply.TooLongError) as error:
        await _keep(request, given["text"])
        return told(request, problem(error), "bad")
    return JSONResponse({"id": sent}) if is_script(request) else pages.redirect(request, f"{address(request)}#reply")


async def _keep(request: Request, text: str) -> None:
    """What could not be sent is a draft: nobody's words are lost."""
    await done(reply.save_draft, pages.ctx(request), key(request), pages.staff(request).account_id, text)


async def _draft(request: Request) -> Response:
    await _keep(request, pages.form(request)["text"])
    return Response(status_code=204)


async def _typing(request: Request) -> Response:
    """Only the worker who has it is shown to be typing."""
    ctx, me = pages.ctx(request), pages.staff(request).account_id
    try:
        await done(handoff.beat, ctx, key(request), me)
    except NotYoursError:
        return Response(status_code=409)
    await asyncio.to_thread(reply.typing, ctx, key(request), "worker")
    return Response(status_code=204)


async def _beat(request: Request) -> Response:
    try:
        await done(handoff.beat, pages.ctx(request), key(request), pages.staff(request).account_id)
    except NotYoursError:
        return Response(status_code=409)
    return Response(status_code=204)


async def _note(request: Request) -> Response:
    me = pages.staff(request).account_id
    try:
        await done(note.add, pages.ctx(request), key(request), me, pages.form(request)["note"])
    except (note.EmptyNoteError, note.LongNoteError) as error:
        return told(request, problem(error), "bad")
    return told(request, "noted")


async def _hidden(request: Request) -> Response:
    """The words of one hidden message: asked for by name, and logged."""
    me, message_id = pages.staff(request).account_id, request.path_params["message"]
    text = await done(record.show_hidden, pages.ctx(request), key(request), message_id, me)
    return pages.render(request, "hidden.html", text=text, at=address(request))


PAGES = [
    Page(AREA, _show, Permission.CONVERSATIONS),
    Page(f"{AREA}/take", _take, Permission.TALK, methods=("POST",)),
    Page(f"{AREA}/reply", _reply, Permission.TALK, methods=("POST",)),
    Page(f"{AREA}/draft", _draft, Permission.TALK, methods=("POST",)),
    Page(f"{AREA}/typing", _typing, Permission.TALK, methods=("POST",)),
    Page(f"{AREA}/beat", _beat, Permission.TALK, methods=("POST",)),
    Page(f"{AREA}/note", _note, Permission.TALK, methods=("POST",)),
    Page(f"{AREA}/hidden/{{message}}", _hidden, Permission.TALK, methods=("POST",)),
]
