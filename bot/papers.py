"""The door for papers: the page that a QR code opens, and a person's own certificate or proof of booking as a PDF."""

import asyncio
import html
import re

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from bot.limits import Limits, Verdict
from bot.pages import STATIC, page_headers
from programme import paper, paper_file
from programme.context import Context
from programme.paper import Checked, Content, NoPaperError, Standing

PDF = "application/pdf"
_BLANK = re.compile(r"\{\{(\w+)\}\}")


class PaperDoor:
    """Whoever holds a paper may check it; looks are limited by network address, so that nobody tries tokens."""

    def __init__(self, ctx: Context, limits: Limits) -> None:
        self._ctx, self._limits = ctx, limits

    def routes(self) -> list[BaseRoute]:
        """What the app serves for papers."""
        return [Route("/verify/{token}", self._check), Route("/proof/{token}.pdf", self._print)]

    async def _check(self, request: Request) -> Response:
        if self._too_fast(request):
            return self._refused()
        found = await asyncio.to_thread(paper.check, self._ctx, request.path_params["token"][:80])
        status = 404 if found.standing is Standing.UNKNOWN else 200
        return Response(self._page(found), status, page_headers(), "text/html")

    async def _print(self, request: Request) -> Response:
        """By the private token of the person's own calendar file."""
        if self._too_fast(request):
            return self._refused()
        try:
            content = await asyncio.to_thread(paper.issue_to_person, self._ctx, request.path_params["token"][:80])
        except NoPaperError:
            return PlainTextResponse(self._ctx.answers.label("label_paper_unknown"), 404)
        found_at = self._ctx.found_at or str(request.base_url).rstrip("/")
        address = verify_address(found_at, content)
        file = await asyncio.to_thread(paper_file.draw, self._ctx.answers, content, address)
        return Response(file, media_type=PDF, headers=headers(content.kind.value))

    def _too_fast(self, request: Request) -> bool:
        address = request.client.host if request.client else ""
        return self._limits.lookup(address) is not Verdict.PASSED

    def _refused(self) -> Response:
        return PlainTextResponse(self._ctx.answers.label("label_error_too_fast"), 429)

    def _page(self, found: Checked) -> str:
        label = self._ctx.answers.label
        words = {
            "title": label("label_paper_page_title"),
            "answer": label(f"label_paper_{found.standing.value}"),
            "about": label(f"label_paper_{found.standing.value}_about"),
            "standing": found.standing.value,
        }
        blanks = {name: html.escape(text) for name, text in words.items()}
        blanks["lines"] = "".join(f"<li>{html.escape(line)}</li>" for line in self._lines(found))
        template = (STATIC / "verify.html").read_text(encoding="utf-8")
        return _BLANK.sub(lambda blank: blanks[blank[1]], template)

    def _lines(self, found: Checked) -> list[str]:
        """What may be compared with the paper; only that it was looked at, where it does not count."""
        label = self._ctx.answers.label
        at_end = [label("label_paper_checked_at", {"at": self._ctx.clock().isoformat()})]
        if found.standing is not Standing.REAL or found.kind is None or found.issued_at is None:
            return at_end
        lines = [label(f"label_paper_{found.kind.value}"), label("label_paper_initials", {"initials": found.initials})]
        lines += [
            label("label_paper_session", {"starts_at": starts.isoformat(), "ends_at": ends.isoformat()})
            for starts, ends in found.sessions
        ]
        if found.issuer:
            lines.append(label("label_paper_issuer", {"issuer": found.issuer}))
        return [*lines, label("label_paper_issued_on", {"at": found.issued_at.isoformat()}), *at_end]


def verify_address(found_at: str, content: Content) -> str:
    """What a paper's QR code opens."""
    return f"{found_at}/verify/{content.token}"


def headers(kind: str) -> dict[str, str]:
    """How a paper's file travels."""
    return {
        "Content-Disposition": f'inline; filename="{kind.replace("_", "-")}.pdf"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "X-Robots-Tag": "noindex, nofollow",
    }
