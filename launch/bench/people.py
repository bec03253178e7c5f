"""People who write to one of the two systems and wait for the end of each turn."""

import asyncio
import json
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from time import perf_counter
from types import TracebackType
from typing import Any, Protocol, Self
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect

from launch.bench.messages import Message

TURN_SECONDS = 60.0
SHOWN_SECONDS = 5.0
TOO_FAST, TRIES, PAUSE_SECONDS = 429, 60, 1.0


class BadTurnError(RuntimeError):
    """A system did not answer as it should."""


@dataclass(frozen=True)
class Said:
    """How one turn went. `seconds` from sending to its end; `accepted`: until it was stored, where that is told."""

    seconds: float
    right: bool
    accepted: float | None = None


class Person(Protocol):
    """Somebody in a conversation of their own."""

    async def say(self, message: Message) -> Said:
        """Sends a message and waits until its turn has ended. Raises BadTurnError."""
        ...

    async def leave(self) -> None:
        """Hangs up."""
        ...


class RawHttp:
    """One kept-alive HTTP connection that costs the measuring process next to nothing."""

    def __init__(self, address: str) -> None:
        self._parts = urlsplit(address)
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def post(self, path: str, body: Mapping[str, Any]) -> tuple[int, bytes]:
        """Status and body of the answer. Raises BadTurnError, OSError."""
        if self._reader is None or self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(self._parts.hostname, self._parts.port)
        content = json.dumps(body).encode()
        head = f"POST {path} HTTP/1.1\r\nHost: {self._parts.netloc}\r\nContent-Type: application/json\r\n"
        self._writer.write(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
        status = (await self._reader.readline()).split()
        length = 0
        while line := (await self._reader.readline()).strip().lower():
            if line.startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
            elif line.startswith(b"transfer-encoding:"):
                raise BadTurnError("an answer in chunks")
        if len(status) < 2:
            raise BadTurnError("the connection was closed")
        return int(status[1]), await self._reader.readexactly(length)

    async def close(self) -> None:
        """Hangs up."""
        if self._writer is not None:
            self._writer.close()
            with suppress(OSError):
                await self._writer.wait_closed()
        self._reader = self._writer = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        await self.close()


class RestPerson:
    """Writes to Rasa's own REST channel."""

    def __init__(self, address: str, texts: Mapping[str, str]) -> None:
        """`texts`: an answer's words by its name, to tell whether the right one came."""
        self._http = RawHttp(address)
        self._name = uuid.uuid4().hex
        self._texts = texts

    async def say(self, message: Message) -> Said:
        """See Person."""
        began = perf_counter()
        async with asyncio.timeout(TURN_SECONDS):
            frame = {"sender": self._name, "message": message.text}
            status, body = await self._http.post("/webhooks/rest/webhook", frame)
        seconds = perf_counter() - began
        if status != 200:
            raise BadTurnError(f"status {status}")
        said = [reply.get("text") for reply in json.loads(body)]
        return Said(seconds, self._texts.get(message.reaction) in said)

    async def leave(self) -> None:
        """See Person."""
        await self._http.close()


class WebPerson:
    """Writes through the web chat's socket, as the page does."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    @classmethod
    async def join(cls, address: str) -> "WebPerson":
        """Begins a chat and waits for its first words. Raises BadTurnError."""
        async with RawHttp(address) as http:
            for _ in range(TRIES):
                status, body = await http.post("/chat/sessions", {})
                if status != TOO_FAST:
                    break
                await asyncio.sleep(PAUSE_SECONDS)  # all our people come from one address
        if status != 201:
            raise BadTurnError(f"status {status}")
        socket = await connect(address.replace("http", "ws", 1) + "/chat/ws", compression=None, proxy=None)
        await socket.send(json.dumps({"type": "hello", "token": json.loads(body)["token"]}))
        person = cls(socket)
        async with asyncio.timeout(TURN_SECONDS):
            while (await person._next())["type"] != "message":  # the welcome
                pass
        return person

    async def say(self, message: Message) -> Said:
        """See Person. The end is the frame that says so, after the replies."""
        own, began, accepted, answers = uuid.uuid4().hex, perf_counter(), None, []
        await self._socket.send(json.dumps({"type": "say", "id": own, "text": message.text}))
        async with asyncio.timeout(TURN_SECONDS):
            while True:
                frame = await self._next()
                match frame["type"]:
                    case "accepted":
                        accepted = perf_counter() - began
                    case "message" if frame.get("re") == own:
                        answers.append(str(frame.get("answer")))
                        shown = frame["id"]
                    case "turn" if frame["id"] == own:
                        seconds = perf_counter() - began
                        break
        if not answers:
            raise BadTurnError("no answer before the end of the turn")
        await self._socket.send(json.dumps({"type": "seen", "id": shown}))
        return Said(seconds, is_right(answers, message.reaction), accepted)

    async def leave(self) -> None:
        """See Person."""
        await self._socket.close()

    async def _next(self) -> dict[str, Any]:
        frame = json.loads(await self._socket.recv())
        if frame.get("type") == "error":
            raise BadTurnError(f"error: {frame.get('code')}")
        return dict(frame)


def is_right(answers: list[str], reaction: str) -> bool:
    """Whether the answer that the rules give came; an action's answers carry its name."""
    if reaction.startswith("action_"):
        name = reaction.removeprefix("action_")
        return any(answer.startswith("utter_") and name in answer for answer in answers)
    return reaction in answers
