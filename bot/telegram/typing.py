"""A worker's typing, shown in Telegram as Telegram shows it."""

import asyncio
import contextlib
from datetime import datetime

import structlog
from telegram.constants import ChatAction
from telegram.error import TelegramError
from telegram.ext import ExtBot

from programme import reply
from programme.context import Context
from storage.enums import Channel

log = structlog.get_logger()

LOOK_SECONDS = 1.5
SEND_SECONDS = 5.0


class WorkersTyping:
    """One loop; each sign of typing is passed on once."""

    def __init__(self, ctx: Context, bot: ExtBot[int]) -> None:
        self._ctx = ctx
        self._bot = bot
        self._shown: dict[str, datetime] = {}

    async def run(self) -> None:
        """Never returns; ends by being cancelled."""
        while True:
            try:
                typing = await asyncio.to_thread(reply.typing_on, self._ctx, Channel.TELEGRAM)
            except Exception as error:  # a database that is away for a moment
                log.warning("typing_not_read", error=type(error).__name__)
                typing = {}
            news = [chat for chat, at in typing.items() if self._shown.get(chat) != at]
            self._shown = typing
            for chat in news:
                with contextlib.suppress(TelegramError, TimeoutError):
                    async with asyncio.timeout(SEND_SECONDS):
                        await self._bot.send_chat_action(chat, ChatAction.TYPING)
            await asyncio.sleep(LOOK_SECONDS)
