"""What Telegram knows: chats, messages, the queue of updates, and the faults that a test has asked for."""

import asyncio
import copy
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

TOKEN = "123456:stand-in-AAAAAAAAAAAAAAAAAAAAAAAAAAA"  # noqa: S105  # of no bot anywhere
BOT = {
    "id": 123456,
    "is_bot": True,
    "first_name": "Stand-in",
    "username": "stand_in_bot",
    "can_join_groups": True,
    "can_read_all_group_messages": False,
    "supports_inline_queries": False,
}
DEFAULT_UPDATES = frozenset({"message", "edited_message", "channel_post", "callback_query", "my_chat_member"})


class ApiError(Exception):
    """An answer with `ok: false`."""

    def __init__(self, code: int, description: str, retry_after: int | None = None) -> None:
        super().__init__(description)
        self.code, self.description, self.retry_after = code, description, retry_after


@dataclass
class Chat:
    """A person's private chat with the bot, or a group that the bot is in."""

    id: int
    type: str = "private"
    name: str = "Sam"
    blocked: bool = False
    member: bool = True
    messages: dict[int, dict[str, Any]] = field(default_factory=dict)
    actions: list[str] = field(default_factory=list)

    @property
    def shape(self) -> dict[str, Any]:
        return {"id": self.id, "type": self.type, "first_name" if self.type == "private" else "title": self.name}


@dataclass
class Fault:
    """What goes wrong with the next `times` calls of a method (and chat, where given)."""

    method: str
    kind: str  # "429", "500", "502", "drop" (nothing done), "drop_after" (done, but the answer is lost), "slow"
    times: int = 1
    chat_id: int | None = None
    retry_after: int = 1
    seconds: float = 1.0


class World:
    """Everything that the server keeps; used from its own event loop only."""

    def __init__(self, token: str = TOKEN, clock: Callable[[], float] = time.time, everybody: bool = False) -> None:
        """`clock`: seconds since 1970; `everybody`: who was never heard of has a chat with the bot too."""
        self.token = token
        self._clock = clock
        self._everybody = everybody
        self.chats: dict[int, Chat] = {}
        self.queue: list[dict[str, Any]] = []
        self.seen_updates: dict[int, dict[str, Any]] = {}
        self.replayed: list[dict[str, Any]] = []
        self.held: list[dict[str, Any]] | None = None
        self.faults: list[Fault] = []
        self.calls: list[dict[str, Any]] = []
        self.queries: dict[str, bool] = {}  # callback query id: answered
        self.toasts: list[str | None] = []
        self.commands: list[dict[str, str]] = []
        self.description = ""
        self.short_description = ""
        self.webhook: dict[str, Any] = {"url": ""}
        self.posted: list[dict[str, Any]] = []
        self.allowed = DEFAULT_UPDATES
        self.confirmed = 0  # the highest offset that was asked for: what lies below is forgotten
        self.news = asyncio.Condition()
        self.poll = 0  # number of the newest getUpdates; an older one that still waits is thrown out
        self._message_ids = itertools.count(1001)
        self._update_ids = itertools.count(700_000_001)
        self._query_ids = itertools.count(1)

    def chat(self, chat_id: object) -> Chat:
        """The chat, as any method that writes to it must find it."""
        try:
            wanted = int(str(chat_id))
            chat = self.person(wanted) if self._everybody else self.chats[wanted]
        except (KeyError, ValueError):
            raise ApiError(400, "Bad Request: chat not found") from None
        if chat.blocked:
            raise ApiError(403, "Forbidden: bot was blocked by the user")
        if not chat.member:
            raise ApiError(403, f"Forbidden: bot is not a member of the {chat.type} chat")
        return chat

    def person(self, chat_id: int, chat_type: str = "private") -> Chat:
        """The chat, begun where there is none."""
        return self.chats.setdefault(chat_id, Chat(chat_id, chat_type))

    def add_message(self, chat: Chat, by_bot: bool, **content: Any) -> dict[str, Any]:
        """A message in a chat, from the bot or from the person."""
        sender = BOT if by_bot else {"id": abs(chat.id), "is_bot": False, "first_name": chat.name}
        message: dict[str, Any] = {
            "message_id": next(self._message_ids),
            "date": int(self._clock()),
            "chat": chat.shape,
            "from": {key: sender[key] for key in ("id", "is_bot", "first_name")},
            **content,
        }
        chat.messages[message["message_id"]] = message
        return message

    async def add_update(self, kind: str, content: dict[str, Any]) -> int | None:
        """Queues an update of an allowed kind; its id."""
        if kind not in self.allowed:
            return None
        update: dict[str, Any] = {"update_id": next(self._update_ids), kind: copy.deepcopy(content)}
        self.seen_updates[update["update_id"]] = update
        async with self.news:
            (self.queue if self.held is None else self.held).append(update)
            self.news.notify_all()
        return int(update["update_id"])

    async def replay(self, update_ids: list[int]) -> None:
        """Delivers updates again under their old ids, as after a confirmation that was lost."""
        async with self.news:
            self.replayed += [self.seen_updates[each] for each in update_ids]
            self.news.notify_all()

    async def release(self, order: list[int]) -> None:
        """Lets held updates out, these first and in this order."""
        async with self.news:
            held, self.held = self.held or [], None
            held.sort(key=lambda update: order.index(update["update_id"]) if update["update_id"] in order else 10**9)
            self.queue += held
            self.news.notify_all()

    def new_query(self) -> str:
        """The id of a tap."""
        query = str(next(self._query_ids))
        self.queries[query] = False
        return query

    def fault_for(self, method: str, chat_id: object) -> Fault | None:
        """The fault that this call meets, used up by it."""
        for fault in self.faults:
            wanted = fault.method in (method, "*") and (fault.chat_id is None or str(fault.chat_id) == str(chat_id))
            if wanted and fault.times > 0:
                fault.times -= 1
                return fault
        return None
