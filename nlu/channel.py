"""The dialogue's only door: the channel that the app's conversation service speaks.

`POST /webhooks/dialogue/turn`, `/renew`, `/forget` and `GET /health`, JSON, each with the secret that the supervisor
made at start. A turn is answered `{"ok": true, …}` with everything that was said, or `{"ok": false, "reason": code}`:
then nothing of it is stored and it may be sent again under the same id. Nothing that people write is logged.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from rasa.core.channels.channel import UserMessage
from rasa.shared.core.events import BotUttered, UserUttered
from sanic import Blueprint, Request
from sanic.response import HTTPResponse
from sanic.response import json as respond

from nlu.processor import TurnFailed, TurnProcessor, Unheard
from nlu.tracker import RANKED

if TYPE_CHECKING:
    from nlu.locks import SharedLocks

LONGEST_TEXT = 8_000  # the app's own limit is 2,000; this only keeps nonsense out
LONGEST_ID = 200
MOST_SAID = 100
NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
COMMANDS = {"restart", "back", "session_start"}  # Rasa's own intents, which destroy what is in a conversation
REASONS = {"StaleTracker": "stale", "UnreadableTracker": "unreadable", "Busy": "busy"}
NOT_VALUES = {"utter_action", "model_id", "assistant_id", "template", "metadata"}

logger = logging.getLogger(__name__)


class BadRequest(Exception):
    """The request is not one of the channel's; nothing was done."""


