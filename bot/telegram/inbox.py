"""Updates in: each becomes a stored turn of its conversation, or a notice that says why not."""

import asyncio
from datetime import datetime, timedelta
from typing import Protocol

from telegram import CallbackQuery, ChatMember, ChatMemberUpdated, Message, Update
from telegram.constants import ChatType
from telegram.ext import ExtBot

from bot.limits import Limits, Verdict
from bot.telegram import taps
from bot.telegram.background import Background
from bot.telegram.busy import Busy
from bot.telegram.command import Command, read_command
from bot.telegram.groups import Groups
from bot.telegram.other import EDITED, kind_of
from programme import conversation as conversations
from programme import identity, notice, verification
from programme.context import Context
from programme.outbox import Reply
from programme.safety import Safety
from programme.turn import Accepted, Incoming, UnknownButtonError
from storage.enums import Channel, MessageKind

DOUBLE_TAP = timedelta(seconds=3)
# Danger is heard beyond every limit, as often as a person could mean it.
MEMBERS = (ChatMember.MEMBER, ChatMember.ADMINISTRATOR, ChatMember.OWNER, ChatMember.RESTRICTED)


class Service(Protocol):
    """What the inbox needs of bot/service.py."""

    async def accept(self, conversation_id: str, incoming: Incoming) -> Accepted: ...


