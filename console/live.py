"""What has changed, told to open pages: server-sent events at /console/live?topic=waiting&topic=conversation:<id>.

A topic has a version, read from the database. One task in each process looks at the versions of all topics that its
open pages wait for, in one transaction and several times a second; so it does not matter which process made a change.
The page is told the topic's name, never what it holds: it fetches that by itself, past the guard.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from sqlmodel import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from console import page as pages
from console.guard import SESSION
from console.page import AT, Page
from programme import sign_in
from programme.context import Context
from programme.rules.role import Permission, may

log = structlog.get_logger()
LOOK_SECONDS = 0.3
ALIVE_SECONDS = 10.0  # between signs of life on a quiet line, and looks at whether its session still lasts
MOST_TOPICS = 12  # of one page
RETRY = b"retry: 1000\n\n"

# The versions of the keys that are asked for ("" for a topic without): anything that can be compared, cheap to read.
Versions = Callable[[Session, Sequence[str], datetime], Mapping[str, object]]


@dataclass(frozen=True)
class Topic:
    """Something that pages wait for. `own`: its key is the account of whoever asks, whatever the page says."""

    name: str
    may: Permission
    versions: Versions
    own: bool = False


Asked = tuple[str, str]  # a topic's name and key


@dataclass(eq=False)
class _Line:
    """An open page: what it waits for under the name that it uses, and what it is still to be told."""

    names: Mapping[Asked, str]
    untold: set[str] = field(default_factory=set)
    rung: asyncio.Event = field(default_factory=asyncio.Event)


class Live:
    """The lines of this process, and the task that looks for them."""

    def __init__(self, ctx: Context, topics: Mapping[str, Topic]) -> None:
        self.page = Page(f"{AT}/live", self._open, Permission.OWN)
        self._ctx = ctx
        self._topics = topics
        self._lines: set[_Line] = set()
        self._versions: dict[Asked, object] = {}
        self._task: asyncio.Task[None] | None = None
        self._server: Any = None  # uvicorn's, where the app knows it: says when it is to stop

    async def _open(self, request: Request) -> Response:
        names = self._names(request)
        self._server = getattr(request.app.state, "server", None)
        return StreamingResponse(
            self._tell(request, _Line(names)),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    def _names(self, request: Request) -> dict[Asked, str]:
        who, names = pages.staff(request), request.query_params.getlist("topic")
        if not 0 < len(names) <= MOST_TOPICS:
            raise HTTPException(404)
        asked: dict[Asked, str] = {}
        for name in names:
            kind, _, key = name.partition(":")
            topic = self._topics.get(kind)
            if topic is None:
                raise HTTPException(404)
            if not may(who.role, topic.may):
                raise HTTPException(403)
            asked[(kind, who.account_id if topic.own else key)] = name
        return asked

    async def _tell(self, request: Request, line: _Line) -> AsyncIterator[bytes]:
        token = request.cookies.get(SESSION, "")
        self._lines.add(line)
        self._ring(line, {one for one in line.names if one in self._versions})
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look())
        try:
            yield RETRY
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(ALIVE_SECONDS):
                        await line.rung.wait()
                line.rung.clear()
                if self._is_stopping():
                    return  # the page comes back by itself; else the server would wait for it
                told, line.untold = sorted(line.untold), set()
                if not told and await asyncio.to_thread(sign_in.who, self._ctx, token, True) is None:
                    yield b"event: ended\ndata: \n\n"
                    return
                yield b"".join(b"event: changed\ndata: %s\n\n" % name.encode() for name in told) or b": alive\n\n"
        finally:
            self._lines.discard(line)

    async def _look(self) -> None:
        """Until nobody waits any more."""
        while self._lines:
            asked = {one for line in self._lines for one in line.names}
            try:
                found = await asyncio.to_thread(self._read, asked)
            except Exception as error:  # the database is away: the next look may find it
                log.warning("console topics not read", exc_info=error)
            else:
                self._compare(found)
            if self._is_stopping():
                for line in self._lines:
                    line.rung.set()
            await asyncio.sleep(LOOK_SECONDS)
        self._versions = {}

    def _is_stopping(self) -> bool:
        return self._server is not None and bool(self._server.should_exit)

    def _read(self, asked: set[Asked]) -> dict[Asked, object]:
        now, found = self._ctx.clock(), dict[Asked, object]()
        with self._ctx.database.reading() as session:
            for kind in sorted({kind for kind, _ in asked}):
                keys = sorted(key for of, key in asked if of == kind)
                versions = self._topics[kind].versions(session, keys, now)
                found |= {(kind, key): versions.get(key) for key in keys}
        return found

    def _compare(self, found: Mapping[Asked, object]) -> None:
        """Rings whoever waits for what is not as it was, and for what was never looked at: a new line is told all its
        topics once, since its page was made before it opened."""
        news = {one for one, version in found.items() if self._versions.get(one, self) != version}
        self._versions = dict(found)
        for line in self._lines:
            self._ring(line, news)

    def _ring(self, line: _Line, news: set[Asked]) -> None:
        told = {name for one, name in line.names.items() if one in news}
        if told:
            line.untold |= told
            line.rung.set()
