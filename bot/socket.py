"""One connection of the web chat: frames in are stored, rows are shown, and the page says what it has seen."""

import asyncio
import contextlib
import json
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.websockets import WebSocket, WebSocketDisconnect

from bot import frames
from bot.limits import MAX_LENGTH, Limits, Verdict
from bot.service import ConversationService
from programme import conversation as conversations
from programme import outbox, reply, transcript
from programme.context import Context
from programme.turn import ClosedError, Incoming, UnknownButtonError
from storage.database import BusyError
from storage.enums import MessageKind, Owner

log = structlog.get_logger()

HELLO_SECONDS = 15
LOOK_SECONDS = 1.0
TYPING_SECONDS = 3.0
LONGEST_FRAME = 64 * 1024  # characters: a message of 2,000 fits many times, however it is written
LONGEST_KEPT = 20_000  # characters of a message that is over the limit but speaks of danger


class ChatSocket:
    """Serves one WebSocket from hello to goodbye."""

    def __init__(
        self,
        ctx: Context,
        service: ConversationService,
        limits: Limits,
        words: Callable[[str], str],
        socket: WebSocket,
    ) -> None:
        self._ctx = ctx
        self._service = service
        self._limits = limits
        self._words = words  # of an error code
        self._socket = socket
        self._address = socket.client.host if socket.client else ""
        self._conversation = ""
        self._seq = 0
        self._owner: Owner | None = None
        self._typing_at: datetime | None = None  # when a worker's typing was last told
        self._typed_at = float("-inf")
        self._asked: dict[str, None] = {}  # accepted ids whose end is still to be told, in order
        self._told: set[str] = set()  # a turn's end is told once a connection
        self._news = asyncio.Event()

    async def serve(self) -> None:
        """Returns when the connection has ended."""
        await self._socket.accept()
        with contextlib.suppress(WebSocketDisconnect):
            try:
                if await self._hello():
                    await self._talk()
            except (SQLAlchemyError, BusyError) as error:  # the database is away: the page comes back by itself
                log.error("socket_failed", error=type(error).__name__)
                await self._error("unavailable", None)
                await self._socket.close(1011)

    async def _hello(self) -> bool:
        try:
            frame = frames.FRAME.validate_json(await asyncio.wait_for(self._socket.receive_text(), HELLO_SECONDS))
        except (ValidationError, TimeoutError, KeyError):
            await self._refuse("bad_frame")
            return False
        if not isinstance(frame, frames.Hello):
            await self._refuse("bad_frame")
            return False
        found = await asyncio.to_thread(conversations.find_by_token, self._ctx, frame.token)
        if found is None:
            await self._refuse("unknown_session")
            return False
        self._conversation = found
        self._seq = await asyncio.to_thread(transcript.position, self._ctx, found, frame.last_seen)
        self._asked = dict.fromkeys(await asyncio.to_thread(transcript.unfinished, self._ctx, found))
        return True

    async def _talk(self) -> None:
        stop = self._service.listen(self._news, self._conversation)
        self._news.set()
        show = asyncio.create_task(self._show())
        hear = asyncio.create_task(self._hear())
        try:
            done, _ = await asyncio.wait({show, hear}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            stop()
            for task in (show, hear):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, WebSocketDisconnect, SQLAlchemyError, BusyError):
                    await task

    async def _show(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):  # wait_for may swallow a cancellation
                    await self._news.wait()
            self._news.clear()
            news = await asyncio.to_thread(
                transcript.news, self._ctx, self._conversation, self._seq, tuple(self._asked)
            )
            if news.owner is not self._owner:
                self._owner = news.owner
                await self._send({"type": "owner", "owner": news.owner.value})
            for line in news.lines:
                await self._send(frames.message(line))
                self._seq = line.seq
            # After what was said: a reply takes the sign of typing away, so that this one is of what comes next.
            if news.typing_at is not None and news.typing_at != self._typing_at:
                await self._send({"type": "typing"})
            self._typing_at = news.typing_at
            for ended in news.ended:
                self._asked.pop(ended, None)
                self._told.add(ended)
                await self._send({"type": "turn", "id": ended})

    async def _hear(self) -> None:
        while True:
            text = await self._receive()
            frame = self._read(text)
            if not isinstance(frame, frames.Say | frames.Choose) and not await self._may_signal():
                continue
            if frame is None:
                await self._error("too_long" if len(text) > LONGEST_FRAME else "bad_frame", _id_of(text))
                continue
            try:
                await self._take(frame)
            except WebSocketDisconnect:
                raise
            except UnknownButtonError:
                await self._error("bad_frame", getattr(frame, "id", None))
            except ClosedError:
                await self._refuse("unknown_session")
                return
            except Exception as error:  # a database that is away: the page keeps the message and sends it again
                log.error("frame_failed", error=type(error).__name__)
                await self._error("unavailable", getattr(frame, "id", None))

    def _read(self, text: str) -> frames.Frame | None:
        if len(text) > LONGEST_FRAME:
            return None
        try:
            return frames.FRAME.validate_json(text)
        except ValidationError:
            return None

    async def _may_signal(self) -> bool:
        """Whether what is no message may come as often as this; that it may not is said once."""
        verdict = self._limits.signal(self._conversation)
        if verdict is Verdict.TELL:
            await self._error("too_fast", None)
        return verdict is Verdict.PASSED

    async def _receive(self) -> str:
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1000))
        return message.get("text") or ""

    async def _take(self, frame: frames.Frame) -> None:
        match frame:
            case frames.Say():
                text = frame.text.strip()
                if not text:
                    await self._error("bad_frame", frame.id)
                elif len(frame.text) <= MAX_LENGTH or self._is_urgent(text):
                    await self._accept(Incoming(frame.id, MessageKind.TEXT, text[:LONGEST_KEPT]))
                else:
                    await self._error("too_long", frame.id)
            case frames.Choose():
                await self._accept(Incoming(frame.id, MessageKind.CHOICE, payload=frame.payload))
            case frames.Seen():
                await asyncio.to_thread(outbox.mark_seen, self._ctx, self._conversation, frame.id)
            case frames.Typing():
                await self._note_typing()
            case _:
                pass  # a second hello changes nothing

    async def _note_typing(self) -> None:
        """For a worker's screen; seldom enough that nobody's keyboard keeps the database busy."""
        now = time.monotonic()
        if now - self._typed_at < TYPING_SECONDS:
            return
        self._typed_at = now
        if await asyncio.to_thread(reply.typing, self._ctx, self._conversation, "person"):
            self._service.hint(self._conversation)

    async def _accept(self, incoming: Incoming) -> None:
        verdicts = (self._limits.message(self._conversation), self._limits.address(self._address))
        passes = verdicts == (Verdict.PASSED, Verdict.PASSED)
        if not passes and not self._is_urgent(incoming.text or ""):
            await self._error("too_fast", incoming.channel_message_id)
            return
        accepted = await self._service.accept(self._conversation, incoming)
        if incoming.channel_message_id not in self._told:
            self._asked[incoming.channel_message_id] = None  # before its turn can end: the end wakes us
        if not accepted.new:
            self._news.set()  # it may have ended long ago
        await self._send({"type": "accepted", "id": incoming.channel_message_id})
        if self._owner is not Owner.WORKER:
            await self._send({"type": "typing"})

    def _is_urgent(self, text: str) -> bool:
        """Danger is heard beyond the limits of length and pace, up to a limit of its own."""
        if not text or not self._service.speaks_of_danger(text):
            return False
        return self._limits.danger(self._conversation) is Verdict.PASSED

    async def _error(self, code: str, about: str | None) -> None:
        frame = {"type": "error", "code": code, "text": self._words(code)}
        await self._send(frame | ({"id": about} if about else {}))

    async def _refuse(self, code: str) -> None:
        await self._error(code, None)
        await self._socket.close(4400 if code == "bad_frame" else 4401)

    async def _send(self, frame: dict[str, Any]) -> None:
        try:
            await self._socket.send_text(json.dumps(frame, ensure_ascii=False))
        except RuntimeError as error:  # Starlette's way to say that the line is closed
            raise WebSocketDisconnect(1006) from error


def _id_of(text: str) -> str | None:
    """The id that a bad frame carries, so that the page knows which of its messages is meant."""
    with contextlib.suppress(ValueError, AttributeError):
        found = json.loads(text).get("id")
        return found[:64] if isinstance(found, str) else None
    return None