class Inbox:
    """`take` returns once the update is stored, so that only then it is confirmed to Telegram."""

    def __init__(
        self,
        ctx: Context,
        service: Service,
        bot: ExtBot[int],
        limits: Limits,
        safety: Safety,
        background: Background,
        busy: Busy,
    ) -> None:
        self._ctx = ctx
        self._service = service
        self._bot = bot
        self._limits = limits
        self._safety = safety
        self._background = background
        self._busy = busy
        self._groups = Groups(ctx, bot)
        self._verdicts: dict[int, Verdict] = {}  # of updates in hand: storing one again does not count it again
        self._tapped: dict[tuple[int, str], datetime] = {}

    async def take(self, update: Update) -> None:
        """Handles one update. Raises whatever kept it from being stored: it is then to be given again."""
        chat = update.effective_chat
        if chat is None:
            return
        if chat.type != ChatType.PRIVATE:
            self._take_group(update, chat.id)
        elif update.my_chat_member:
            await self._take_membership(update.my_chat_member)
        elif update.callback_query:
            await self._take_tap(update.update_id, update.callback_query)
        elif update.edited_message:
            await self._take_edit(update.update_id, update.edited_message)
        elif update.message:
            await self._take_message(update.update_id, update.message)
        self._verdicts.pop(update.update_id, None)

    def _take_group(self, update: Update, chat_id: int) -> None:
        if update.my_chat_member and update.my_chat_member.new_chat_member.status not in MEMBERS:
            return  # we have left
        self._background.spawn(self._groups.refuse(chat_id))

    async def _take_membership(self, change: ChatMemberUpdated) -> None:
        blocked = change.new_chat_member.status == ChatMember.BANNED
        await asyncio.to_thread(identity.set_blocked, self._ctx, Channel.TELEGRAM, str(change.chat.id), blocked)

    async def _take_message(self, update_id: int, message: Message) -> None:
        words = message.text or message.caption or ""
        kind = kind_of(message)
        if not words and kind is None:
            return  # nobody sent it on purpose: a pinned message, a changed setting
        conversation_id = await self._open(message.chat.id)
        command = read_command(message.text or "", self._bot.username)
        if command:
            await self._take_command(update_id, message.chat.id, conversation_id, command)
        elif words:  # a picture's caption too: it is what the person says
            await self._take_words(update_id, message.chat.id, conversation_id, words)
        elif await self._passes(update_id, conversation_id):
            # The pictures of one album come one by one and are answered once.
            once = f"album:{message.media_group_id}" if message.media_group_id else str(update_id)
            other = Incoming(once, MessageKind.OTHER, kind)
            await self._accept(message.chat.id, conversation_id, other)

    async def _take_words(self, update_id: int, chat_id: int, conversation_id: str, words: str) -> None:
        incoming = Incoming(str(update_id), MessageKind.TEXT, words)
        too_long = self._limits.length(conversation_id, words)
        urgent = self._is_danger(words) and self._limits.danger(conversation_id) is Verdict.PASSED
        if urgent or (too_long is Verdict.PASSED and await self._passes(update_id, conversation_id)):
            await self._accept(chat_id, conversation_id, incoming)
        elif too_long is Verdict.TELL:
            await self._say(conversation_id, "notice_too_long", f"long:{update_id}")

    async def _take_edit(self, update_id: int, message: Message) -> None:
        words = message.text or message.caption or ""
        if message.location or not (words or kind_of(message)):
            return  # a shared place that moves is an edit every few seconds
        conversation_id = await self._open(message.chat.id)
        if self._is_danger(words):
            await self._take_words(update_id, message.chat.id, conversation_id, words)
        elif await self._passes(update_id, conversation_id):
            # One answer for all edits of a message, so it goes by the message's id.
            edit = Incoming(f"edit:{message.message_id}", MessageKind.OTHER, EDITED)
            await self._accept(message.chat.id, conversation_id, edit)

    async def _take_command(self, update_id: int, chat_id: int, conversation_id: str, command: Command) -> None:
        if not await self._passes(update_id, conversation_id):
            return
        if command.token and not await self._follow(conversation_id, command.token):
            await self._say(conversation_id, conversations.LINK_OVER.answer, f"link:{update_id}")
        if command.name == "start":
            await self._say(conversation_id, "notice_telegram_welcome", "welcome")
        if command.name in ("help", "privacy"):
            await self._say(conversation_id, f"notice_telegram_{command.name}", f"{command.name}:{update_id}")
        incoming = Incoming(str(update_id), MessageKind.CHOICE, command.text, intent=command.intent)
        await self._accept(chat_id, conversation_id, incoming)

    async def _take_tap(self, update_id: int, query: CallbackQuery) -> None:
        if query.message is None or not query.data:
            self._background.spawn(taps.settle(self._bot, query))
            return
        chat_id, message_id = query.message.chat.id, query.message.message_id
        conversation_id = await self._open(chat_id)
        if not self._is_double((message_id, query.data)) and await self._passes(update_id, conversation_id):
            incoming = Incoming(str(update_id), MessageKind.CHOICE, payload=query.data)
            try:
                await self._accept(chat_id, conversation_id, incoming)
            except UnknownButtonError:
                await self._say(conversation_id, "notice_button_gone", f"gone:{message_id}")
            self._tapped[message_id, query.data] = self._ctx.clock()
        self._background.spawn(taps.settle(self._bot, query))

    def _is_double(self, tap: tuple[int, str]) -> bool:
        """The same button twice in a moment, before its keyboard could be taken away."""
        since = self._ctx.clock() - DOUBLE_TAP
        self._tapped = {key: at for key, at in self._tapped.items() if at > since}
        return tap in self._tapped

    def _is_danger(self, words: str) -> bool:
        return bool(words) and self._safety.check(words) is not None

    async def _passes(self, update_id: int, conversation_id: str) -> bool:
        verdict = self._verdicts.get(update_id) or self._limits.message(conversation_id)
        self._verdicts[update_id] = verdict
        if verdict is Verdict.TELL:
            await self._say(conversation_id, "notice_too_fast", f"fast:{update_id}")
        return verdict is Verdict.PASSED

    async def _follow(self, conversation_id: str, token: str) -> bool:
        return await asyncio.to_thread(verification.open_link, self._ctx, conversation_id, token)

    async def _open(self, chat_id: int) -> str:
        return await asyncio.to_thread(conversations.open_telegram, self._ctx, str(chat_id))

    async def _accept(self, chat_id: int, conversation_id: str, incoming: Incoming) -> None:
        accepted = await self._service.accept(conversation_id, incoming)
        if not accepted.ended:
            self._busy.begin(str(chat_id), conversation_id)

    async def _say(self, conversation_id: str, answer: str, once: str) -> None:
        reply = Reply(answer, unique_key=f"{once}:{conversation_id}")
        await asyncio.to_thread(notice.say, self._ctx, conversation_id, reply)
