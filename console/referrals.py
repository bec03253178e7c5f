"""Referrals: everybody who was referred, found by reference, name or where they stand; one more by hand."""

import asyncio
import re
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from console import page as pages
from console.conversation import done
from console.page import AT, Page
from programme import look, referral_entry, referral_list, search
from programme.referral_entry import Entered
from programme.rules.referral_row import FIELDS
from programme.rules.role import Permission
from storage.enums import ReferralState

HERE = f"{AT}/referrals"
PAGE = re.compile("[1-9][0-9]{0,5}")
LONGEST_CELL = 500
LONG = ("access_needs",)  # fields of several lines
WAS = "was-"  # the names of the fields that say what stood there when the form was shown
NOT_BY_HAND = ("first_name", "last_name")


async def _show(request: Request) -> Response:
    ctx, me, given = pages.ctx(request), pages.staff(request).account_id, request.query_params
    text, number = given.get("q", "").strip()[:200], given.get("page", "1")
    state = ReferralState(given["state"]) if given.get("state") in set(ReferralState) else None
    page = int(number) if PAGE.fullmatch(number) else 1
    if not pages.is_live(request):
        await asyncio.to_thread(look.note, ctx, me, "page", "referrals")
        if text:
            await asyncio.to_thread(search.note, ctx, text, me)
    found = await asyncio.to_thread(referral_list.read, ctx, text, state, page)
    return pages.render(
        request,
        "referrals.html",
        found=found,
        states=list(ReferralState),
        text=text,
        state=state,
        newer=_address(request, page - 1) if page > 1 else "",
        older=_address(request, page + 1) if found.more else "",
    )


def _address(request: Request, page: int) -> str:
    kept = {key: value for key, value in request.query_params.items() if key != "page" and value}
    return f"{HERE}?{urlencode({**kept, 'page': page})}"


async def _new(request: Request) -> Response:
    return await _form(request)


async def _form(request: Request, status: int = 200, **given: object) -> Response:
    columns = await asyncio.to_thread(referral_entry.columns, pages.ctx(request))
    hidden = (*NOT_BY_HAND, "reference") if given.get("key") else NOT_BY_HAND
    shown = [one for one in columns if one.field not in hidden]
    empty: dict[str, object] = {"cells": {}, "was": {}, "was_name": WAS, "wrong": {}, "known": None, "key": ""}
    return pages.render(request, "referral_new.html", status, columns=shown, long=LONG, **(empty | given))


async def _add(request: Request) -> Response:
    cells = _written(request)
    ctx, me = pages.ctx(request), pages.staff(request).account_id
    entered = await asyncio.to_thread(referral_entry.enter, ctx, me, cells)
    if entered.is_known:
        return await _form(request, 409, cells=cells, known=entered)
    if entered.referral_id is None:
        return await _form(request, 422, cells=cells, wrong=_problems(entered))
    return pages.redirect(request, f"{HERE}/{entered.referral_id}", said="referrals.added")


async def _edit(request: Request) -> Response:
    key = request.path_params["person"]
    cells = await done(referral_entry.cells_of, pages.ctx(request), key)
    await asyncio.to_thread(look.note, pages.ctx(request), pages.staff(request).account_id, "referral", key)
    return await _form(request, cells=cells, was=cells, key=key)


async def _change(request: Request) -> Response:
    key, ctx, me = request.path_params["person"], pages.ctx(request), pages.staff(request).account_id
    cells, sent = _written(request), pages.form(request)
    was = {field: sent[f"{WAS}{field}"] for field in FIELDS}
    changed = {field: cells.get(field, "") for field in FIELDS if cells.get(field, "") != was[field].strip()}
    ended = await done(referral_entry.change, ctx, me, key, changed)
    if ended.referral_id is None:
        return await _form(request, 422, cells=cells, was=was, wrong=_problems(ended), key=key)
    said = "link_sent" if ended.is_sent else "changed" if ended.changes else "unchanged"
    return pages.redirect(request, f"{HERE}/{key}", said=f"referrals.{said}")


def _written(request: Request) -> dict[str, str]:
    sent = pages.form(request)
    return {field: sent[field].strip()[:LONGEST_CELL] for field in FIELDS if sent[field].strip()}


def _problems(ended: Entered) -> dict[str, str]:
    """By field, the first where it has several."""
    return {one.field: f"{one.reason} {one.fix}" for one in reversed(ended.wrong)}


PAGES = [
    Page(HERE, _show, Permission.CONVERSATIONS, nav="Referrals"),
    Page(f"{HERE}/new", _new, Permission.REFER),
    Page(f"{HERE}/new", _add, Permission.REFER, methods=("POST",)),
    Page(f"{HERE}/{{person}}/change", _edit, Permission.REFER),
    Page(f"{HERE}/{{person}}/change", _change, Permission.REFER, methods=("POST",)),
]
