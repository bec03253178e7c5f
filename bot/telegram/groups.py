"""Groups and channels: we speak with one person alone, so we say so once and leave."""

import asyncio
import contextlib
from datetime import datetime, timedelta

from telegram.error import TelegramError
from telegram.ext import ExtBot

from programme import notice
from programme.context import Context
from storage.enums import Channel

ONCE_IN = timedelta(minutes=1)  # being let in, and the first message, come together


class Groups:
    """Leaves wherever more than one person can read."""

    def __init__(self, ctx: Context, bot: ExtBot[int]) -> None:
        self._ctx = ctx
        self._bot = bot
        self._left: dict[int, datetime] = {}

    async def refuse(self, chat_id: int) -> None:
        """Says why and leaves; a second call within a minute does nothing."""
        now = self._ctx.clock()
        self._left = {chat: at for chat, at in self._left.items() if at > now - ONCE_IN}
        if chat_id in self._left:
            return
        self._left[chat_id] = now
        text = await asyncio.to_thread(notice.text_of, self._ctx, "notice_group_refused", Channel.TELEGRAM)
        with contextlib.suppress(TelegramError):  # where we may not write, we can still leave
            await self._bot.send_message(chat_id, text)
        try:
            await self._bot.leave_chat(chat_id)
        except TelegramError:
            self._left.pop(chat_id, None)  # the next message there is the next chance
