"""What people do in Telegram, as a test asks for it: they write, tap, edit, send things, block the bot, make groups."""

import copy
from typing import Any

from launch.stand_in.methods import membership
from launch.stand_in.world import World

FILE = {"file_id": "f", "file_unique_id": "u"}
THINGS: dict[str, dict[str, Any]] = {
    "voice": {"voice": {**FILE, "duration": 3}},
    "audio": {"audio": {**FILE, "duration": 3}},
    "video_note": {"video_note": {**FILE, "length": 240, "duration": 3}},
    "video": {"video": {**FILE, "width": 10, "height": 10, "duration": 3}},
    "animation": {
        "animation": {**FILE, "width": 10, "height": 10, "duration": 3},
        "document": {**FILE, "file_name": "a.mp4"},
    },
    "photo": {"photo": [{**FILE, "width": 10, "height": 10}]},
    "sticker": {
        "sticker": {
            **FILE,
            "type": "regular",
            "width": 10,
            "height": 10,
            "is_animated": False,
            "is_video": False,
        }
    },
    "document": {"document": {**FILE, "file_name": "letter.pdf"}},
    "location": {"location": {"latitude": 51.45, "longitude": -0.97}},
    "venue": {
        "location": {"latitude": 51.45, "longitude": -0.97},
        "venue": {"location": {"latitude": 51.45, "longitude": -0.97}, "title": "Library", "address": "1 High Street"},
    },
    "contact": {"contact": {"phone_number": "+447700900123", "first_name": "Sam"}},
    "dice": {"dice": {"emoji": "🎲", "value": 4}},
    "pinned_message": {"pinned_message": {"message_id": 1, "date": 0, "chat": {"id": 1, "type": "private"}}},
}


async def say(world: World, chat_id: int, text: str, chat_type: str = "private") -> dict[str, Any]:
    chat = world.person(chat_id, chat_type)
    chat.blocked = False  # one cannot write to a bot that one blocks
    content: dict[str, Any] = {"text": text}
    if text.startswith("/"):
        content["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text.split(maxsplit=1)[0])}]
    message = world.add_message(chat, by_bot=False, **content)
    return await _told(world, "message", message)


async def send(world: World, chat_id: int, what: str, **extra: Any) -> dict[str, Any]:
    chat = world.person(chat_id)
    message = world.add_message(chat, by_bot=False, **copy.deepcopy(THINGS[what]), **extra)
    return await _told(world, "message", message)


async def edit(world: World, chat_id: int, message_id: int, **content: Any) -> dict[str, Any]:
    message = world.chats[chat_id].messages[message_id]
    message |= {**content, "edit_date": message["date"] + 1}
    return await _told(world, "edited_message", copy.deepcopy(message))


async def tap(
    world: World, chat_id: int, title: str | None, data: str | None, message_id: int | None
) -> dict[str, Any]:
    """A tap on the newest button with this title, or on any data, as a changed client could send it."""
    chat = world.chats[chat_id]
    message, found = _button(chat.messages, title, message_id)
    query = {
        "id": world.new_query(),
        "from": {"id": chat.id, "is_bot": False, "first_name": chat.name},
        "message": copy.deepcopy(message),
        "chat_instance": "1",
        "data": data or found,
    }
    update_id = await world.add_update("callback_query", query)
    return {"update_id": update_id, "message_id": message["message_id"], "query": query["id"]}


def _button(messages: dict[int, Any], title: str | None, message_id: int | None) -> tuple[dict[str, Any], str]:
    for message in reversed([messages[message_id]] if message_id else list(messages.values())):
        for row in message.get("reply_markup", {}).get("inline_keyboard", []):
            for button in row:
                if title is None or button["text"] == title:
                    return message, button["callback_data"]
    if message_id and title is None:
        return messages[message_id], ""
    raise LookupError(title)


async def block(world: World, chat_id: int, blocked: bool) -> dict[str, Any]:
    chat = world.person(chat_id)
    chat.blocked = blocked
    old, new = ("member", "kicked") if blocked else ("kicked", "member")
    return {"update_id": await world.add_update("my_chat_member", membership(chat, old, new))}


async def add_to(world: World, chat_id: int, chat_type: str) -> dict[str, Any]:
    """The bot is made a member of a group or channel."""
    chat = world.person(chat_id, chat_type)
    chat.member = True
    status = "administrator" if chat_type == "channel" else "member"
    change = membership(chat, "left", status)
    if status == "administrator":
        rights = (
            "can_be_edited is_anonymous can_manage_chat can_delete_messages can_manage_video_chats "
            "can_restrict_members can_promote_members can_change_info can_invite_users can_post_stories "
            "can_edit_stories can_delete_stories can_post_messages"
        )
        change["new_chat_member"] |= dict.fromkeys(rights.split(), True)
    return {"update_id": await world.add_update("my_chat_member", change)}


async def _told(world: World, kind: str, message: dict[str, Any]) -> dict[str, Any]:
    return {"update_id": await world.add_update(kind, message), "message_id": message["message_id"]}
