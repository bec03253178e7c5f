"""All pages of the console in one place: a new module with PAGES, and TOPICS where it has some, is named here."""

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from types import ModuleType

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from console import api
from console.guard import guarded
from console.keeping import still_here
from console.live import Live, Topic
from console.page import AT, NAV, STATIC, Page, render
from programme.context import Context

Hint = Callable[[str], None]
CONVERSATION = f"{AT}/conversations/{{id}}"
MODULES = (
    "home",
    "sign_in",
    "account",
    "accounts",
    "audit",
    "since",
    "callbacks",
    "programme",
    "training",
    "shift",
    "waiting",
    "mine",
    "all",
    "conversation",
    "ending",
    "booking",
    "referrals",
    "referral_import",
    "api_tokens",
    "letter",
    "person",
    "keeping",
    "why",
    "canned_reply",
    "outlook",
    "session_plan",
    "venue",
    "waiting_list",
    "session",
    "attention",
    "decision",
    "police_list",
    "report",
)


def modules() -> list[ModuleType]:
    """The modules that have pages."""
    return [import_module(f"console.{name}") for name in MODULES]


def pages(live: Live | None = None) -> list[Page]:
    """Every page, each address before what would swallow it."""
    return [page for module in modules() for page in module.PAGES] + ([live.page] if live else [])


def topics() -> dict[str, Topic]:
    """What pages can wait for, by name."""
    from console.topics import TOPICS

    own = [topic for module in modules() for topic in getattr(module, "TOPICS", [])]
    return {topic.name: topic for topic in [*TOPICS, *own]}


def navigation() -> list[Page]:
    """The pages that stand in the navigation, in its order."""
    return sorted((page for page in pages() if page.nav), key=lambda page: NAV.index(page.nav or ""))


def routes(ctx: Context, hint: Hint | None = None, framed_by: str | None = None) -> list[BaseRoute]:
    """What the app serves for staff, and for systems that send us referrals. `hint`: called with the id of a
    conversation in which staff did something, so that the person hears at once; without it, within a second.
    `framed_by`: the one origin whose pages may show the console in a frame; nobody's unless said."""
    live, nav = Live(ctx, topics()), navigation()
    files = Mount(f"{AT}/static", _Files(directory=STATIC))
    missing = Page(f"{AT}/{{rest:path}}", _missing, None, methods=("GET", "POST"))
    heard = [still_here(_heard(page, hint)) for page in pages(live)]
    return [*api.routes(ctx), files, *(guarded(ctx, page, nav, framed_by) for page in [*heard, missing])]


def _heard(page: Page, hint: Hint | None) -> Page:
    """The page, giving a hint after each form of a conversation."""
    if hint is None or "POST" not in page.methods or not page.path.startswith(CONVERSATION):
        return page
    work, tell = page.handler, hint

    async def handler(request: Request) -> Response:
        answer = await work(request)
        if request.method == "POST":
            tell(request.path_params["id"])
        return answer

    return replace(page, handler=handler)


class _Files(StaticFiles):
    """Our style sheet, scripts and icons: asked for again each time, sent only where they changed."""

    def file_response(self, *args: object, **kwargs: object) -> Response:
        answer = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        answer.headers["Cache-Control"] = "no-cache"
        answer.headers["X-Content-Type-Options"] = "nosniff"
        return answer


async def _missing(request: Request) -> Response:
    return render(request, "error.html", 404, kind="missing")
