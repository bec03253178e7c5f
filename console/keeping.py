"""Keep, Keep no longer: a lead keeps somebody's details from being erased; and what stands where they were erased."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from console import page as pages
from console.conversation import AREA as CONVERSATION
from console.conversation import done
from console.page import AT, Page
from console.person import AREA as PERSON
from programme import keeping, look
from programme.context import Context
from programme.keeping import ErasedError, LongReasonError, NoReasonError
from programme.rules.role import Permission
from storage.conversation import Conversation
from storage.referral import Referral


async def _listed(request: Request) -> Response:
    ctx = pages.ctx(request)
    if not pages.is_live(request):
        await asyncio.to_thread(look.note, ctx, pages.staff(request).account_id, "page", "kept")
    found, count = await asyncio.to_thread(keeping.listed, ctx)
    return pages.render(request, "kept.html", found=found, count=count)


async def _keep(request: Request) -> Response:
    return await _put(request, keeping.keep, "kept")


async def _let_go(request: Request) -> Response:
    return await _put(request, keeping.let_go, "kept_no_longer")


async def _put(request: Request, use_case: Callable[[Context, str, str, str], None], said: str) -> Response:
    key, me, why = request.path_params["person"], pages.staff(request).account_id, pages.form(request)["why"]
    tone = "good"
    try:
        await done(use_case, pages.ctx(request), key, me, why)
    except NoReasonError:
        said, tone = "no_reason", "bad"
    except LongReasonError:
        said, tone = "long_reason", "bad"
    except ErasedError:
        return _gone(request)
    return pages.redirect(request, f"{AT}/referrals/{key}", said=f"referrals.{said}", tone=tone)


def still_here(page: Page) -> Page:
    """The page, for whoever is still kept: of somebody who was erased it only says so, whatever it would do."""
    if page.path.startswith(PERSON):
        return replace(page, handler=_asking_first(page, Referral, "person"))
    if page.path.startswith(CONVERSATION):
        return replace(page, handler=_asking_first(page, Conversation, "id"))
    return page


def _asking_first(page: Page, table: type[Referral] | type[Conversation], name: str) -> pages.Handler:
    async def handler(request: Request) -> Response:
        key = request.path_params[name]
        if await asyncio.to_thread(keeping.is_erased, pages.ctx(request), table, key):
            return _gone(request)
        return await page.handler(request)

    return handler


def _gone(request: Request) -> Response:
    return pages.render(request, "error.html", 410, kind="erased")


PAGES = [
    Page(f"{AT}/kept", _listed, Permission.KEEP),
    Page(f"{PERSON}/keep", _keep, Permission.KEEP, methods=("POST",)),
    Page(f"{PERSON}/keep-no-longer", _let_go, Permission.KEEP, methods=("POST",)),
]
