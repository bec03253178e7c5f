""" "… is typing", shown while a turn is worked on and only where that takes long enough to wonder."""

import asyncio
import contextlib

from telegram.constants import ChatAction
from telegram.error import TelegramError
from telegram.ext import ExtBot

from bot.telegram.background import Background
from programme import turn as turns
from programme.context import Context

PATIENCE = 0.6  # seconds: most answers are there before
LASTS = 4.5  # seconds: Telegram takes the sign away after five
AT_MOST = 10.0  # seconds: by then every turn has ended


class Busy:
    """One sign a chat."""

    def __init__(self, ctx: Context, bot: ExtBot[int], background: Background) -> None:
        self._ctx = ctx
        self._bot = bot
        self._background = background
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def begin(self, chat_id: str, conversation_id: str) -> None:
        """A turn of this chat was stored."""
        self.end(chat_id)
        task = self._background.spawn(self._show(chat_id, conversation_id))
        self._tasks[chat_id] = task
        task.add_done_callback(lambda done: self._forget(chat_id, done))

    def end(self, chat_id: str) -> None:
        """An answer is on its way."""
        if task := self._tasks.pop(chat_id, None):
            task.cancel()

    def _forget(self, chat_id: str, done: "asyncio.Task[None]") -> None:
        if self._tasks.get(chat_id) is done:
            del self._tasks[chat_id]

    async def _show(self, chat_id: str, conversation_id: str) -> None:
        await asyncio.sleep(PATIENCE)
        with contextlib.suppress(TelegramError, TimeoutError):
            async with asyncio.timeout(AT_MOST - PATIENCE):
                # A worker's conversation has no turn in hand: the worker is not "typing" because we stored something.
                while await asyncio.to_thread(turns.in_hand, self._ctx, conversation_id):
                    await self._bot.send_chat_action(chat_id, ChatAction.TYPING)
                    await asyncio.sleep(LASTS)
