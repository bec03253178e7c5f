"""The front desk for real, over real sockets, with a dialogue server that does as the test tells it."""

import asyncio
import contextlib
import functools
import json
import secrets
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from websockets.sync.client import ClientConnection, connect

from bot.dialogue import Dialogue
from bot.limits import Limits
from bot.pages import ChatPage
from bot.service import ConversationService
from bot.web import WebChat
from programme import sample
from programme.answers import Answers
from programme.context import Context
from programme.language import Languages
from programme.safety import Safety
from storage.database import Database

ROOT = Path(__file__).parents[3]
SECRET = "a test's secret"
PATIENCE = 15.0


@dataclass
class Script:
    """What the dialogue server does with a turn, and what it was asked."""

    asked: list[dict[str, Any]] = field(default_factory=list)
    renewed: list[str] = field(default_factory=list)
    overheard: list[dict[str, Any]] = field(default_factory=list)  # what a renewal was told
    forgotten: list[str] = field(default_factory=list)
    answer: Callable[[dict[str, Any]], Any] = lambda _turn: [{"answer": "utter_no_problem", "values": {}}]
    intent: str = "deny"
    seconds: float = 0.0
    go_on: Callable[[], bool] = lambda: True  # no answer to a turn before this is so
    status: int = 200
    raw: bytes | None = None
    ok: bool = True


