"""The Bot API's methods, with its own checks and its own error texts."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from launch.stand_in.world import BOT, DEFAULT_UPDATES, ApiError, Chat, World

Params = Mapping[str, Any]
NOT_MODIFIED = (
    "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a "
    "current content and reply markup of the message"
)
TOO_OLD = "Bad Request: query is too old and response timeout expired or query ID is invalid"
WEBHOOK_ACTIVE = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)
OTHER_POLLER = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"


async def get_me(_world: World, _params: Params) -> Any:
    return BOT


async def get_updates(world: World, params: Params) -> Any:
    """Long polling: one asks at a time, an offset confirms what lies before it, an empty queue is waited for."""
    if world.webhook["url"]:
        raise ApiError(409, WEBHOOK_ACTIVE)
    if "allowed_updates" in params:
        world.allowed = frozenset(_json(params["allowed_updates"])) or DEFAULT_UPDATES
    offset, limit = int(params.get("offset") or 0), int(params.get("limit") or 100)
    async with world.news:
        world.poll += 1
        mine = world.poll
        world.news.notify_all()  # whoever asked before is thrown out
        if offset > 0:
            world.confirmed = max(world.confirmed, offset)
            world.queue = [update for update in world.queue if update["update_id"] >= offset]
        try:
            async with asyncio.timeout(float(params.get("timeout") or 0)):
                await world.news.wait_for(lambda: world.queue or world.replayed or world.poll != mine)
        except TimeoutError:
            return []
        if world.poll != mine:
            raise ApiError(409, OTHER_POLLER)
        again, world.replayed = world.replayed, []
        return (again + world.queue)[:limit]


async def send_message(world: World, params: Params) -> Any:
    chat = world.chat(params.get("chat_id"))
    text = str(params.get("text") or "")
    if not text.strip():
        raise ApiError(400, "Bad Request: message text is empty")
    if len(text.encode("utf-16-le")) // 2 > 4096:
        raise ApiError(400, "Bad Request: message is too long")
    preview = _json(params.get("link_preview_options") or "{}")
    content: dict[str, Any] = {"text": text, "link_preview_options": preview}
    return world.add_message(chat, by_bot=True, **content, **_markup(params))


async def send_document(world: World, params: Params) -> Any:
    chat = world.chat(params.get("chat_id"))
    document = params.get("document")
    if isinstance(document, str):
        document = params.get(document.removeprefix("attach://"))
    if not isinstance(document, dict) or not document["content"]:
        raise ApiError(400, "Bad Request: there is no document in the request")
    if len(str(params.get("caption") or "")) > 1024:
        raise ApiError(400, "Bad Request: message caption is too long")
    shape = {
        "file_id": f"file{len(chat.messages)}",
        "file_unique_id": f"unique{len(chat.messages)}",
        "file_name": document["file_name"],
        "file_size": len(document["content"]),
    }
    message = world.add_message(chat, by_bot=True, document=shape, caption=str(params.get("caption") or ""))
    message["content"] = document["content"]  # for the test alone; Telegram has a method to fetch it
    return {key: value for key, value in message.items() if key != "content"}


async def answer_callback_query(world: World, params: Params) -> Any:
    query, text = str(params.get("callback_query_id")), params.get("text")
    if world.queries.get(query, True):
        raise ApiError(400, TOO_OLD)
    if text and len(str(text)) > 200:
        raise ApiError(400, "Bad Request: MESSAGE_TOO_LONG")
    world.queries[query] = True
    world.toasts.append(text)
    return True


async def edit_message_reply_markup(world: World, params: Params) -> Any:
    chat = world.chat(params.get("chat_id"))
    message = chat.messages.get(int(params.get("message_id") or 0))
    if message is None:
        raise ApiError(400, "Bad Request: message to edit not found")
    if message["from"]["id"] != BOT["id"]:
        raise ApiError(400, "Bad Request: message can't be edited")
    markup = _markup(params)
    if markup.get("reply_markup") == message.get("reply_markup"):
        raise ApiError(400, NOT_MODIFIED)
    message.pop("reply_markup", None)
    message.update(markup)
    return message


async def send_chat_action(world: World, params: Params) -> Any:
    world.chat(params.get("chat_id")).actions.append(str(params["action"]))
    return True


async def leave_chat(world: World, params: Params) -> Any:
    chat = world.chat(params.get("chat_id"))
    if chat.type == "private":
        raise ApiError(400, "Bad Request: chat member status can't be changed in private chats")
    chat.member = False
    await world.add_update("my_chat_member", membership(chat, "member", "left"))
    return True


async def set_my_commands(world: World, params: Params) -> Any:
    commands = _json(params.get("commands") or "[]")
    for each in commands:
        if not re.fullmatch(r"[a-z0-9_]{1,32}", each["command"]):
            raise ApiError(400, "Bad Request: BOT_COMMAND_INVALID")
        if not 1 <= len(each["description"]) <= 256:
            raise ApiError(400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
    world.commands = commands
    return True


async def get_my_commands(world: World, _params: Params) -> Any:
    return world.commands


async def set_my_description(world: World, params: Params) -> Any:
    world.description = _short_enough(str(params.get("description") or ""), 512)
    return True


async def get_my_description(world: World, _params: Params) -> Any:
    return {"description": world.description}


async def set_my_short_description(world: World, params: Params) -> Any:
    world.short_description = _short_enough(str(params.get("short_description") or ""), 120)
    return True


async def get_my_short_description(world: World, _params: Params) -> Any:
    return {"short_description": world.short_description}


async def set_webhook(world: World, params: Params) -> Any:
    """Plain http is taken, as a self-hosted Bot API server takes it; the real one wants https."""
    url, secret = str(params.get("url") or ""), str(params.get("secret_token") or "")
    if url and not re.match(r"https?://", url):
        raise ApiError(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
    if secret and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret):
        raise ApiError(400, "Bad Request: secret token contains unallowed characters")
    if "allowed_updates" in params:
        world.allowed = frozenset(_json(params["allowed_updates"])) or DEFAULT_UPDATES
    async with world.news:
        world.webhook = {"url": url, "secret": secret}
        world.news.notify_all()
    return True


async def delete_webhook(world: World, params: Params) -> Any:
    async with world.news:
        world.webhook = {"url": ""}
        if str(params.get("drop_pending_updates")).lower() == "true":
            world.queue.clear()
    return True


def membership(chat: Chat, old: str, new: str) -> dict[str, Any]:
    """What an update of `my_chat_member` says."""
    person = {"id": abs(chat.id), "is_bot": False, "first_name": chat.name}
    bot = {key: BOT[key] for key in ("id", "is_bot", "first_name", "username")}
    return {
        "chat": chat.shape,
        "from": person,
        "date": 1_790_000_000,
        "old_chat_member": {"user": bot, "status": old, **({"until_date": 0} if old == "kicked" else {})},
        "new_chat_member": {"user": bot, "status": new, **({"until_date": 0} if new == "kicked" else {})},
    }


def _markup(params: Params) -> dict[str, Any]:
    if not params.get("reply_markup"):
        return {}
    markup = _json(params["reply_markup"])
    rows = markup.get("inline_keyboard", [])
    if sum(len(row) for row in rows) > 100:
        raise ApiError(400, "Bad Request: reply markup is too long")
    for button in (button for row in rows for button in row):
        if not button.get("text"):
            raise ApiError(400, 'Bad Request: can\'t parse inline keyboard button: Field "text" must be non-empty')
        if "callback_data" not in button and "url" not in button:
            raise ApiError(
                400,
                "Bad Request: can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
            )
        if "callback_data" in button and not 1 <= len(button["callback_data"].encode()) <= 64:
            raise ApiError(400, "Bad Request: BUTTON_DATA_INVALID")
    return {"reply_markup": markup} if any(rows) else {}


def _json(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise ApiError(400, "Bad Request: can't parse JSON object") from None


def _short_enough(text: str, most: int) -> str:
    if len(text) > most:
        raise ApiError(400, "Bad Request: description is too long")
    return text


METHODS: dict[str, Callable[[World, Params], Awaitable[Any]]] = {
    name.lower().replace("_", ""): method for name, method in globals().items() if asyncio.iscoroutinefunction(method)
}
