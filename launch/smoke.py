"""The last look at a dialogue server before people talk to it: it has the right model, and answers as one should."""

import asyncio
import json
import secrets
from collections.abc import Mapping
from typing import Any

from launch.child import Child, exchange
from programme.rules.danger import DANGERS

SECONDS = 10.0  # for each question
DANGER = "i want to kill myself"
WISH, WISHED = "i want to book a place on the course", "book_course"
QUESTION = "am i talking to a robot or a real person"


class SmokeError(RuntimeError):
    """A server that is to go live does not answer as it should; the argument says what it does."""


async def check_server(child: Child, model: str) -> None:
    """Asks its name, what it understands, and for a whole turn with action server and store. Raises SmokeError."""
    base = child.health.rpartition("/")[0]
    try:
        told = await _ask(child, f"{base}/health")
        if told.get("file") != model:
            raise SmokeError(f"serves {told.get('file')}, not {model}")
        if (meant := await _meaning(child, base, DANGER)) not in DANGERS:
            raise SmokeError(f"takes a cry for help for {meant}")
        if (meant := await _meaning(child, base, WISH)) != WISHED:
            raise SmokeError(f"takes the wish to book for {meant}")
        await _take_turn(child, base)
    except (OSError, ValueError, TimeoutError, asyncio.IncompleteReadError, KeyError, TypeError) as error:
        raise SmokeError(f"does not answer ({type(error).__name__})") from None


async def _meaning(child: Child, base: str, text: str) -> object:
    told = await _ask(child, f"{base}/understand", {"text": text})
    if not told.get("ok"):
        raise SmokeError(f"understands nothing ({told.get('reason')})")
    return told["intent"]["name"]


async def _take_turn(child: Child, base: str) -> None:
    """A turn of a conversation that nobody has, which is forgotten at once."""
    conversation = f"smoke-{secrets.token_hex(16)}"
    try:
        turn = {"conversation": conversation, "turn": secrets.token_hex(16), "text": QUESTION, "context": {}}
        told = await _ask(child, f"{base}/turn", turn)
        if not told.get("ok") or not told.get("messages"):
            raise SmokeError(f"fails at a turn ({told.get('reason', 'no answer')})")
    finally:
        await _ask(child, f"{base}/forget", {"conversation": conversation})


async def _ask(child: Child, address: str, frame: Mapping[str, object] | None = None) -> dict[str, Any]:
    async with asyncio.timeout(SECONDS):
        body = None if frame is None else json.dumps(frame).encode()
        _, content = await exchange(address, child.headers, body)
    told = json.loads(content)
    if not isinstance(told, dict):
        raise ValueError("not a frame")
    return told
