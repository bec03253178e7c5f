"""Deciding on non-attendance: the evidence on one page, the form under it, and what waits for a second worker."""

import asyncio
from collections.abc import Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from console import page as pages
from console.outcome import Outcomes
from console.page import AT, Page
from programme import decision
from programme.decision import DecidedError, NoReferralError, NotPossibleError, ReasonError, SamePersonError
from programme.rules.role import Permission
from storage.enums import DecisionState

WAITING = f"{AT}/decisions"
AREA = f"{AT}/referrals/{{person}}/decision"
OUTCOMES = Outcomes(
    "decision",
    {
        ReasonError: "reason",
        NotPossibleError: "not_possible",
        DecidedError: "decided",
        SamePersonError: "same_person",
    },
    missing=NoReferralError,
)


async def _waiting(request: Request) -> Response:
    rows = await asyncio.to_thread(decision.waiting, pages.ctx(request), pages.staff(request).account_id)
    return pages.render(request, "decisions.html", rows=rows)


async def _show(request: Request) -> Response:
    key, me = request.path_params["person"], pages.staff(request).account_id
    try:
        found = await asyncio.to_thread(decision.look, pages.ctx(request), key, me, pages.is_live(request))
    except NoReferralError:
        raise HTTPException(404) from None
    return pages.render(
        request, "decision.html", found=found, pack=found.pack, at=_at(key), longest=decision.LONGEST, key=key
    )


async def _decide(request: Request) -> Response:
    key, form = request.path_params["person"], pages.form(request)

    def do() -> str:
        state = decision.decide(
            pages.ctx(request), key, pages.staff(request).account_id, form["finding"], form["reason"]
        )
        return "final" if state is DecisionState.FINAL else "proposed"

    return await _do(request, do)


async def _agree(request: Request) -> Response:
    def do() -> str:
        decision.agree(pages.ctx(request), request.path_params["id"], pages.staff(request).account_id)
        return "final"

    return await _do(request, do)


async def _refuse(request: Request) -> Response:
    def do() -> str:
        reason = pages.form(request)["reason"]
        decision.refuse(pages.ctx(request), request.path_params["id"], pages.staff(request).account_id, reason)
        return "refused"

    return await _do(request, do)


async def _overturn(request: Request) -> Response:
    def do() -> str:
        reason = pages.form(request)["reason"]
        decision.overturn(pages.ctx(request), request.path_params["id"], pages.staff(request).account_id, reason)
        return "overturned"

    return await _do(request, do)


async def _do(request: Request, do: Callable[[], str]) -> Response:
    """Does it, and says on the person's page what came of it."""
    at = _at(request.path_params["person"])
    return await OUTCOMES.of(request, lambda: (at, do()), at)


def _at(key: str) -> str:
    return f"{AT}/referrals/{key}/decision"


PAGES = [
    Page(WAITING, _waiting, Permission.DECIDE),
    Page(AREA, _show, Permission.DECIDE),
    Page(AREA, _decide, Permission.DECIDE, methods=("POST",)),
    Page(f"{AREA}/{{id}}/agree", _agree, Permission.DECIDE, methods=("POST",)),
    Page(f"{AREA}/{{id}}/refuse", _refuse, Permission.DECIDE, methods=("POST",)),
    Page(f"{AREA}/{{id}}/overturn", _overturn, Permission.OVERTURN, methods=("POST",)),
]
