"""The people's web door: the chat's page, its sessions and socket, why an answer was given, and the calendar files."""

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

from bot.limits import Limits, Verdict
from bot.pages import STATIC, ChatPage, page_headers
from bot.papers import PaperDoor
from bot.service import ConversationService
from bot.socket import ChatSocket
from programme import booked, why
from programme import conversation as conversations
from programme.context import Context
from programme.why import Standing

LONGEST_BODY = 4096
MOST_SOCKETS = 2000  # in this process
MOST_SOCKETS_AN_ADDRESS = 300  # a hostel or a phone network is one address
CALENDAR_HEADERS = {
    "Content-Disposition": 'attachment; filename="course.ics"',
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
# The page keeps what it has opened while it is open; a browser's own store would tell the next person what was asked.
WHY_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class WebChat:
    """Routes of the web chat. `page`: makes the page from today's settings."""

    def __init__(
        self, ctx: Context, service: ConversationService, limits: Limits, page: Callable[[], ChatPage]
    ) -> None:
        self._ctx = ctx
        self._service = service
        self._limits = limits
        self._page = page
        self._sockets: dict[str, int] = {}
        self._explained = why.explained(ctx.answers)
        self._latest: ChatPage | None = None  # for words that are said while the database may be away

    def routes(self) -> list[BaseRoute]:
        """What the app serves for people."""
        return [
            Route("/", self._show),
            Route("/r/{token}", self._show),
            Route("/embed.js", self._embed),
            Route("/chat/labels.json", self._labels),
            Route("/chat/answers/{answer}", self._why),
            Route("/chat/sessions", self._begin, methods=["POST"]),
            Route("/chat/leave", self._leave, methods=["POST"]),
            WebSocketRoute("/chat/ws", self._talk),
            Route("/calendar/{token}.ics", self._calendar),
            *PaperDoor(self._ctx, self._limits).routes(),
            Mount("/static", StaticFiles(directory=STATIC)),
        ]

    async def _show(self, request: Request) -> Response:
        page = await self._fresh_page()
        headers = page_headers(page.framed_by, request.headers.get("host", ""))
        return Response(page.html(), media_type="text/html", headers=headers)

    async def _embed(self, request: Request) -> Response:
        page = await self._fresh_page()
        headers = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
        return Response(page.embed_script(), media_type="text/javascript", headers=headers)

    async def _labels(self, request: Request) -> Response:
        page = await self._fresh_page()
        words = {**page.words(), "explained": self._explained}
        return JSONResponse(words, headers={"Cache-Control": "no-store"})

    async def _why(self, request: Request) -> Response:
        """Where an answer comes from, who approved it and when; the same for everybody."""
        address = request.client.host if request.client else ""
        if self._limits.lookup(address) is not Verdict.PASSED:
            return self._error("too_fast", 429)
        told = await asyncio.to_thread(why.explain, self._ctx, request.path_params["answer"])
        if told is None:
            return Response(status_code=404)
        return JSONResponse({**_standing(told.standing), "sample": told.sample}, headers=WHY_HEADERS)

    async def _begin(self, request: Request) -> Response:
        address = request.client.host if request.client else None
        if address and self._limits.session(address) is not Verdict.PASSED:
            return self._error("too_fast", 429)
        body = await self._body(request)
        link = body.get("link") if body is not None else None
        if body is None or not isinstance(link, str | None):
            return self._error("bad_frame", 400)
        opened = await asyncio.to_thread(conversations.open_web, self._ctx, address, link)
        return JSONResponse({"session": opened.conversation_id, "token": opened.token}, 201)

    async def _leave(self, request: Request) -> Response:
        body = await self._body(request)
        token = (body or {}).get("token")
        if isinstance(token, str):
            found = await asyncio.to_thread(conversations.find_by_token, self._ctx, token)
            if found:
                await self._service.forget(found)
        return Response(status_code=204)

    async def _body(self, request: Request) -> Mapping[str, Any] | None:
        """The JSON object that was sent; {} for nothing, None for what is too long or not one."""
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > LONGEST_BODY:
                return None
        try:
            content = json.loads(body or b"{}")
        except ValueError:
            return None
        return content if isinstance(content, dict) else None

    async def _talk(self, socket: WebSocket) -> None:
        address = socket.client.host if socket.client else ""
        crowded = self._sockets.get(address, 0) >= MOST_SOCKETS_AN_ADDRESS
        if crowded or sum(self._sockets.values()) >= MOST_SOCKETS:
            await self._turn_away(socket)
            return
        self._sockets[address] = self._sockets.get(address, 0) + 1
        try:
            await ChatSocket(self._ctx, self._service, self._limits, self._words, socket).serve()
        finally:
            self._sockets[address] -= 1
            if not self._sockets[address]:
                del self._sockets[address]

    async def _turn_away(self, socket: WebSocket) -> None:
        """In words, which a line that was never opened could not carry."""
        await socket.accept()
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await socket.send_json({"type": "error", "code": "too_fast", "text": self._words("too_fast")})
            await socket.close(1013)

    async def _calendar(self, request: Request) -> Response:
        file = await asyncio.to_thread(booked.calendar_file, self._ctx, request.path_params["token"])
        if file is None:
            return PlainTextResponse(self._words("no_calendar"), 404)
        return Response(file, media_type="text/calendar; charset=utf-8", headers=CALENDAR_HEADERS)

    async def _fresh_page(self) -> ChatPage:
        self._latest = await asyncio.to_thread(self._page)
        return self._latest

    def _error(self, code: str, status: int) -> Response:
        return JSONResponse({"type": "error", "code": code, "text": self._words(code)}, status)

    def _words(self, code: str) -> str:
        page = self._latest or self._page()
        return self._ctx.answers.label(f"label_error_{code}", {"phone": page.phone})


def _standing(standing: Standing) -> dict[str, str]:
    return {
        "source": standing.source,
        "approver": standing.approver,
        "approved_on": standing.approved_on.isoformat(),
        "review_by": standing.review_by.isoformat(),
    }
