"""One person's chat with us, through the doors that people use: what they send goes through the real intake."""

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Any

from sqlmodel import col, select
from telegram import Update

from bot.service import ConversationService
from bot.telegram.inbox import Inbox
from programme import conversation as conversations
from programme import outbox
from programme import turn as turns
from programme.context import Context
from programme.turn import ClosedError, Incoming, UnknownButtonError
from storage import message as messages
from storage.enums import Channel, MessageKind, OutState
from storage.message import ButtonToken

PATIENCE = 30.0  # real seconds for one turn
SHOWN = (OutState.SENT, OutState.DELIVERED)
# How people put what has no button where they are, and Telegram's commands.
PHRASES = {
    "book_course": "i want to book a place",
    "confirm_attendance": "yes i will be there",
    "reschedule_booking": "can i change the date",
    "cancel_booking": "please cancel my place",
    "missed_session": "i missed my session",
    "dispute_attendance": "i was there but it says i did not attend",
    "request_human": "can i talk to a person",
    "stop_messages": "stop",
    "ask_what_to_bring": "what do i need to bring",
    "join_waiting_list": "put me on the waiting list",
    "decline_programme": "i do not want to do this programme",
    "wrong_person": "you have the wrong person",
    "ask_cost": "how much does it cost",
    "affirm": "yes",
}
COMMANDS = {"book_course": "/book", "request_human": "/human", "stop_messages": "/stop"}


@dataclass(frozen=True)
class Button:
    title: str
    payload: str
    intent: str
    values: dict[str, str]


@dataclass(frozen=True)
class Heard:
    """One message of ours as its person has it."""

    answer: str
    buttons: tuple[Button, ...]

    def button(self, intent: str) -> Button | None:
        """The first with this intent."""
        return next((each for each in self.buttons if each.intent == intent), None)


class Doors:
    """What all talks share. `posted`: has what is due in Telegram delivered."""

    def __init__(self, ctx: Context, service: ConversationService, inbox: Inbox, rng: Random, posted: Any) -> None:
        self.ctx, self.service, self.inbox, self.rng, self.posted = ctx, service, inbox, rng, posted
        self.updates = 0


