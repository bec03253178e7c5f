"""A small server true to the web chat's protocol, with a scripted conversation and faults on request."""

import asyncio
import contextlib
import json
import socket
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn
import yaml
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

from bot.pages import STATIC, ChatPage, page_headers
from tests.bot.web_page.script import SCRIPT, WELCOME, Message

LABELS: dict[str, str] = yaml.safe_load(Path("nlu/answers/page.yml").read_text(encoding="utf-8"))["labels"]


@dataclass
class Session:
    """One conversation as a server sees it."""

    accepted: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    finished: set[str] = field(default_factory=set)
    messages: list[Message] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    typings: int = 0
    owner: str = "bot"
    link: str | None = None
    sockets: set[WebSocket] = field(default_factory=set)
    frames: list[Message] = field(default_factory=list)


class Desk:
    """The server's state, its routes, and its faults: each `*_next` counts the frames that it still spoils."""

    def __init__(self, sample: bool = True, origins: tuple[str, ...] = ()) -> None:
        self.sessions: dict[str, Session] = {}
        self.closed_for_all = False
        self.lose_next = 0  # stored and answered, but the line breaks before "accepted"
        self.swallow_next = 0  # read, and nothing else: a dead line
        self.refuse_next: list[tuple[str, str]] = []  # (code, text)
        self.holding = False  # stored, and no answer until it is let go
        self.asked = 0
        self.left: list[str] = []
        self.clock = datetime.now(UTC)
        self.loop: asyncio.AbstractEventLoop | None = None
        self._sample = sample
        self._origins = origins
        self._tasks: set[asyncio.Task[None]] = set()

    def app(self) -> Starlette:
        routes = [
            Route("/", self.page),
            Route("/r/{token}", self.page),
            Route("/away", self.away),
            Route("/host", self.host),
            Route("/embed.js", self.embed),
            Route("/chat/labels.json", self.labels),
            Route("/chat/sessions", self.open_session, methods=["POST"]),
            Route("/chat/leave", self.leave, methods=["POST"]),
            WebSocketRoute("/chat/ws", self.talk),
            Mount("/static", StaticFiles(directory=STATIC)),
        ]
        return Starlette(routes=routes)

    def chat_page(self, request: Request) -> ChatPage:
        return ChatPage(
            labels=LABELS,
            phone="01923 271 783",
            leave_to=f"{request.base_url}away",
            sample=self._sample,
            hours="9am to 4pm, Monday to Saturday",
            framed_by=self._origins,
        )

    async def page(self, request: Request) -> Response:
        page = self.chat_page(request)
        return HTMLResponse(page.html(), headers=page_headers(page.framed_by))

    async def labels(self, request: Request) -> Response:
        return JSONResponse(self.chat_page(request).words())

    async def embed(self, request: Request) -> Response:
        return Response(self.chat_page(request).embed_script(), media_type="text/javascript")

    async def away(self, request: Request) -> Response:
        return HTMLResponse("<!doctype html><title>Weather</title><h1>Weather</h1>")

    async def host(self, request: Request) -> Response:
        address = request.query_params["from"]
        policy = f"default-src 'none'; script-src {address}; frame-src {address}; img-src {address}"
        body = (
            "<!doctype html><html lang=en><title>Host</title><h1>A site</h1><a href='#'>A link</a>"
            f"<script src='{address}/embed.js' async></script>"
        )
        return HTMLResponse(body, headers={"Content-Security-Policy": policy})

    async def open_session(self, request: Request) -> Response:
        self.asked += 1
        if self.closed_for_all:
            return JSONResponse({"error": {"code": "unavailable"}}, 503)
        token = f"token-{len(self.sessions) + 1}"
        session = self.sessions[token] = Session(link=(await request.json()).get("link"))
        await self._put(session, WELCOME)
        return JSONResponse({"session": f"s{len(self.sessions)}", "token": token}, 201)

    async def leave(self, request: Request) -> Response:
        self.left.append((await request.json())["token"])
        return Response(status_code=204)

    async def talk(self, socket: WebSocket) -> None:
        if self.closed_for_all:
            await socket.close(1013)
            return
        await socket.accept()
        session: Session | None = None
        try:
            while True:
                frame = json.loads(await socket.receive_text())
                if frame["type"] == "hello":
                    session = self.sessions.get(frame["token"])
                    if session is None:
                        await socket.send_json({"type": "error", "code": "unknown_session", "text": ""})
                        continue
                    await self._greet(socket, session, frame.get("last_seen"))
                elif session is not None:
                    await self._take(socket, session, frame)
        except (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            if session is not None:
                session.sockets.discard(socket)

    async def _greet(self, socket: WebSocket, session: Session, last_seen: str | None) -> None:
        session.frames.append({"type": "hello", "last_seen": last_seen})
        session.sockets.add(socket)
        await socket.send_json({"type": "owner", "owner": session.owner})
        ids = [message["id"] for message in session.messages]
        for message in session.messages[ids.index(last_seen) + 1 if last_seen in ids else 0 :]:
            await socket.send_json(message)

    async def _take(self, socket: WebSocket, session: Session, frame: Message) -> None:
        session.frames.append(frame)
        if frame["type"] == "seen":
            session.seen.append(frame["id"])
        elif frame["type"] == "typing":
            session.typings += 1
        elif frame["type"] in ("say", "choose"):
            await self._store(socket, session, frame)

    async def _store(self, socket: WebSocket, session: Session, frame: Message) -> None:
        if self.swallow_next:
            self.swallow_next -= 1
            return
        if self.refuse_next:
            code, text = self.refuse_next.pop(0)
            await socket.send_json({"type": "error", "code": code, "text": text, "id": frame["id"]})
            return
        new = frame["id"] not in session.accepted
        if new:
            session.accepted.append(frame["id"])
            session.said.append(frame.get("text") or frame["payload"])
        if self.lose_next:
            self.lose_next -= 1
            session.sockets.discard(socket)
            if new:
                await self._answer(session, frame)
            await socket.close(1011)
            return
        await socket.send_json({"type": "accepted", "id": frame["id"]})
        if frame["id"] in session.finished:
            await socket.send_json({"type": "turn", "id": frame["id"]})
        if new:
            task = asyncio.create_task(self._answer(session, frame))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _answer(self, session: Session, frame: Message) -> None:
        while self.holding:  # noqa: ASYNC110  # the test is in another thread
            await asyncio.sleep(0.02)
        if session.owner != "worker":
            said = frame.get("text") or frame["payload"]
            for answer in SCRIPT.get(said, [{"text": f"You said: {said}"}]):
                await self._put(session, {**answer, "re": frame["id"]})
        session.finished.add(frame["id"])
        await self._send(session, {"type": "turn", "id": frame["id"]})

    async def _put(self, session: Session, message: Message) -> None:
        self.clock += timedelta(seconds=1)
        whole = {
            "type": "message",
            "from": "assistant",
            "buttons": [],
            "at": f"{self.clock:%Y-%m-%dT%H:%M:%SZ}",
            **message,
        }
        whole["id"] = f"m{len(session.messages) + 1}"
        session.messages.append(whole)
        await self._send(session, whole)

    async def _send(self, session: Session, frame: Message) -> None:
        for one in list(session.sockets):
            with contextlib.suppress(Exception):
                await one.send_json(frame)

    # What a test does to the server, from its own thread.
    @property
    def session(self) -> Session:
        """The newest conversation."""
        return list(self.sessions.values())[-1]

    def _run(self, work: Any) -> None:
        assert self.loop is not None
        asyncio.run_coroutine_threadsafe(work, self.loop).result(5)

    def drop(self) -> None:
        """Breaks every line."""

        async def close() -> None:
            for session in self.sessions.values():
                for one in list(session.sockets):
                    session.sockets.discard(one)
                    with contextlib.suppress(Exception):
                        await one.close(1012)

        self._run(close())

    def put(self, **message: Any) -> None:
        """Sends a message that nobody asked for."""
        self._run(self._put(self.session, message))

    def send(self, **frame: Any) -> None:
        """Sends any frame to the newest conversation."""
        if frame["type"] == "owner":
            self.session.owner = frame["owner"]
        self._run(self._send(self.session, frame))


@contextlib.contextmanager
def serving(desk: Desk) -> Any:
    """Runs `desk` on a free port of 127.0.0.1; gives its address."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()  # who asks before the server is up waits for it
    server = uvicorn.Server(uvicorn.Config(desk.app(), log_level="error", timeout_graceful_shutdown=1, lifespan="off"))

    def run() -> None:
        async def serve() -> None:
            desk.loop = asyncio.get_running_loop()
            await server.serve(sockets=[listener])

        asyncio.run(serve())

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
