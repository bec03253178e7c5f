"""Somebody in Telegram: writes, taps, and reads what the bot says next."""

import itertools
from typing import Any

from tests.telegram_api import Control

SECONDS = 20.0
_chats = itertools.count(70_001)


class TelegramPerson:
    """A chat of its own. `last`: the newest message that has been read; what is waited for comes after it."""

    def __init__(self, api: Control) -> None:
        self.api = api
        self.chat = next(_chats)
        self.last: dict[str, Any] = {"message_id": 0}

    def say(self, text: str, words: str) -> str:
        """Writes; the bot's next message with these words."""
        self.api.say(self.chat, text)
        return self.hear(words)

    def tap(self, title: str, words: str) -> str:
        """Taps the newest button with this title; the bot's next message with these words."""
        self.api.tap(self.chat, title)
        return self.hear(words)

    def hear(self, words: str, seconds: float = SECONDS) -> str:
        """Waits for the bot's next message with these words."""
        self.last = self.api.wait_for(self.chat, words, seconds, self.last["message_id"])
        return str(self.last.get("text", self.last.get("caption", "")))

    def titles(self) -> list[str]:
        """The buttons of the message that was read last."""
        return [title for row in self.api.titles(self.last) for title in row]

    def texts(self) -> list[str]:
        """All that the bot said."""
        return self.api.texts(self.chat)
