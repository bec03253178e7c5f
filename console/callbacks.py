"""Callbacks: everybody who asked to be rung, the earliest due first; what was tried, and how it ended."""

import asyncio
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from console import page as pages
from console.page import AT, Page
from programme import callback
from programme.callback import NoSuchCallbackError
from programme.rules.role import Permission
from storage.enums import CallbackOutcome

HERE = f"{AT}/callbacks"
DONE_FOR = timedelta(days=1)  # so long a finished one is shown
# What a worker may end one with, in the order of the list.
OUTCOMES = (
    CallbackOutcome.REACHED,
    CallbackOutcome.NO_ANSWER,
    CallbackOutcome.WRONG_NUMBER,
    CallbackOutcome.CANCELLED,
)


async def _show(request: Request) -> Response:
    ctx = pages.ctx(request)
    waiting = await asyncio.to_thread(callback.listing, ctx)
    done = await asyncio.to_thread(callback.closed_since, ctx, ctx.clock() - DONE_FOR)
    if not pages.is_live(request):
        await asyncio.to_thread(callback.viewed, ctx, pages.staff(request).account_id, [*waiting, *done])
    return pages.render(
        request,
        "callbacks.html",
        waiting=waiting,
        done=done,
        outcomes=[each.value for each in OUTCOMES],
        here=HERE,
        longest=callback.LONGEST_NOTE,
    )


async def _tried(request: Request) -> Response:
    try:
        await asyncio.to_thread(
            callback.tried, pages.ctx(request), request.path_params["id"], pages.staff(request).account_id
        )
    except NoSuchCallbackError:
        return pages.redirect(request, HERE, said="callbacks.gone", tone="warn")
    return pages.redirect(request, HERE, said="callbacks.tried")


async def _close(request: Request) -> Response:
    form = pages.form(request)
    if form["outcome"] not in {each.value for each in OUTCOMES}:
        return pages.redirect(request, HERE, said="callbacks.no_outcome", tone="bad")
    try:
        await asyncio.to_thread(
            callback.close,
            pages.ctx(request),
            request.path_params["id"],
            pages.staff(request).account_id,
            CallbackOutcome(form["outcome"]),
            form["note"],
        )
    except NoSuchCallbackError:
        return pages.redirect(request, HERE, said="callbacks.gone", tone="warn")
    return pages.redirect(request, HERE, said="callbacks.closed")


PAGES = [
    Page(HERE, _show, Permission.CALLBACKS, nav="Callbacks"),
    Page(f"{HERE}/{{id}}/tried", _tried, Permission.CALLBACKS, methods=("POST",)),
    Page(f"{HERE}/{{id}}/close", _close, Permission.CALLBACKS, methods=("POST",)),
]
