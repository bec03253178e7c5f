"""The stage: the page, what it asks and orders, and Telegram's Bot API beside it on the same port."""

import asyncio
import html
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from launch.context import make_context
from launch.demo import jump, story
from launch.demo.system import System
from launch.demo.trouble import Trouble
from launch.demo.until import until
from launch.moved_clock import make_clock, move_on, read
from launch.stand_in import person
from launch.stand_in.server import bot_api
from launch.stand_in.world import World
from programme.context import Context

PAGE = Path(__file__).parent / "page"
FILES = ("stage.css", "stage.js", "telegram.js", "play.js", "words.js", "trouble.js", "story.js", "icons.svg")
CHAT = 80_001  # of the second person on the stage, in Telegram
LONGEST = 4096
QUIET_SECONDS = 10.0  # for what is being answered, before a jump

Act = Callable[[dict[str, Any]], Awaitable[Any]]


class Stage:
    """`origin`: its own address, which nothing else may give orders to."""

    def __init__(self, system: System, origin: str) -> None:
        self._system = system
        self._origin = origin
        self._clock = make_clock(system.clock_file)
        self.world = World(clock=lambda: self._clock().timestamp(), everybody=True)
        self.trouble = Trouble(system, self.world, lambda: self.ctx)
        self._began = self._clock()
        self._jumps: list[Any] = []
        self._jumping = asyncio.Lock()

    @cached_property
    def ctx(self) -> Context:
        """The programme's own door to the demonstration's database; there once the assistant has started."""
        return make_context(self._system.settings)

    async def stop(self) -> None:
        """Gives back what it holds."""
        await self.trouble.stop()
        if "ctx" in self.__dict__:
            self.ctx.database.close()

    def app(self) -> Starlette:
        """The page, its files, its questions and orders; and Telegram."""
        orders: dict[str, Act] = {
            "jump": self._jump,
            "break": self._break,
            "telegram/say": self._say,
            "telegram/tap": self._tap,
        }
        routes: list[BaseRoute] = [
            Route("/", self._show),
            *(Route(f"/{name}", _file(name)) for name in FILES),
            Route("/words.json", self._words),
            Route("/state", self._state),
            Route("/telegram", self._telegram),
            *(Route(f"/{name}", self._order(act), methods=["POST"]) for name, act in orders.items()),
            bot_api(self.world),
        ]
        return Starlette(routes=routes)

    async def _show(self, request: Request) -> Response:
        if request.headers.get("host") != urlsplit(self._origin).netloc:
            return RedirectResponse(f"{self._origin}/")  # by this name alone its frames are of the same site
        page = (PAGE / "stage.html").read_text(encoding="utf-8")
        for name, text in _content()["page"].items():
            page = page.replace(f"{{{{{name}}}}}", html.escape(text))
        page = page.replace("{{app}}", self._system.address)
        return Response(page, media_type="text/html", headers=_headers(self._system.address))

    async def _words(self, _request: Request) -> Response:
        return JSONResponse(_content(), headers={"Cache-Control": "no-store"})

    async def _state(self, _request: Request) -> Response:
        parts = await self._system.parts()
        told: dict[str, Any] = {
            "parts": parts,
            "now": self._clock().isoformat(),
            "app": self._system.address,
            "trouble": self.trouble.shown(),
        }
        if parts["database"]:
            told |= await asyncio.to_thread(self._told)
        return JSONResponse(told, headers={"Cache-Control": "no-store"})

    def _told(self) -> dict[str, Any]:
        return {
            "people": story.people(self.ctx),
            "happened": story.happened(self.ctx, self._began, self._jumps),
            "quiet": story.is_quiet_now(self.ctx),
            "jumps": len(self._jumps),
        }

    async def _telegram(self, _request: Request) -> Response:
        messages = list(self.world.person(CHAT).messages.values())
        kept = [{key: value for key, value in each.items() if key != "content"} for each in messages]
        return JSONResponse({"messages": kept}, headers={"Cache-Control": "no-store"})

    def _order(self, act: Act) -> Callable[[Request], Awaitable[Response]]:
        """An order from the stage's own page; nobody else's."""

        async def answer(request: Request) -> Response:
            if request.headers.get("origin") != self._origin:
                raise HTTPException(403)
            body = await request.body()
            try:
                given = json.loads(body[: LONGEST + 1])
                return JSONResponse(await act(given))
            except (ValueError, KeyError, TypeError, LookupError) as error:
                return JSONResponse({"error": type(error).__name__}, 400)

        return answer

    async def _jump(self, given: dict[str, Any]) -> Any:
        """Moves the time of every process on. `how`: see launch/demo/jump.py; `who`: whose phone, by its channel."""
        async with self._jumping:
            everybody = await asyncio.to_thread(story.people, self.ctx)
            found = next(one for one in everybody if one["channel"] == given["who"])
            ahead = await asyncio.to_thread(jump.ahead_of, self.ctx, found["id"])
            to = await asyncio.to_thread(jump.land, self.ctx, str(given["how"]), ahead)
            if to is None:
                raise LookupError
            await self._let_finish()
            move_on(self._system.clock_file, to)
            self._jumps.append(self._clock())
        return {"now": self._clock().isoformat(), "ahead": read(self._system.clock_file).total_seconds()}

    async def _let_finish(self) -> None:
        """What is being answered just now is answered in its own time, as far as that does not take for ever."""

        async def done() -> bool:
            return not await asyncio.to_thread(jump.is_busy, self.ctx)

        with suppress(TimeoutError):
            await until(done, QUIET_SECONDS)

    async def _break(self, given: dict[str, Any]) -> Any:
        return {"begun": self.trouble.begin(str(given["what"])), "trouble": self.trouble.shown()}

    async def _say(self, given: dict[str, Any]) -> Any:
        text = str(given["text"]).strip()
        if not text:
            raise ValueError
        return await person.say(self.world, CHAT, text)

    async def _tap(self, given: dict[str, Any]) -> Any:
        message = int(given["message"]) if given.get("message") else None
        return await person.tap(self.world, CHAT, str(given["title"]), None, message)


def _headers(app: str) -> dict[str, str]:
    policy = [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        f"frame-src {app}",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    kept = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
    return {"Content-Security-Policy": "; ".join(policy), **kept}


def _file(name: str) -> Callable[[Request], Awaitable[Response]]:
    async def send(_request: Request) -> Response:
        return FileResponse(PAGE / name, headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})

    return send


def _content() -> dict[str, Any]:
    """Every word of the page; and how the two people talk when they are played."""
    content: dict[str, Any] = yaml.load((PAGE / "words.yml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return content
