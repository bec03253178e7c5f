"""Other systems: tokens by which they send us referrals, for managers."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from console import page as pages
from console.conversation import done
from console.page import AT, Page
from programme import api_token
from programme.api_token import LongNameError, NoNameError
from programme.rules.role import Permission

HERE = f"{AT}/referrals/tokens"


async def _show(request: Request) -> Response:
    return await _page(request)


async def _page(request: Request, status: int = 200, token: str = "", name: str = "", problem: str = "") -> Response:
    listed = await asyncio.to_thread(api_token.listing, pages.ctx(request))
    return pages.render(
        request,
        "api_tokens.html",
        status,
        tokens=listed,
        token=token,
        name=name,
        problem=problem,
        origin=pages.origin(request),
    )


async def _make(request: Request) -> Response:
    name, ctx, me = pages.form(request)["name"], pages.ctx(request), pages.staff(request).account_id
    try:
        token = await asyncio.to_thread(api_token.make, ctx, me, name)
    except (NoNameError, LongNameError) as error:
        return await _page(request, 422, name=name, problem=str(error))
    return await _page(request, token=token)


async def _take_back(request: Request) -> Response:
    await done(api_token.take_back, pages.ctx(request), pages.staff(request).account_id, request.path_params["id"])
    return pages.redirect(request, HERE, said="referrals.token_gone")


PAGES = [
    Page(HERE, _show, Permission.TOKENS),
    Page(HERE, _make, Permission.TOKENS, methods=("POST",)),
    Page(f"{HERE}/{{id}}/take-back", _take_back, Permission.TOKENS, methods=("POST",)),
]
