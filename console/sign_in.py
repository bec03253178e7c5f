"""The sign-in pages: e-mail and password, then the code where a second factor is set up; and signing out."""

import asyncio
import re
from datetime import timedelta
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from console import page as pages
from console.guard import KNOWN, SESSION, SIGN_IN
from console.page import AT, FORM, Page
from programme import sign_in
from programme.rules.role import Permission
from programme.sign_in import Outcome, Tried

HALF = "console_half"  # cookie between the password and the code
KNOWN_SECONDS = 180 * 24 * 3600
_NEXT = re.compile(r"/console(?:[/?][\w\-./?=&%:+]*)?")
_SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Mac OS X", "CrOS", "Linux")
_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))


def open_session(request: Request, tried: Tried, to: str) -> Response:
    """Sends the browser on with the cookies of a new session."""
    answer = RedirectResponse(to, 303)
    how = pages.cookie(request)
    answer.set_cookie(SESSION, tried.token, path=AT, **how)
    answer.set_cookie(KNOWN, tried.known, path=AT, max_age=KNOWN_SECONDS, **pages.cookie(request, "strict"))
    answer.delete_cookie(HALF, path=AT)
    answer.delete_cookie(FORM, path=AT)
    return answer


def to_code(request: Request, tried: Tried, onward: str) -> Response:
    """Sends the browser on to the page that asks for the code."""
    answer = RedirectResponse(f"{SIGN_IN}/code?{urlencode({'next': onward})}", 303)
    answer.set_cookie(HALF, tried.token, path=AT, **pages.cookie(request))
    return answer


def device(request: Request) -> str:
    """The browser in words, for the list of sessions: "Firefox, Windows"."""
    agent = request.headers.get("user-agent", "")
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for name in _SYSTEMS if name in agent), "").replace("Mac OS X", "Mac")
    return ", ".join(part for part in (browser, system) if part)


def seconds(waiting: timedelta) -> int:
    """Whole seconds, never too few."""
    return -int(-waiting.total_seconds() // 1)


async def _show(request: Request) -> Response:
    onward = _next(request.query_params.get("next", ""))
    if request.state.staff is not None:
        return RedirectResponse(onward, 303)
    return pages.render(request, "sign_in.html", onward=onward, email="", problem="", seconds=0)


async def _sign_in(request: Request) -> Response:
    given, onward = pages.form(request), _next(pages.form(request)["next"])
    tried = await asyncio.to_thread(
        sign_in.begin,
        pages.ctx(request),
        given["email"][:254],
        given["password"][:1000],
        pages.address(request),
        device(request),
        request.cookies.get(KNOWN, "")[:200],
    )
    if tried.outcome is Outcome.SIGNED_IN:
        return open_session(request, tried, onward)
    if tried.outcome is Outcome.CODE_WANTED:
        return to_code(request, tried, onward)
    slowed = tried.outcome is Outcome.SLOWED
    return pages.render(
        request,
        "sign_in.html",
        429 if slowed else 403,
        onward=onward,
        email=given["email"],
        problem="slowed" if slowed else "wrong",
        seconds=seconds(tried.retry_after),
    )


async def _show_code(request: Request) -> Response:
    if not request.cookies.get(HALF):
        return RedirectResponse(SIGN_IN, 303)
    onward = _next(request.query_params.get("next", ""))
    return pages.render(request, "sign_in_code.html", onward=onward, problem="", seconds=0)


async def _code(request: Request) -> Response:
    given, onward = pages.form(request), _next(pages.form(request)["next"])
    tried = await asyncio.to_thread(
        sign_in.finish,
        pages.ctx(request),
        request.cookies.get(HALF, ""),
        given["code"][:100],
        pages.address(request),
    )
    if tried.outcome is Outcome.SIGNED_IN:
        return open_session(request, tried, onward)
    if tried.outcome is Outcome.STARTED_OVER:
        answer = pages.redirect(request, SIGN_IN, said="sign_in.started_over", tone="warn")
        answer.delete_cookie(HALF, path=AT)
        return answer
    slowed = tried.outcome is Outcome.SLOWED
    return pages.render(
        request,
        "sign_in_code.html",
        429 if slowed else 403,
        onward=onward,
        problem="slowed" if slowed else "wrong",
        seconds=seconds(tried.retry_after),
    )


async def _sign_out(request: Request) -> Response:
    await asyncio.to_thread(sign_in.end, pages.ctx(request), pages.staff(request))
    answer = pages.redirect(request, SIGN_IN, said="sign_in.signed_out")
    answer.delete_cookie(SESSION, path=AT)
    return answer


def _next(given: str) -> str:
    """Where to after signing in: a page of the console, and nowhere else."""
    return given if _NEXT.fullmatch(given) else AT


PAGES = [
    Page(SIGN_IN, _show, None),
    Page(SIGN_IN, _sign_in, None, methods=("POST",)),
    Page(f"{SIGN_IN}/code", _show_code, None),
    Page(f"{SIGN_IN}/code", _code, None, methods=("POST",)),
    Page(f"{AT}/sign-out", _sign_out, Permission.OWN, methods=("POST",)),
]
