"""Police lists: what is due, signing it off, downloading it, and writing down who has it. The police have no login."""

import asyncio
from collections.abc import Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from console import page as pages
from console.outcome import Outcomes
from console.page import AT, Page
from programme import police_list
from programme.police_list import (
    DoneError,
    ErasedError,
    NoFieldsError,
    NoListError,
    NothingDueError,
    OtherRowsError,
    WordsError,
)
from programme.rules.role import Permission
from storage.enums import ListKind

HERE = f"{AT}/police-lists"
CSV = "text/csv; charset=utf-8"
OUTCOMES = Outcomes(
    "police_list",
    {
        NoFieldsError: "no_fields",
        NothingDueError: "nothing_due",
        OtherRowsError: "other_rows",
        WordsError: "words",
        DoneError: "done_already",
        ErasedError: "erased",
    },
    missing=NoListError,
)


async def _show(request: Request) -> Response:
    ctx = pages.ctx(request)
    found = [
        (
            await asyncio.to_thread(police_list.due, ctx, kind),
            await asyncio.to_thread(police_list.lists, ctx, kind),
        )
        for kind in ListKind
    ]
    return pages.render(request, "police_lists.html", found=found, here=HERE)


async def _one(request: Request) -> Response:
    try:
        shown, rows = await asyncio.to_thread(
            police_list.one, pages.ctx(request), request.path_params["id"], pages.staff(request).account_id
        )
    except NoListError:
        raise HTTPException(404) from None
    return pages.render(request, "police_list.html", one=shown, rows=rows, here=HERE, longest=police_list.LONGEST)


async def _file(request: Request) -> Response:
    me = pages.staff(request).account_id
    try:
        name, text = await asyncio.to_thread(police_list.download, pages.ctx(request), request.path_params["id"], me)
    except NoListError:
        raise HTTPException(404) from None
    return attached(name, text)


def attached(name: str, text: str) -> Response:
    """A CSV file that a browser keeps; a spreadsheet sees by its first sign how it is written."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response("\ufeff" + text, media_type=CSV, headers=headers)


async def _sign(request: Request) -> Response:
    form, me = pages.form(request), pages.staff(request).account_id
    if form["kind"] not in set(ListKind):
        raise HTTPException(404)
    ctx, kind = pages.ctx(request), ListKind(form["kind"])
    return await _do(request, lambda: _at(police_list.sign(ctx, kind, me, form["mark"])), "signed", HERE)


async def _hand_over(request: Request) -> Response:
    key, me = request.path_params["id"], pages.staff(request).account_id
    ctx, words = pages.ctx(request), pages.form(request)["recipient"]

    def do() -> str:
        police_list.hand_over(ctx, key, me, words)
        return _at(key)

    return await _do(request, do, "handed_over", _at(key))


async def _receive(request: Request) -> Response:
    key, me = request.path_params["id"], pages.staff(request).account_id
    ctx, words = pages.ctx(request), pages.form(request)["receipt"]

    def do() -> str:
        police_list.receive(ctx, key, me, words)
        return _at(key)

    return await _do(request, do, "received", _at(key))


async def _correct(request: Request) -> Response:
    key, me = request.path_params["id"], pages.staff(request).account_id
    ctx, form = pages.ctx(request), pages.form(request)
    return await _do(
        request, lambda: _at(police_list.correct(ctx, form["row"], me, form["reason"])), "correcting", _at(key)
    )


async def _do(request: Request, do: Callable[[], str], code: str, otherwise: str) -> Response:
    return await OUTCOMES.of(request, lambda: (do(), code), otherwise)


def _at(key: str) -> str:
    return f"{HERE}/{key}"


PAGES = [
    Page(HERE, _show, Permission.POLICE_LISTS, nav="Police lists"),
    Page(HERE, _sign, Permission.POLICE_LISTS, methods=("POST",)),
    Page(f"{HERE}/{{id}}", _one, Permission.POLICE_LISTS),
    Page(f"{HERE}/{{id}}/list.csv", _file, Permission.POLICE_LISTS),
    Page(f"{HERE}/{{id}}/hand-over", _hand_over, Permission.POLICE_LISTS, methods=("POST",)),
    Page(f"{HERE}/{{id}}/receipt", _receive, Permission.POLICE_LISTS, methods=("POST",)),
    Page(f"{HERE}/{{id}}/correct", _correct, Permission.POLICE_LISTS, methods=("POST",)),
]
