"""The bench's part on workers: many people with few workers, and how long what one says takes to the other's screen.

People write through the web chat's socket. A worker's screen is what the console's page does: a line of server-sent
events, and at each change of a conversation its page is fetched anew, one fetch of a page at a time.
"""

import asyncio
import json
import os
import random
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

from console.guard import SESSION
from launch.bench.people import PAUSE_SECONDS, TOO_FAST, TRIES, TURN_SECONDS, BadTurnError
from launch.bench.sides import Ours
from launch.bench.table import machine, show
from launch.context import make_context
from launch.figures import percentile
from launch.model import make_model
from launch.settings import Settings
from programme import conversation, handoff, shift, sign_in
from programme.context import Context
from storage.account import Account, email_lookup
from storage.enums import Role

NAMES = ("median", "95th of 100")
SHARES = (0.5, 0.95)
CONNECTIONS = 6  # of a browser to one server
NOBODY_KNOWS = "-"  # no password fits


@dataclass(frozen=True)
class Load:
    """How many, and how often: each person writes every `period` seconds, and is answered each time."""

    people: int = 100
    workers: int = 10
    exchanges: int = 3
    period: float = 20.0


@dataclass
class Waits:
    """Seconds from sending until the other side's screen has it."""

    to_worker: list[float] = field(default_factory=list)
    to_person: list[float] = field(default_factory=list)


class Desk:
    """One worker's browser: a line for all of their conversations, and the pages that it shows."""

    def __init__(self, address: str, token: str, csrf: str, way: httpx.AsyncBaseTransport | None = None) -> None:
        limits = httpx.Limits(max_connections=CONNECTIONS)
        self._http = httpx.AsyncClient(
            base_url=address, cookies={SESSION: token}, timeout=TURN_SECONDS, limits=limits, transport=way
        )
        self._csrf = csrf
        self._changed: dict[str, asyncio.Event] = {}
        self._wanted: dict[str, tuple[str, asyncio.Future[None]]] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self, conversations: list[str]) -> None:
        """Returns when the line is open."""
        self._changed = {one: asyncio.Event() for one in conversations}
        opened = asyncio.Event()
        self._tasks = [
            asyncio.create_task(self._listen(opened)),
            *map(asyncio.create_task, map(self._show, conversations)),
        ]
        async with asyncio.timeout(TURN_SECONDS):
            await opened.wait()

    def expect(self, conversation_id: str, words: str) -> asyncio.Future[None]:
        """Done when these words are on the conversation's page."""
        seen: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._wanted[conversation_id] = words, seen
        return seen

    async def reply(self, conversation_id: str, words: str) -> None:
        """Sends it as the page's script does. Raises BadTurnError."""
        given = {"text": words, "client_id": words}
        headers = {"X-CSRF": self._csrf}
        answer = await self._http.post(f"/console/conversations/{conversation_id}/reply", data=given, headers=headers)
        if answer.status_code != httpx.codes.OK:
            raise BadTurnError(f"a reply: status {answer.status_code}")

    async def close(self) -> None:
        """Hangs up."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._http.aclose()

    async def _listen(self, opened: asyncio.Event) -> None:
        topics: list[tuple[str, str | int | float | bool | None]] = [
            ("topic", f"conversation:{one}") for one in self._changed
        ]
        async with self._http.stream("GET", "/console/live", params=topics) as line:
            async for text in line.aiter_lines():
                opened.set()
                if text.startswith("data: conversation:"):
                    self._changed[text.removeprefix("data: conversation:")].set()

    async def _show(self, conversation_id: str) -> None:
        while True:
            await self._changed[conversation_id].wait()
            self._changed[conversation_id].clear()
            page = await self._http.get(f"/console/conversations/{conversation_id}", headers={"X-Live": "1"})
            words, seen = self._wanted.get(conversation_id, ("", None))
            if seen is not None and not seen.done() and words in page.text:
                seen.set_result(None)


class Chat:
    """One person's page, in the hands of a worker."""

    def __init__(self, socket: ClientConnection, conversation_id: str) -> None:
        self.id = conversation_id
        self._socket = socket

    @classmethod
    async def join(cls, address: str, ctx: Context) -> "Chat":
        """Begins a chat."""
        async with httpx.AsyncClient(base_url=address) as http:
            for _ in range(TRIES):
                answer = await http.post("/chat/sessions", json={})
                if answer.status_code != TOO_FAST:
                    break
                await asyncio.sleep(PAUSE_SECONDS)  # all our people come from one address
        token = answer.json()["token"]
        socket = await connect(address.replace("http", "ws", 1) + "/chat/ws", compression=None, proxy=None)
        await socket.send(json.dumps({"type": "hello", "token": token}))
        found = await asyncio.to_thread(conversation.find_by_token, ctx, token)
        if found is None:
            raise BadTurnError("no conversation")
        return cls(socket, found)

    async def say(self, words: str) -> None:
        await self._socket.send(json.dumps({"type": "say", "id": words, "text": words}))

    async def hear(self, words: str) -> None:
        """Waits until a worker's message with these words is here."""
        async with asyncio.timeout(TURN_SECONDS):
            while True:
                frame = json.loads(await self._socket.recv())
                if frame["type"] == "error":
                    raise BadTurnError(f"error: {frame.get('code')}")
                if frame["type"] == "message" and frame["from"] == "worker" and frame["text"] == words:
                    return

    async def leave(self) -> None:
        await self._socket.close()


