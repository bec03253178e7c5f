"""One's own account: name, password, second factor with its recovery codes, and where one is signed in."""

import asyncio

import segno
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from console import page as pages
from console.page import AT, Page
from console.sign_in import seconds
from programme import own_account, second_factor
from programme.invitation import EasyPasswordError, NoNameError
from programme.own_account import WrongPasswordError
from programme.rules.role import Permission
from programme.rules.sign_in import SHORTEST
from programme.second_factor import AlreadyOnError
from programme.tries import SlowedError

HERE = f"{AT}/account"
SECOND = f"{HERE}/second-factor"


async def _show(request: Request) -> Response:
    return await _page(request)


async def _page(request: Request, status: int = 200, wrong: str = "", problem: str = "", wait: int = 0) -> Response:
    """`wrong`: the form that `problem` (or `wait`, in seconds) belongs to."""
    ctx, who = pages.ctx(request), pages.staff(request)
    own = await asyncio.to_thread(own_account.own, ctx, who)
    browsers = await asyncio.to_thread(own_account.browsers, ctx, who)
    left = await asyncio.to_thread(second_factor.codes_left, ctx, who.account_id)
    values = {"own": own, "browsers": browsers, "codes_left": left, "shortest": SHORTEST}
    return pages.render(request, "account.html", status, **values, wrong=wrong, problem=problem, wait=wait)


async def _rename(request: Request) -> Response:
    try:
        await asyncio.to_thread(
            own_account.rename, pages.ctx(request), pages.staff(request), pages.form(request)["name"]
        )
    except NoNameError as error:
        return await _page(request, 422, "name", str(error))
    return pages.redirect(request, HERE, said="account.renamed")


async def _password(request: Request) -> Response:
    given = pages.form(request)
    try:
        await asyncio.to_thread(
            own_account.change_password,
            pages.ctx(request),
            pages.staff(request),
            given["old"][:1000],
            given["new"][:1000],
        )
    except EasyPasswordError as error:
        return await _page(request, 422, "new", str(error))
    except WrongPasswordError as error:
        return await _page(request, 403, "old", str(error))
    except SlowedError as error:
        return await _page(request, 429, "old", wait=seconds(error.waiting))
    return pages.redirect(request, HERE, said="account.password")


async def _end(request: Request) -> Response:
    await asyncio.to_thread(
        own_account.end_browser, pages.ctx(request), pages.staff(request), request.path_params["session"]
    )
    return pages.redirect(request, HERE, said="account.ended")


async def _end_others(request: Request) -> Response:
    await asyncio.to_thread(own_account.end_others, pages.ctx(request), pages.staff(request))
    return pages.redirect(request, HERE, said="account.ended_others")


async def _set_up(request: Request) -> Response:
    return await _setting_up(request)


async def _setting_up(request: Request, wrong: bool = False) -> Response:
    who = pages.staff(request)
    try:
        setup = await asyncio.to_thread(second_factor.set_up, pages.ctx(request), who.account_id)
    except AlreadyOnError:
        return RedirectResponse(HERE, 303)
    drawn = segno.make(setup.address, error="m", micro=False).svg_inline(
        scale=5, border=3, dark="#000", light="#fff", svgclass="qr", lineclass=None
    )
    secret = " ".join(setup.secret[at : at + 4] for at in range(0, len(setup.secret), 4))
    code = Markup(drawn)  # noqa: S704 - drawn by us; holds no text
    return pages.render(request, "second_factor.html", 403 if wrong else 200, code=code, secret=secret, wrong=wrong)


async def _confirm(request: Request) -> Response:
    who, code = pages.staff(request), pages.form(request)["code"][:100]
    try:
        spare = await asyncio.to_thread(second_factor.confirm, pages.ctx(request), who.account_id, who.session_id, code)
    except AlreadyOnError:
        return RedirectResponse(HERE, 303)
    if not spare:
        return await _setting_up(request, wrong=True)
    return pages.render(request, "recovery_codes.html", spare=spare, first=True)


async def _renew(request: Request) -> Response:
    who, code = pages.staff(request), pages.form(request)["code"][:100]
    try:
        spare = await asyncio.to_thread(second_factor.renew_codes, pages.ctx(request), who.account_id, code)
    except SlowedError as error:
        return await _page(request, 429, "code", wait=seconds(error.waiting))
    if not spare:
        return await _page(request, 403, "code")
    return pages.render(request, "recovery_codes.html", spare=spare, first=False)


async def _turn_off(request: Request) -> Response:
    who, code = pages.staff(request), pages.form(request)["code"][:100]
    try:
        done = await asyncio.to_thread(second_factor.turn_off, pages.ctx(request), who.account_id, code)
    except SlowedError as error:
        return await _page(request, 429, "code", wait=seconds(error.waiting))
    if not done:
        return await _page(request, 403, "code")
    return pages.redirect(request, HERE, said="account.second_factor_off", tone="warn")


def _form(path: str, handler: pages.Handler) -> Page:
    return Page(f"{HERE}/{path}", handler, Permission.OWN, methods=("POST",))


PAGES = [
    Page(HERE, _show, Permission.OWN),
    _form("name", _rename),
    _form("password", _password),
    _form("sessions/end-others", _end_others),
    _form("sessions/{session}/end", _end),
    Page(SECOND, _set_up, Permission.OWN),
    _form("second-factor", _confirm),
    _form("second-factor/codes", _renew),
    _form("second-factor/off", _turn_off),
]