class Talk:
    """`chat`: their number in Telegram; None on the page."""

    def __init__(self, doors: Doors, conversation_id: str, chat: int | None) -> None:
        self.id = conversation_id
        self._doors, self._chat = doors, chat
        self._seq = 0
        self.last: list[Heard] = []  # what was heard at the last look that brought anything

    @classmethod
    async def open(cls, doors: Doors, channel: Channel, chat: int, link: str | None) -> "Talk":
        """Opens the page by a personal link, or presses Start in Telegram."""
        if channel is Channel.WEB:
            opened = await asyncio.to_thread(conversations.open_web, doors.ctx, None, link)
            talk = cls(doors, opened.conversation_id, None)
            await talk.look()
            return talk
        talk = cls(doors, await asyncio.to_thread(conversations.open_telegram, doors.ctx, str(chat)), chat)
        await talk.say(f"/start {link}" if link else "/start")
        return talk

    async def say(self, text: str) -> list[Heard]:
        """Types; what comes back."""
        if self._chat is None:
            return await self._send(Incoming(self._doors.ctx.new_id(), MessageKind.TEXT, text))
        return await self._update({"message": self._message(text)})

    async def press(self, button: Button) -> list[Heard]:
        """Taps; what comes back."""
        if self._chat is None:
            return await self._send(Incoming(self._doors.ctx.new_id(), MessageKind.CHOICE, payload=button.payload))
        sender = self._message("")["from"]
        about = {"id": str(self._doors.updates), "from": sender, "chat_instance": "1", "data": button.payload}
        return await self._update({"callback_query": {**about, "message": self._message("…")}})

    async def mean(self, intent: str) -> list[Heard]:
        """A button that is there, else a command, else words."""
        for heard in reversed(self.last):
            if (button := heard.button(intent)) is not None and not button.values:
                return await self.press(button)
        if self._chat is not None and intent in COMMANDS:
            return await self.say(COMMANDS[intent])
        return await self.say(PHRASES[intent])

    async def leave(self) -> None:
        """They block the bot, and Telegram says so."""
        user = {"id": 1, "is_bot": True, "first_name": "bot"}
        now = int(self._doors.ctx.clock().timestamp())
        change = {
            "chat": {"id": self._chat, "type": "private"},
            "from": self._message("")["from"],
            "date": now,
            "old_chat_member": {"user": user, "status": "member"},
            "new_chat_member": {"user": user, "status": "kicked", "until_date": 0},
        }
        await self._take({"my_chat_member": change})

    async def look(self) -> list[Heard]:
        """What has come since, in order. A page says that it has shown it."""
        new = await asyncio.to_thread(self._read)
        if new:
            self.last = new
        return new

    async def _send(self, incoming: Incoming) -> list[Heard]:
        changed = asyncio.Event()
        stop = self._doors.service.listen(changed, self.id)
        try:
            with suppress(UnknownButtonError, ClosedError):
                await self._doors.service.accept(self.id, incoming)
                if self._doors.rng.random() < 0.02:  # the page did not hear that it was accepted
                    await self._doors.service.accept(self.id, incoming)
                await self._ended(changed)
        finally:
            stop()
        return await self.look()

    async def _update(self, content: dict[str, Any]) -> list[Heard]:
        changed = asyncio.Event()
        stop = self._doors.service.listen(changed, self.id)
        try:
            await self._take(content)
            await self._ended(changed)
        finally:
            stop()
        await self._doors.posted()
        return await self.look()

    async def _take(self, content: dict[str, Any]) -> None:
        self._doors.updates += 1
        update = Update.de_json({"update_id": self._doors.updates, **content}, None)
        await self._doors.inbox.take(update)
        if self._doors.rng.random() < 0.02:  # Telegram did not hear that it was taken
            await self._doors.inbox.take(update)

    async def _ended(self, changed: asyncio.Event) -> None:
        async with asyncio.timeout(PATIENCE):
            changed.clear()
            while await asyncio.to_thread(turns.in_hand, self._doors.ctx, self.id):
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.2):
                        await changed.wait()
                changed.clear()

    def _message(self, text: str) -> dict[str, Any]:
        sender = {"id": self._chat, "is_bot": False, "first_name": "P"}
        chat, now = {"id": self._chat, "type": "private"}, int(self._doors.ctx.clock().timestamp())
        return {"message_id": self._doors.updates + 1, "date": now, "chat": chat, "from": sender, "text": text}

    def _read(self) -> list[Heard]:
        with self._doors.ctx.database.reading() as session:
            rows = messages.after(session, self.id, self._seq)
            if self._chat is not None:  # of a phone only what has arrived, and nothing beyond a gap
                kept = next((place for place, row in enumerate(rows) if row.state is OutState.WAITING), len(rows))
                rows = rows[:kept]
            keys = [row.id for row in rows if row.buttons != "[]"]
            found = session.exec(select(ButtonToken).where(col(ButtonToken.message_id).in_(keys))).all() if keys else []
        tokens = {row.token: row for row in found}
        if not rows:
            return []
        self._seq = rows[-1].seq
        if self._chat is None:
            outbox.mark_seen(self._doors.ctx, self.id, rows[-1].id)
        shown = [row for row in rows if self._chat is None or row.state in SHOWN]
        return [Heard(row.answer or "", _buttons(json.loads(row.buttons), tokens)) for row in shown]


def _buttons(shown: Sequence[dict[str, str]], tokens: dict[str, ButtonToken]) -> tuple[Button, ...]:
    found = []
    for each in shown:
        choice = json.loads(tokens[each["payload"]].choice)
        found.append(Button(each["title"], each["payload"], choice["intent"], choice.get("values", {})))
    return tuple(found)
