"""Somebody who tries the assistant for the stage: over the web chat's real socket, or in Telegram."""

import asyncio
import itertools
import json
import uuid
from typing import Any

import httpx
from websockets.asyncio.client import connect

from launch.demo.until import until
from launch.stand_in import person
from launch.stand_in.world import World

ANSWER_SECONDS = 15.0
_chats = itertools.count(90_001)


class WebVisitor:
    """A chat of its own at `address`; what is said is kept with its ids, to be sent again."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._token = ""
        self.conversation = ""
        self.sent: list[dict[str, str]] = []

    async def enter(self) -> None:
        """Begins a chat, as the page does."""
        async with httpx.AsyncClient(trust_env=False, timeout=ANSWER_SECONDS) as client:
            told = (await client.post(f"{self._address}/chat/sessions", json={})).raise_for_status().json()
        self.conversation, self._token = told["session"], told["token"]

    async def say(self, text: str) -> str:
        """Sends it under a new id; the words that came in answer. Raises TimeoutError, OSError."""
        frame = {"type": "say", "id": str(uuid.uuid4()), "text": text}
        self.sent.append(frame)
        return await self._talk([frame])

    async def send_again(self, times: int) -> int:
        """Everything that was said, under the same ids, so many times; how many frames that were."""
        for _ in range(times):
            await self._talk(self.sent)
        return times * len(self.sent)

    async def _talk(self, frames: list[dict[str, str]]) -> str:
        """Until each of them is said to be answered; what came with it."""
        heard: dict[str, str] = {}
        waited = {frame["id"] for frame in frames}
        async with (
            asyncio.timeout(ANSWER_SECONDS),
            connect(f"ws{self._address[4:]}/chat/ws", proxy=None) as socket,
        ):
            await socket.send(json.dumps({"type": "hello", "token": self._token}))
            for frame in frames:
                await socket.send(json.dumps(frame))
            while waited:
                told: dict[str, Any] = json.loads(await socket.recv())
                if told["type"] == "message" and told.get("re"):
                    heard[told["re"]] = told["text"]
                if told["type"] == "turn":
                    waited.discard(told["id"])
        return heard.get(frames[-1]["id"], next(reversed(heard.values()), ""))


class TelegramVisitor:
    """A chat of its own in the stand-in; used from the stand-in's event loop."""

    def __init__(self, world: World, chat: int | None = None) -> None:
        self._world = world
        self.chat = chat or next(_chats)
        self.updates: list[int] = []

    async def say(self, text: str) -> str:
        """Writes; the bot's next words. Raises TimeoutError."""
        before = len(self._heard())
        self.updates.append((await person.say(self._world, self.chat, text))["update_id"])

        async def heard() -> list[str]:
            return self._heard()[before:]

        return (await until(heard, ANSWER_SECONDS))[0]

    def _heard(self) -> list[str]:
        said = self._world.person(self.chat).messages.values()
        return [each.get("text", "") for each in said if each["from"]["is_bot"]]
