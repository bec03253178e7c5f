"""Booking, moving and cancelling for somebody: in the conversation one has, or for a caller who gave their date of
birth. Chosen first, looked at once more, then done."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from console import page as pages
from console.conversation import AREA, done
from console.page import AT, Page
from programme import on_behalf, record
from programme.context import Context
from programme.on_behalf import Acted, By, Choice, Choices
from programme.outcome import Done
from programme.owner import NotYoursError
from programme.record import PersonRecord
from programme.rules.role import Permission

PERSON = f"{AT}/referrals/{{person}}"
UseCase = Callable[[Context, str, str, By], Acted]
DID = (Done.BOOKED, Done.MOVED, Done.CANCELLED, Done.SAME)


@dataclass(frozen=True)
class Whose:
    """For whom, and from which page: `home` is the conversation's or the person's."""

    referral_id: str
    home: str
    by: By


async def _whose(request: Request) -> Whose:
    me, given = pages.staff(request).account_id, request.path_params
    if "person" in given:
        born = pages.form(request)["born"] or None
        return Whose(given["person"], f"{AT}/referrals/{given['person']}", By(me, born=born))
    referral_id = await done(on_behalf.whose, pages.ctx(request), given["id"])
    if referral_id is None:
        raise HTTPException(404)
    return Whose(referral_id, f"{AT}/conversations/{given['id']}", By(me, given["id"]))


async def _show(request: Request) -> Response:
    """What can be had; with `course` that one, to be looked at once more."""
    whose = await _whose(request)
    person = await _person(request, whose)
    if whose.by.conversation_id is None:
        if whose.by.born is None:
            return _page(request, whose, person, step="born")
        if not await done(on_behalf.is_born, pages.ctx(request), whose.referral_id, whose.by.born, whose.by.account_id):
            return _page(request, whose, person, step="born", problem="not_born", status=403)
    found = await asyncio.to_thread(on_behalf.choices, pages.ctx(request), whose.referral_id)
    wanted = pages.form(request)["course"] or request.query_params.get("course", "")
    chosen = next((each for each in found.choices if each.course_id == wanted), None)
    if wanted and chosen is None:
        return _page(request, whose, person, found, problem="taken", status=409)
    return _page(request, whose, person, found, chosen, step="sure" if chosen else "choose")


async def _person(request: Request, whose: Whose) -> PersonRecord:
    me = pages.staff(request).account_id
    return await done(record.read_person, pages.ctx(request), whose.referral_id, me, live=True)


def _page(
    request: Request,
    whose: Whose,
    person: PersonRecord,
    found: Choices | None = None,
    chosen: Choice | None = None,
    *,
    step: str = "choose",
    problem: str = "",
    acted: Acted | None = None,
    status: int = 200,
) -> Response:
    return pages.render(
        request,
        "booking.html",
        status,
        home=whose.home,
        born=whose.by.born or "",
        on_phone=whose.by.conversation_id is None,
        person=person.person,
        has_chat=bool(person.chats),
        found=found,
        chosen=chosen,
        step=step,
        problem=problem,
        acted=acted,
    )


async def _book(request: Request) -> Response:
    whose = await _whose(request)
    return await _act(request, whose, on_behalf.book, pages.form(request)["course"])


async def _cancel(request: Request) -> Response:
    whose = await _whose(request)
    return await _act(request, whose, on_behalf.cancel, pages.form(request)["booking"])


async def _act(request: Request, whose: Whose, use_case: UseCase, key: str) -> Response:
    """In a chat the person is told there; on the phone the words are shown, to be read out."""
    try:
        acted = await done(use_case, pages.ctx(request), whose.referral_id, key, whose.by)
    except NotYoursError:
        return pages.redirect(request, whose.home, said="conversation.not_yours", tone="bad")
    except on_behalf.NotProvedError:
        born, me = whose.by.born or "", whose.by.account_id
        await done(on_behalf.is_born, pages.ctx(request), whose.referral_id, born, me)  # logs the wrong one
        return _page(request, whose, await _person(request, whose), step="born", problem="not_born", status=403)
    if acted.done not in DID:
        found = await asyncio.to_thread(on_behalf.choices, pages.ctx(request), whose.referral_id)
        person = await _person(request, whose)
        return _page(request, whose, person, found, problem=acted.done.value, status=409)
    if whose.by.conversation_id is not None:
        return pages.redirect(request, whose.home, said=f"booking.{acted.done.value}")
    return _page(request, whose, await _person(request, whose), step="done", acted=acted)


PAGES = [
    page
    for area in (AREA, PERSON)
    for page in (
        Page(f"{area}/booking", _show, Permission.TALK, methods=("GET", "POST")),
        Page(f"{area}/booking/book", _book, Permission.TALK, methods=("POST",)),
        Page(f"{area}/booking/cancel", _cancel, Permission.TALK, methods=("POST",)),
    )
]