class Serving:
    """An ASGI app on a free port, in a thread."""

    def __init__(self, app: Starlette, port: int = 0) -> None:
        config = uvicorn.Config(
            app, host="127.0.0.1", port=port, log_level="error", loop="asyncio", timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        until = time.monotonic() + PATIENCE
        while not self._server.started and time.monotonic() < until:
            time.sleep(0.01)
        self.port: int = self._server.servers[0].sockets[0].getsockname()[1]

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(PATIENCE)


def dialogue_app(script: Script) -> Starlette:
    async def turn(request: Request) -> Response:
        assert request.headers["authorization"] == f"Bearer {SECRET}"
        asked = await request.json()
        script.asked.append(asked)
        await asyncio.sleep(script.seconds)
        while not script.go_on():  # noqa: ASYNC110  # the test is in another thread
            await asyncio.sleep(0.02)
        if script.raw is not None:
            return Response(script.raw)
        said = {
            "ok": script.ok,
            "turn": asked["turn"],
            "messages": script.answer(asked) if script.ok else [],
            "intent": {"name": asked.get("intent") or script.intent, "confidence": 0.9},
            "ranking": [],
        }
        return JSONResponse(said, script.status)

    async def renew(request: Request) -> Response:
        told = await request.json()
        script.renewed.append(told["conversation"])
        script.overheard.append(told)
        return JSONResponse({"ok": True, "events": 3})

    async def understand(request: Request) -> Response:
        return JSONResponse({"ok": script.ok, "intent": {"name": script.intent, "confidence": 0.9}, "ranking": []})

    async def forget(request: Request) -> Response:
        script.forgotten.append((await request.json())["conversation"])
        return JSONResponse({"ok": True})

    base = "/webhooks/dialogue"
    return Starlette(
        routes=[
            Route(f"{base}/turn", turn, methods=["POST"]),
            Route(f"{base}/renew", renew, methods=["POST"]),
            Route(f"{base}/understand", understand, methods=["POST"]),
            Route(f"{base}/forget", forget, methods=["POST"]),
            Route(f"{base}/health", lambda _request: JSONResponse({"ok": True})),
        ]
    )


class Page:
    """One web chat page: its socket, and every frame that came."""

    def __init__(self, desk: "Desk", token: str, last_seen: str | None = None) -> None:
        self._desk = desk
        self.token = token
        self.frames: list[dict[str, Any]] = []
        self._socket: ClientConnection = connect(f"ws://127.0.0.1:{desk.port}/chat/ws", open_timeout=PATIENCE)
        self.send({"type": "hello", "token": token} | ({"last_seen": last_seen} if last_seen else {}))

    def send(self, frame: dict[str, Any] | str) -> None:
        self._socket.send(frame if isinstance(frame, str) else json.dumps(frame))

    def say(self, text: str, said: str | None = None) -> str:
        said = said or str(uuid.uuid4())
        self.send({"type": "say", "id": said, "text": text})
        return said

    def choose(self, payload: str) -> str:
        chosen = str(uuid.uuid4())
        self.send({"type": "choose", "id": chosen, "payload": payload})
        return chosen

    def until(self, wanted: Callable[[dict[str, Any]], bool], seconds: float = PATIENCE) -> dict[str, Any]:
        """Reads frames until one is wanted; that one."""
        until = time.monotonic() + seconds
        while True:
            frame = json.loads(self._socket.recv(timeout=max(0.01, until - time.monotonic())))
            self.frames.append(frame)
            if wanted(frame):
                return frame

    def turn(self, said: str, seconds: float = PATIENCE) -> list[dict[str, Any]]:
        """Waits for the end of a turn; the messages that answer it."""
        self.until(lambda frame: frame["type"] == "turn" and frame["id"] == said, seconds)
        return [frame for frame in self.frames if frame["type"] == "message" and frame.get("re") == said]

    def quiet(self, seconds: float = 1.5) -> list[dict[str, Any]]:
        """Whatever else comes within so many seconds."""
        before = len(self.frames)
        with contextlib.suppress(TimeoutError):
            self.until(lambda _frame: False, seconds)
        return self.frames[before:]

    def messages(self) -> list[dict[str, Any]]:
        return [frame for frame in self.frames if frame["type"] == "message"]

    def close(self) -> None:
        self._socket.close()


@dataclass
class Desk:
    """The app's own process, as far as a page can tell: it can die and come back on its database."""

    ctx: Context
    script: Script
    dialogue: Serving
    app: Serving

    @property
    def port(self) -> int:
        return self.app.port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def wait(self, true: Callable[[], Any]) -> None:
        """Returns when it is so."""
        until = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < until, "waited in vain"
            time.sleep(0.02)

    def open(self, link: str | None = None) -> Page:
        made = httpx.post(f"{self.url}/chat/sessions", json={"link": link} if link else {})
        assert made.status_code == 201
        return Page(self, made.json()["token"])

    def restart(self) -> None:
        self.app.stop()
        self.app = Serving(make_app(self.ctx, f"http://127.0.0.1:{self.dialogue.port}"))


@functools.cache
def safety() -> Safety:
    return Safety.load(ROOT / "nlu" / "safety")


@functools.cache
def languages() -> Languages:
    return Languages.load(ROOT / "nlu" / "answers")


def make_app(ctx: Context, dialogue_url: str) -> Starlette:
    dialogue = Dialogue(dialogue_url, SECRET)
    service = ConversationService(ctx, dialogue, safety(), languages=languages())
    page = ChatPage(ctx.answers.labels, "01923 271 783", "https://example.org/", True, "", ("'self'",))
    web = WebChat(ctx, service, Limits(ctx.clock), lambda: page)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> Any:
        await service.start()
        yield
        await service.stop()
        await dialogue.close()

    return Starlette(routes=web.routes(), lifespan=lifespan)


@pytest.fixture(scope="session")
def answers() -> Answers:
    return Answers.load(ROOT / "nlu" / "answers")


# What stores, leases and reads is tested where it may differ; the rest on SQLite alone, which is quicker.
on_both = pytest.mark.parametrize("desk_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def desk_url(request: pytest.FixtureRequest) -> str:
    """SQLite's, or for tests marked `on_both` each database's in turn."""
    return str(request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_url"))


@pytest.fixture
def desk(desk_url: str, keyring: Any, answers: Answers) -> Iterator[Desk]:
    database = Database(desk_url, keyring)
    ctx = Context(
        database,
        answers,
        lambda: datetime.now(UTC),
        lambda: uuid.uuid4().hex,
        lambda: secrets.token_urlsafe(16),
        f"test-{secrets.token_hex(4)}",
    )
    sample.seed(ctx)
    script = Script()
    dialogue = Serving(dialogue_app(script))
    app = Serving(make_app(ctx, f"http://127.0.0.1:{dialogue.port}"))
    desk = Desk(ctx, script, dialogue, app)
    yield desk
    desk.app.stop()
    dialogue.stop()
    database.close()
