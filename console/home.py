"""/console: leads somebody who is signed in to where their work begins; and how many wait, for every page's rail."""

import asyncio

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from console import page as pages
from console.page import AT, Page
from programme import queue
from programme.rules.role import Permission, may

# The first of these that is there and that one may see.
FIRST = {
    "worker": ("Waiting", "All"),
    "trainer": ("Training",),
    "lead": ("Since last shift", "Waiting"),
    "manager": ("Since last shift", "Waiting"),
}


async def _home(request: Request) -> Response:
    return RedirectResponse(where(request), 303)


def where(request: Request) -> str:
    """The address of the page that whoever is signed in starts on."""
    role = pages.staff(request).role
    nav: list[Page] = request.state.nav
    there = {page.nav: page for page in nav if page.may is not None and may(role, page.may)}
    first = next((there[name] for name in FIRST[role] if name in there), None)
    return (first or next(iter(there.values()), None) or _OWN).path


async def _counts(request: Request) -> Response:
    waiting = await asyncio.to_thread(queue.waiting, pages.ctx(request))
    return pages.render(request, "counts.html", waiting=len(waiting))


_OWN = Page(f"{AT}/account", _home, Permission.OWN)
PAGES = [
    Page(AT, _home, Permission.OWN),
    Page(f"{AT}/", _home, Permission.OWN),
    Page(f"{AT}/counts", _counts, Permission.CONVERSATIONS),
]
