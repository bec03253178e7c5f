"""The guard at every page: who is signed in, who may, whether a form is ours, and the headers of all answers."""

import asyncio
import hmac
from collections.abc import AsyncGenerator, Sequence
from urllib.parse import parse_qsl, quote, urlsplit

import structlog
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console import page as pages
from console.page import AT, FORM, Form, Page, Refused, Sent
from programme import sign_in
from programme.context import Context
from programme.rules.role import may
from programme.sign_in import Staff

log = structlog.get_logger()
SESSION, KNOWN = "console_session", "console_known"  # cookies
SIGN_IN = f"{AT}/sign-in"
FORM_TYPE = "application/x-www-form-urlencoded"
FILE_TYPE = "multipart/form-data"
NOBODY = "frame-ancestors 'none'"
MOST_FIELDS = 20  # beside a file
HEADERS = {
    "Content-Security-Policy": "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            NOBODY,
            "require-trusted-types-for 'script'",
            "trusted-types console",
        ]
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), interest-cohort=()",
    "X-Robots-Tag": "noindex, nofollow",
}
YEAR = "max-age=31536000"  # HTTPS alone from now on, where the page came by it


class _BadForm(Exception):
    """A form that is not from a page of ours, or too long."""


class _TooLarge(Exception):
    """A form with a file that is too large."""


def headers(framed_by: str | None = None) -> dict[str, str]:
    """What every page travels with. `framed_by`: the one origin that may show it in a frame; nobody unless said."""
    if framed_by is None:
        return HEADERS
    kept = {name: text for name, text in HEADERS.items() if name != "X-Frame-Options"}
    policy = HEADERS["Content-Security-Policy"].replace(NOBODY, f"frame-ancestors {framed_by}")
    return {**kept, "Content-Security-Policy": policy}


def guarded(ctx: Context, one: Page, nav: Sequence[Page], framed_by: str | None = None) -> Route:
    """The page as a route. The handler runs only for whoever may, and only for forms of ours."""
    ours = headers(framed_by)

    async def answer(request: Request) -> Response:
        request.state.ctx, request.state.nav = ctx, nav
        try:
            reply = await _let_in(ctx, one, request)
        except _BadForm:
            reply = pages.render(request, "error.html", 403, kind="form")
        except _TooLarge:
            reply = pages.render(request, "error.html", 413, kind="large")
        except Refused:
            reply = pages.render(request, "error.html", 403, kind="refused")
        except HTTPException as error:
            kind = {404: "missing", 403: "refused"}.get(error.status_code, "broken")
            reply = pages.render(request, "error.html", error.status_code, kind=kind)
        except Exception as error:
            log.error("console page failed", path=one.path, exc_info=error)
            reply = pages.render(request, "error.html", 500, kind="broken")
        reply.headers.update({name: text for name, text in ours.items() if name not in reply.headers})
        if request.url.scheme == "https":
            reply.headers["Strict-Transport-Security"] = YEAR
        return reply

    return Route(one.path, answer, methods=list(one.methods))


async def _let_in(ctx: Context, one: Page, request: Request) -> Response:
    who = await _who(ctx, request)
    request.state.staff, request.state.form = who, Form()
    if one.may is not None and who is None:
        return _to_sign_in(request)
    if one.may is not None and who is not None and not may(who.role, one.may):
        return pages.render(request, "error.html", 403, kind="refused")
    if request.method not in ("GET", "HEAD"):
        request.state.form = await _read_form(request, one)
        _check_form(request)
    return await one.handler(request)


async def _who(ctx: Context, request: Request) -> Staff | None:
    token = request.cookies.get(SESSION, "")
    if not token:
        return None
    return await asyncio.to_thread(sign_in.who, ctx, token, pages.is_live(request))


def _to_sign_in(request: Request) -> Response:
    if request.method not in ("GET", "HEAD") or pages.is_live(request):
        return pages.render(request, "error.html", 401, kind="signed_out")
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    to = SIGN_IN if path == AT else f"{SIGN_IN}?next={quote(path, safe='')}"
    return RedirectResponse(to, 303)


async def _read_form(request: Request, one: Page) -> Form:
    chunks, length = [], 0
    async for chunk in request.stream():
        length += len(chunk)
        if length > one.longest:
            raise _TooLarge if one.file else _BadForm
        chunks.append(chunk)
    body = b"".join(chunks)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not body:
        return Form()
    if kind == FILE_TYPE and one.file:
        return await _read_file_form(request, body)
    if kind != FORM_TYPE:
        raise _BadForm
    try:
        fields = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=500, errors="strict")
    except ValueError:
        raise _BadForm from None
    return Form([(name, _plain(value)) for name, value in fields])


async def _read_file_form(request: Request, body: bytes) -> Form:
    """A form with one file, which stays in memory: it names people, and must not lie in a folder for all."""

    async def stream() -> AsyncGenerator[bytes, None]:
        yield body

    parser = MultiPartParser(request.headers, stream(), max_files=1, max_fields=MOST_FIELDS)
    parser.spool_max_size = len(body) + 1
    try:
        found = await parser.parse()
    except (MultiPartException, ValueError):
        raise _BadForm from None
    try:
        return await _file_form(found)
    finally:
        await found.close()


async def _file_form(found: FormData) -> Form:
    fields: list[tuple[str, str]] = []
    file: Sent | None = None
    for name, value in found.multi_items():
        if isinstance(value, str):
            fields.append((name, _plain(value)))
        else:
            file = Sent((value.filename or "").replace("\\", "/").rpartition("/")[2], await value.read())
    return Form(fields, file)


def _plain(value: str) -> str:
    return value.replace("\r\n", "\n").replace("\0", "")


def _check_form(request: Request) -> None:
    """From a page of this origin, with its token in the form or in the header that only our scripts can set."""
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        raise _BadForm
    origin = request.headers.get("origin", "null")  # "null" is what our own forms send: we ask browsers for no referrer
    if origin != "null" and urlsplit(origin).netloc != request.headers.get("host", ""):
        raise _BadForm
    who: Staff | None = request.state.staff
    wanted = who.csrf if who is not None else request.cookies.get(FORM, "")
    given = request.headers.get("x-csrf") or pages.form(request)["csrf"]
    if not wanted or not hmac.compare_digest(wanted.encode(), given.encode()):
        raise _BadForm