class Dialogue:
    """What the channel does, apart from HTTP."""

    def __init__(self, processor: TurnProcessor, locks: SharedLocks | None = None) -> None:
        """`locks`: shared with other Rasa processes; None where this is the only one."""
        self._processor = processor
        self._shared_locks = locks
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}
        self._unheard = Unheard()
        self._going: set[asyncio.Task[Any]] = set()

    @property
    def model(self) -> str:
        return str(self._processor.model_metadata.model_id)

    async def turn(self, frame: dict[str, Any]) -> dict[str, Any]:
        """Answer `{"conversation", "turn", "text" | "intent"+"values", "context"}`. Raises `BadRequest`."""
        message = self._message(frame)

        async def turn() -> dict[str, Any]:
            return await self._take(message)

        return {**await self._safely(message.sender_id, turn), "turn": message.message_id}

    async def renew(self, frame: dict[str, Any]) -> dict[str, Any]:
        """Start a new session for `{"conversation"}` that stands where the last one stood.

        `"said"`: [{"by": "person" | "worker", "text"}, …], what was said without the dialogue. `"settled"`: what it had
        been asking is past, so that its slots and its form are left behind. Raises `BadRequest`.
        """
        conversation, said = _id(frame, "conversation"), _said(frame)
        settled = frame.get("settled") is True

        async def renew() -> dict[str, Any]:
            return {"ok": True, "events": await self._processor.renew(conversation, said, settled)}

        return await self._safely(conversation, renew)

    async def forget(self, frame: dict[str, Any]) -> dict[str, Any]:
        """Delete what is stored of `{"conversation"}`."""
        conversation = _id(frame, "conversation")

        async def forget() -> dict[str, Any]:
            await self._processor.tracker_store.delete(conversation)
            return {"ok": True}

        return await self._safely(conversation, forget)

    async def understand(self, frame: dict[str, Any]) -> dict[str, Any]:
        """What the model makes of `{"text"}`; no conversation knows of it."""
        text = frame.get("text")
        if not isinstance(text, str) or not text.strip():
            raise BadRequest
        try:
            parsed = await self._processor.parse_message(
                UserMessage(text.lstrip("/ ") or " ", input_channel=Unheard.name())
            )
        except Exception as error:
            return _failed("understand", error)
        ranking = parsed.get("intent_ranking") or []
        return {"ok": True, "intent": _ranked(parsed["intent"]), "ranking": [_ranked(one) for one in ranking[:RANKED]]}

    async def health(self) -> dict[str, Any]:
        """`ok` where there is a model and the tracker store answers."""
        try:
            await self._processor.tracker_store.check()
        except Exception as error:
            return _failed("health", error)
        return {"ok": True, "model": self.model, "file": self._processor.model_filename}

    async def finish(self) -> None:
        """Let the turns that are being taken come to their end."""
        if self._going:
            await asyncio.wait(self._going, timeout=10)
        if self._shared_locks:
            await self._shared_locks.close()

    async def _safely(self, conversation: str, work: Callable[[], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
        """Do the work when it is this conversation's turn; to its end, also when the asker has hung up meanwhile."""

        async def locked() -> dict[str, Any]:
            try:
                async with self._lock(conversation):
                    return await work()
            except Exception as error:
                return _failed(work.__name__, error)

        task = asyncio.ensure_future(locked())
        self._going.add(task)
        task.add_done_callback(self._going.discard)
        return await asyncio.shield(task)

    @asynccontextmanager
    async def _lock(self, conversation: str) -> AsyncIterator[None]:
        """One at a time a conversation, first come first served."""
        lock, users = self._locks.get(conversation, (asyncio.Lock(), 0))
        self._locks[conversation] = (lock, users + 1)
        try:
            async with lock:
                if self._shared_locks is None:
                    yield
                else:
                    name = self._processor.tracker_store.name_of(conversation)
                    async with self._shared_locks.lock(name):
                        yield
        finally:
            lock, users = self._locks[conversation]
            if users > 1:
                self._locks[conversation] = (lock, users - 1)
            else:
                del self._locks[conversation]

    async def _take(self, message: UserMessage) -> dict[str, Any]:
        events, replayed = await self._processor.take_turn(message)
        said = next((event for event in events if isinstance(event, UserUttered)), None)
        ranking = said.parse_data.get("intent_ranking", []) if said else []
        return {
            "ok": True,
            "messages": [_spoken(event) for event in events if isinstance(event, BotUttered)],
            "intent": _ranked(said.intent) if said else None,
            "ranking": [_ranked(one) for one in ranking[:RANKED]],
            "told": said.parse_data.get("told", []) if said else [],
            "replayed": replayed,
        }

    def _message(self, frame: dict[str, Any]) -> UserMessage:
        turn, text, intent = _id(frame, "turn"), frame.get("text"), frame.get("intent")
        context, values = frame.get("context", {}), frame.get("values", {})
        if not isinstance(context, dict) or not isinstance(values, dict) or (text is None) == (intent is None):
            raise BadRequest
        return UserMessage(
            **(self._meant(intent, values) if text is None else _typed(text)),
            output_channel=self._unheard,
            sender_id=_id(frame, "conversation"),
            input_channel=Unheard.name(),
            message_id=turn,
            metadata={**context, "turn": turn},
        )

    def _meant(self, intent: Any, values: dict[str, Any]) -> dict[str, Any]:
        """A button's intent: known already, so nothing is left to understand."""
        known = self._processor.domain.intents
        if not isinstance(intent, str) or not NAME.fullmatch(intent) or intent in COMMANDS or intent not in known:
            raise BadRequest
        meant = {"name": intent, "confidence": 1.0}
        text = f"/{intent}{json.dumps(values, ensure_ascii=False) if values else ''}"
        entities = [{"entity": name, "value": value} for name, value in values.items()]
        return {
            "text": text,
            "parse_data": {"text": text, "intent": meant, "entities": entities, "intent_ranking": [meant]},
        }


def _typed(text: Any) -> dict[str, Any]:
    """What a person typed. It is never a command: Rasa takes a leading slash for one."""
    if not isinstance(text, str) or len(text) > LONGEST_TEXT:
        raise BadRequest
    return {"text": text.lstrip("/ \t\r\n\f\v\u00a0")}


def _said(frame: dict[str, Any]) -> list[tuple[str, str]]:
    """Who said what to whom without the dialogue, in order."""
    told = frame.get("said", [])
    if not isinstance(told, list) or len(told) > MOST_SAID:
        raise BadRequest
    said = [(one.get("by"), one.get("text")) if isinstance(one, dict) else (None, None) for one in told]
    if any(by not in ("person", "worker") or not isinstance(text, str) for by, text in said):
        raise BadRequest
    return said


def _id(frame: Any, key: str) -> str:
    value = frame.get(key) if isinstance(frame, dict) else None
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_ID:
        raise BadRequest
    return value


def _ranked(intent: dict[str, Any]) -> dict[str, Any]:
    return {"name": intent.get("name"), "confidence": float(intent.get("confidence") or 0.0)}


def _spoken(event: BotUttered) -> dict[str, Any]:
    """A message as the app wants it: an answer's name and its values, or plain words."""
    told = {key: value for key, value in event.data.items() if value}
    if isinstance(custom := told.get("custom"), dict):
        return {
            "answer": custom.get("answer"),
            "values": custom.get("values") or {},
            "text": custom.get("text"),
            "buttons": custom.get("buttons") or [],
        }
    if name := event.metadata.get("utter_action"):
        values = {key: value for key, value in event.metadata.items() if key not in NOT_VALUES}
        return {"answer": name, "values": values, "text": None, "buttons": told.get("buttons") or []}
    return {"answer": None, "values": {}, "text": event.text, "buttons": told.get("buttons") or []}


def _failed(what: str, error: Exception) -> dict[str, Any]:
    """The frame for something that went wrong. Only kinds of errors are logged: their words may be a person's."""
    if isinstance(error, TurnFailed):
        reason = str(error.args[0])
    elif isinstance(error, TimeoutError):
        reason = "action_timeout"
    else:
        reason = REASONS.get(type(error).__name__, "error")
    logger.warning("%s failed: %s (%s)", what, reason, type(error).__name__)
    return {"ok": False, "reason": reason}


def blueprint(dialogue: Dialogue, secret: str) -> Blueprint:
    """The channel's routes, all of them closed to whoever does not know the secret."""
    routes = Blueprint("dialogue", url_prefix="/webhooks/dialogue")
    expected = f"Bearer {secret}".encode()

    @routes.middleware("request")
    async def let_in(request: Request) -> HTTPResponse | None:
        given = request.headers.get("authorization", "").encode()
        return None if hmac.compare_digest(given, expected) else respond({"ok": False, "reason": "secret"}, 401)

    async def answer(request: Request, work: Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]) -> HTTPResponse:
        try:
            return respond(await work(json.loads(request.body)))
        except (BadRequest, ValueError):
            return respond({"ok": False, "reason": "bad_request"}, 400)

    @routes.post("/turn")
    async def turn(request: Request) -> HTTPResponse:
        return await answer(request, dialogue.turn)

    @routes.post("/understand")
    async def understand(request: Request) -> HTTPResponse:
        return await answer(request, dialogue.understand)

    @routes.post("/renew")
    async def renew(request: Request) -> HTTPResponse:
        return await answer(request, dialogue.renew)

    @routes.post("/forget")
    async def forget(request: Request) -> HTTPResponse:
        return await answer(request, dialogue.forget)

    @routes.get("/health")
    async def health(_: Request) -> HTTPResponse:
        found = await dialogue.health()
        return respond(found, 200 if found["ok"] else 503)

    return routes
