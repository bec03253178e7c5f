"""Pages: how one is declared, what its handler is given, and how it is rendered.

A module of the console declares what it serves, and is named in console/routes.py:

    async def show(request: Request) -> Response:
        rows = await asyncio.to_thread(queue.waiting, page.ctx(request))
        return page.render(request, "waiting.html", rows=rows)

    async def take(request: Request) -> Response:
        given = page.form(request)                     # what was sent; CSRF is checked already
        who = page.staff(request)                      # Staff(account_id, name, role, …) who is signed in
        taken = await asyncio.to_thread(handoff.take, page.ctx(request), request.path_params["id"], who.account_id)
        return page.redirect(request, "/console/waiting", said="waiting.taken_by", name=taken.by)

    PAGES = [
        Page("/console/waiting", show, Permission.CONVERSATIONS, nav="Waiting"),
        Page("/console/conversations/{id}/take", take, Permission.TALK, methods=("POST",)),
    ]
    TOPICS = [Topic("waiting", Permission.CONVERSATIONS, version)]   # only where it is not in console/topics.py

`Page` says who may: the guard (console/guard.py) answers everybody else before the handler runs. `nav` puts the page
into the navigation, under exactly that name, where NAV_GROUPS has it, for whoever may see it. A handler never checks
roles again, unless the answer depends on the record: then it raises `Refused` (403) or
`starlette.exceptions.HTTPException` (404). It calls use cases by `asyncio.to_thread` and says nothing itself: words
stand in the templates.

Templates extend base.html: `{% block title %}`, `{% block heading %}` (the h1's text, title again by default),
`{% block actions %}` (buttons beside the h1), `{% block content %}`, `{% block modules %}` (script tags of type module,
`<script type="module" src="{{ static('waiting.js') }}">`). Every template has: `staff` (None when signed out), `path`,
`may("talk")` (by Permission's value), `csrf()` (the hidden field, in every form with method="post"), `static(name)`,
and filters `when`, `day`, `clock`, `stamp` (a London <time>), `ago` (how long since then),
`length_of_time` (of a timedelta).
`{% import "parts.html" as parts with context %}` has the components: see there.

What is said after a redirect (`said="module.code"`) stands in templates/said/<module>.html, which is given `code` and
the values: `{% if code == "taken_by" %}{{ name }} took this conversation.{% endif %}`. A code that says nothing is an
error. `tone` may be set in it: `{% set tone = "bad" %}` is not seen outside, so give `tone="bad"` to redirect().

Live: an element `<section id="queue" data-live="waiting">` is fetched anew when its topic changes (several topics:
with spaces between), from this page's address or that of `data-fragment="<url>"`; of what comes the element with the
same id is taken and morphed in, so that focus, what is being typed, open <details> and scrolling stay. An element with
`data-keep` is left as it is. Such a fetch carries the header `X-Live`: `page.is_live(request)`. It is no sign of life
for the session, and a view that was recorded once is not recorded again for it.
Scripts of a page: `import { onChange } from "./live.js"` and `import { post } from "./post.js"` (sends a form with the
CSRF header; resolves to the Response). No inline script or style anywhere: the policy forbids both.
"""

import base64
import binascii
import hashlib
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import (
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateNotFound,
    UndefinedError,
    pass_context,
    select_autoescape,
)
from jinja2.runtime import Context as Given
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from console import show
from programme.context import Context
from programme.rules.role import Permission, may
from programme.sign_in import Staff

HERE = Path(__file__).parent
STATIC = HERE / "static"
AT = "/console"
NAV_GROUPS = (
    ("Chats", ("Waiting", "Mine", "All", "Callbacks", "Since last shift")),
    ("The course", ("Referrals", "Sessions", "Needs attention", "Police lists", "Reports")),
    ("Set up", ("Programme", "Training", "People", "Audit")),
)
NAV = tuple(name for _, names in NAV_GROUPS for name in names)
NEAR = ("Waiting", "Mine", "Sessions", "Needs attention")  # under the thumb on a phone; the others are behind More
SAID, FORM = "console_said", "console_form"  # cookies: what to say after a redirect; the form token of the signed out
LIVE_HEADER = "x-live"

Handler = Callable[[Request], Awaitable[Response]]


class Refused(Exception):
    """You may not do this."""


class NothingSaidError(LookupError):
    """A message after a redirect has no words in templates/said/."""


@dataclass(frozen=True)
class Page:
    """One address. `may`: who is let in; None is for everybody, signed out too. `methods`: GET brings HEAD.
    `longest`: bytes of a form that it takes; `file`: whether one may come with it.
    """

    path: str
    handler: Handler
    may: Permission | None
    methods: tuple[str, ...] = ("GET",)
    nav: str | None = None
    longest: int = 64 * 1024
    file: bool = False


@dataclass(frozen=True)
class Sent:
    """A file that came with a form."""

    name: str
    content: bytes


class Form(Mapping[str, str]):
    """The fields of a form; `form["text"]` is the first of that name or "", `form.all("id")` every one.

    `file`: what was sent with it, on a page that takes one.
    """

    def __init__(self, fields: Sequence[tuple[str, str]] = (), file: Sent | None = None) -> None:
        self.file = file
        self._fields: dict[str, list[str]] = {}
        for name, value in fields:
            self._fields.setdefault(name, []).append(value)

    def __getitem__(self, name: str) -> str:
        return self._fields.get(name, [""])[0]

    def __iter__(self) -> Any:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def all(self, name: str) -> list[str]:
        return list(self._fields.get(name, []))


