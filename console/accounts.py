"""People: accounts and invitations, for leads and managers; and the page that an invitation's link opens."""

import asyncio
from collections.abc import Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from console import page as pages
from console.guard import SIGN_IN
from console.page import AT, Page
from console.sign_in import device, open_session, to_code
from programme import account, invitation
from programme.account import LastManagerError, NotYoursError
from programme.context import Context
from programme.invitation import (
    INVITATION,
    LONGEST_NAME,
    DisabledAccountError,
    EasyPasswordError,
    NoInvitationError,
    NoNameError,
    NotAnEmailError,
)
from programme.rules.role import Permission, given_by
from programme.rules.sign_in import SHORTEST
from programme.sign_in import Outcome, Staff
from storage.enums import Role
from storage.row import NoRowError

HERE = f"{AT}/people"


async def _show(request: Request) -> Response:
    return await _page(request)


async def _page(
    request: Request, status: int = 200, email: str = "", problem: str = "", link: str = "", trouble: str = ""
) -> Response:
    """`problem` is with the invitation's address; `trouble` with what was done to an account. `link`: a new one."""
    ctx, who = pages.ctx(request), pages.staff(request)
    return pages.render(
        request,
        "people.html",
        status,
        members=await asyncio.to_thread(account.members, ctx, who),
        invited=await asyncio.to_thread(invitation.waiting, ctx),
        roles=given_by(who.role.value),
        days=INVITATION.days,
        email=email,
        problem=problem,
        link=link,
        trouble=trouble,
    )


async def _invite(request: Request) -> Response:
    given = pages.form(request)
    try:
        token = await asyncio.to_thread(
            invitation.invite, pages.ctx(request), pages.staff(request), given["email"], _role(given["role"])
        )
    except (NotAnEmailError, DisabledAccountError) as error:
        return await _page(request, 422, given["email"], str(error))
    except NotYoursError as error:
        raise pages.Refused from error
    return await _page(request, email=given["email"], link=f"{pages.origin(request)}{pages.AT}/invite/{token}")


async def _take_back(request: Request) -> Response:
    try:
        await asyncio.to_thread(
            invitation.take_back, pages.ctx(request), pages.staff(request), request.path_params["id"]
        )
    except NotYoursError as error:
        raise pages.Refused from error
    except NoInvitationError as error:
        return await _page(request, 409, trouble=str(error))
    return pages.redirect(request, HERE, said="people.taken_back")


def _doing(work: Callable[[Context, Staff, str], None], said: str, tone: str = "good") -> pages.Handler:
    """A form that does one thing to the account in its address."""

    async def do(request: Request) -> Response:
        try:
            await asyncio.to_thread(work, pages.ctx(request), pages.staff(request), request.path_params["id"])
        except NoRowError as error:
            raise HTTPException(404) from error
        except NotYoursError as error:
            raise pages.Refused from error
        except LastManagerError as error:
            return await _page(request, 409, trouble=str(error))
        return pages.redirect(request, HERE, said=f"people.{said}", tone=tone)

    return do


async def _change_role(request: Request) -> Response:
    role = _role(pages.form(request)["role"])

    def change(ctx: Context, who: Staff, account_id: str) -> None:
        account.change_role(ctx, who, account_id, role)

    return await _doing(change, "role")(request)


def _role(word: str) -> Role:
    try:
        return Role(word)
    except ValueError:
        raise HTTPException(404) from None


async def _show_invitation(request: Request) -> Response:
    return await _invitation(request)


async def _invitation(
    request: Request, status: int = 200, name: str = "", wrong: str = "", problem: str = ""
) -> Response:
    try:
        about = await asyncio.to_thread(invitation.find, pages.ctx(request), request.path_params["token"])
    except NoInvitationError:
        return pages.render(request, "invitation.html", 410, about=None)
    return pages.render(
        request,
        "invitation.html",
        status,
        about=about,
        name=name or about.name,
        longest=LONGEST_NAME,
        shortest=SHORTEST,
        wrong=wrong,
        problem=problem,
    )


async def _accept(request: Request) -> Response:
    given = pages.form(request)
    try:
        tried = await asyncio.to_thread(
            invitation.accept,
            pages.ctx(request),
            request.path_params["token"],
            given["name"],
            given["password"][:1000],
            device(request),
        )
    except NoInvitationError:
        return pages.render(request, "invitation.html", 410, about=None)
    except NoNameError as error:
        return await _invitation(request, 422, given["name"], "name", str(error))
    except EasyPasswordError as error:
        return await _invitation(request, 422, given["name"], "password", str(error))
    if tried.outcome is Outcome.SIGNED_IN:
        return open_session(request, tried, AT)
    return to_code(request, tried, AT) if tried.token else RedirectResponse(SIGN_IN, 303)


def _form(path: str, handler: pages.Handler) -> Page:
    return Page(f"{HERE}/{path}", handler, Permission.PEOPLE, methods=("POST",))


PAGES = [
    Page(HERE, _show, Permission.PEOPLE, nav="People"),
    _form("invite", _invite),
    _form("invitations/{id}/take-back", _take_back),
    _form("{id}/disable", _doing(account.disable, "disabled", "warn")),
    _form("{id}/enable", _doing(account.enable, "enabled")),
    _form("{id}/role", _change_role),
    _form("{id}/forget-second-factor", _doing(account.forget_second_factor, "forgotten", "warn")),
    Page(f"{AT}/invite/{{token}}", _show_invitation, None),
    Page(f"{AT}/invite/{{token}}", _accept, None, methods=("POST",)),
]