def hire(ctx: Context, number: int) -> tuple[str, str, str]:
    """A worker on shift, signed in: account, token, form token."""
    email = f"bench{number}@example.org"
    lookup = email_lookup(ctx.database.keyring, email)
    row = Account(
        id=ctx.new_id(), email=email, email_lookup=lookup, name=f"Bench {number}", role=Role.WORKER,
        password_hash=NOBODY_KNOWS, created_at=ctx.clock(),
    )  # fmt: skip
    with ctx.database.writing() as session:
        session.add(row)
        session.flush()
        token, account = sign_in.open_for(session, ctx, row, "bench").token, row.id
    who = sign_in.who(ctx, token)
    if who is None:
        raise BadTurnError("not signed in")
    shift.begin(ctx, account)
    return account, token, who.csrf


async def talk(chat: Chat, desk: Desk, load: Load, waits: Waits) -> None:
    """One conversation: they write, it is seen, they are answered."""
    await asyncio.sleep(random.random() * load.period)  # noqa: S311  # not all at once
    for number in range(load.exchanges):
        began = perf_counter()
        words = f"bench {chat.id} {number}"
        seen = desk.expect(chat.id, words)
        await chat.say(words)
        async with asyncio.timeout(TURN_SECONDS):
            await seen
        waits.to_worker.append(perf_counter() - began)
        sent = perf_counter()
        heard = asyncio.create_task(chat.hear(f"answer {chat.id} {number}"))
        await desk.reply(chat.id, f"answer {chat.id} {number}")
        await heard
        waits.to_person.append(perf_counter() - sent)
        await asyncio.sleep(max(0.0, began + load.period - perf_counter()))


async def run(ours: Ours, settings: Settings, load: Load, tell: Callable[[str], None]) -> Waits:
    """Everybody at once, over a system that is started for it and stopped then."""
    tell(f"ready after {await ours.start():.1f} s")
    ctx = make_context(settings)
    desks: list[Desk] = []
    chats: list[Chat] = []
    try:
        chats = [await Chat.join(ours.address, ctx) for _ in range(load.people)]
        for number in range(load.workers):
            account, token, csrf = await asyncio.to_thread(hire, ctx, number)
            own = [chat.id for chat in chats[number :: load.workers]]
            for one in own:
                await asyncio.to_thread(handoff.take, ctx, one, account)
            desks.append(Desk(ours.address, token, csrf))
            await desks[-1].open(own)
        tell(f"{load.people} conversations are with {load.workers} workers")
        waits = Waits()
        async with asyncio.TaskGroup() as group:
            for number, chat in enumerate(chats):
                group.create_task(talk(chat, desks[number % load.workers], load, waits))
        return waits
    finally:
        await asyncio.gather(*(one.close() for one in desks), *(one.leave() for one in chats))
        ctx.database.close()
        await ours.stop()


def measure_workers(
    models: Path, folder: Path, tell: Callable[[str], None], load: Load | None = None
) -> tuple[str, dict[str, Any]]:
    """The part's text and content. Raises TrainingFailedError, NotReadyError, BadTurnError."""
    load, quiet = load or Load(), os.getloadavg()[0]
    shutil.rmtree(folder, ignore_errors=True)
    settings = Settings().model_copy(update={"var_dir": folder})
    settings.make_var_dir()
    model = make_model(models)
    settings.models.mkdir(mode=0o700)
    os.link(model, settings.models / model.name)
    waits, when = asyncio.run(run(Ours(folder), settings, load, tell)), datetime.now(UTC)
    return as_text(waits, load, when, quiet), {
        "at": when.isoformat(timespec="seconds"),
        "machine": machine(),
        "load": asdict(load),
        "waits": asdict(waits),
    }


def as_text(waits: Waits, load: Load, when: datetime, quiet: float) -> str:
    """The report in Markdown. `quiet`: the machine's load when it began."""
    rows = [
        f"Measured on {when:%d %B %Y}: {machine()}; load {quiet:.1f} when it began. {load.people} conversations with "
        f"{load.workers} workers; each person writes every {load.period:g} s, {load.exchanges} times, and is answered "
        "as soon as the worker's screen has it.",
        "",
        f"| | messages | {' | '.join(NAMES)} | longest |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for what, seconds in (
        ("from a person's send to the worker's screen", waits.to_worker),
        ("from a worker's send to the person's page", waits.to_person),
    ):
        figures = [show(1000 * percentile(seconds, share), "ms") for share in SHARES]
        rows.append(f"| {what} | {len(seconds)} | {' | '.join(figures)} | {show(1000 * max(seconds), 'ms')} |")
    return "\n".join(rows) + "\n"