def ctx(request: Request) -> Context:
    """What use cases are given."""
    found: Context = request.state.ctx
    return found


def staff(request: Request) -> Staff:
    """Who is signed in. Only on pages that say who may."""
    found: Staff = request.state.staff
    return found


def form(request: Request) -> Form:
    """What was sent with the form, its token checked."""
    found: Form = request.state.form
    return found


def is_live(request: Request) -> bool:
    """Whether this is the page renewing a part of itself, which nobody has asked for."""
    return LIVE_HEADER in request.headers


def address(request: Request) -> str:
    """The network address that the request came from."""
    return request.client.host if request.client else ""


def origin(request: Request) -> str:
    """Where people find us, without a slash at its end: for links that are printed or sent."""
    return ctx(request).found_at or str(request.base_url).rstrip("/")


def render(request: Request, template: str, /, status: int = 200, **values: Any) -> HTMLResponse:
    """The page as HTML. What was said at a redirect stands on it once."""
    said = _read_said(request)
    now = ctx(request).clock()
    names = {"staff": getattr(request.state, "staff", None), "path": request.url.path, "request": request}
    text = WORDS.get_template(template).render(**names, said=said, now=now, **values)
    answer = HTMLResponse(text, status)
    if getattr(request.state, "new_form_token", None):
        answer.set_cookie(FORM, request.state.new_form_token, path=AT, **cookie(request, "strict"))
    if said and not is_live(request):
        answer.delete_cookie(SAID, path=AT)
    return answer


def redirect(request: Request, to: str, said: str = "", tone: str = "good", **values: str) -> RedirectResponse:
    """Sends the browser on after a form (303), with words of templates/said/ to say there. `tone`: good, warn, bad."""
    answer = RedirectResponse(quote(to, safe="/?&=%#:+"), 303)
    if said:
        _say(said, tone, values)  # that there are words is seen here, not on the next page
        told = json.dumps({"said": said, "tone": tone, "values": values}).encode()
        answer.set_cookie(SAID, base64.urlsafe_b64encode(told).decode(), path=AT, max_age=60, **cookie(request))
    return answer


def cookie(request: Request, same_site: str = "lax") -> dict[str, Any]:
    """How cookies of ours are set: unseen by scripts, and by HTTPS alone where the page came by it."""
    return {"httponly": True, "secure": request.url.scheme == "https", "samesite": same_site}


def form_token(request: Request) -> str:
    """What a form must bring back: the session's own, or that of the browser's cookie before somebody signs in."""
    who: Staff | None = getattr(request.state, "staff", None)
    if who is not None:
        return who.csrf
    token = request.cookies.get(FORM) or getattr(request.state, "new_form_token", None)
    if not token:
        token = request.state.new_form_token = secrets.token_urlsafe(24)
    return str(token)


def _read_said(request: Request) -> dict[str, Any] | None:
    try:
        told = json.loads(base64.urlsafe_b64decode(request.cookies.get(SAID, "")))
        return _say(str(told["said"]), str(told["tone"]), dict(told["values"]))
    except (binascii.Error, ValueError, LookupError, TypeError, UndefinedError, TemplateNotFound):
        return None


def _say(said: str, tone: str, values: Mapping[str, str]) -> dict[str, Any]:
    module, _, code = said.partition(".")
    if not (module.isidentifier() and code.isidentifier()):
        raise NothingSaidError(NothingSaidError.__doc__)
    words = WORDS.get_template(f"said/{module}.html").render(code=code, **values).strip()
    if not words:
        raise NothingSaidError(f"{NothingSaidError.__doc__} ({said})")
    return {"words": Markup(words), "tone": tone}  # noqa: S704 - a template's own, which escapes


def _make_words() -> Environment:
    words = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    words.globals |= {"csrf": _csrf, "may": _may, "static": _static, "nav": _nav, "NEAR": NEAR}
    words.filters |= show.FILTERS
    return words


@pass_context
def _csrf(given: Given) -> Markup:
    token = form_token(given["request"])
    return Markup('<input type="hidden" name="csrf" value="{}">').format(token)


@pass_context
def _may(given: Given, permission: str) -> bool:
    who: Staff | None = given["staff"]
    return who is not None and may(who.role, Permission(permission))


@pass_context
def _nav(given: Given) -> list[tuple[str, list[Page]]]:
    """The pages of the navigation that this person may see, by group; no group is empty."""
    who: Staff | None = given["staff"]
    pages: Sequence[Page] = given["request"].state.nav
    seen = [page for page in pages if who is not None and page.may is not None and may(who.role, page.may)]
    groups = [(group, [page for page in seen if page.nav in names]) for group, names in NAV_GROUPS]
    return [(group, own) for group, own in groups if own]


def _static(name: str) -> str:
    """The address of a file of ours, new whenever its content is."""
    return f"{AT}/static/{escape(name)}?v={_version(name, (STATIC / name).stat().st_mtime_ns)}"


@lru_cache(maxsize=64)
def _version(name: str, _changed_at: int) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]


WORDS = _make_words()
