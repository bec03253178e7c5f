"""The control side as a test holds it: be a person in Telegram, break things, look at what arrived."""

import time
from typing import Any

import httpx

from launch.stand_in.world import TOKEN


class Control:
    """Synchronous; from an async test call it through `asyncio.to_thread` where the code under test must go on.

    Chat ids are those of people (positive) or groups (negative).
    """

    def __init__(self, api_url: str, token: str = TOKEN) -> None:
        self.api_url = api_url
        self.token = token
        self._client = httpx.Client(base_url=api_url, timeout=10)

    def close(self) -> None:
        """Lets the connection go; the server stays."""
        self._client.close()

    def wait_until_up(self, seconds: float = 10) -> None:
        """Returns when the server answers."""
        until = time.monotonic() + seconds
        while True:
            try:
                self.state()
                return
            except httpx.TransportError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.02)

    def say(self, chat_id: int, text: str, chat_type: str = "private") -> dict[str, int]:
        """A person writes. Returns `update_id` and `message_id`."""
        return self._ask("say", chat_id=chat_id, text=text, chat_type=chat_type)

    def send(self, chat_id: int, what: str, **extra: Any) -> dict[str, int]:
        """A person sends a thing: a key of `person.THINGS`."""
        return self._ask("send", chat_id=chat_id, what=what, **extra)

    def edit(self, chat_id: int, message_id: int, **content: Any) -> dict[str, int]:
        """A person changes a message of theirs: `text=…`, or `location=…` for one that moves."""
        return self._ask("edit", chat_id=chat_id, message_id=message_id, **content)

    def tap(
        self, chat_id: int, title: str | None = None, data: str | None = None, message_id: int | None = None
    ) -> dict[str, Any]:
        """A person taps the newest button with this title (of one message, where given), or sends any `data`."""
        return self._ask("tap", chat_id=chat_id, title=title, data=data, message_id=message_id)

    def block(self, chat_id: int, blocked: bool = True) -> dict[str, int]:
        """A person blocks the bot, or lets it in again."""
        return self._ask("block", chat_id=chat_id, blocked=blocked)

    def add_to(self, chat_id: int, chat_type: str) -> dict[str, int]:
        """Somebody adds the bot to a "group", "supergroup" or "channel"."""
        return self._ask("add_to", chat_id=chat_id, chat_type=chat_type)

    def replay(self, *update_ids: int) -> None:
        """Telegram delivers these updates again."""
        self._ask("replay", update_ids=update_ids)

    def hold(self) -> None:
        """From now on updates wait, until `release`."""
        self._ask("hold")

    def release(self, *order: int) -> None:
        """The held updates go out together, these first and in this order."""
        self._ask("release", order=order)

    def fault(self, method: str, kind: str, **more: Any) -> None:
        """The next calls of a method ("*": any) go wrong: see `world.Fault`."""
        self._ask("fault", method=method, kind=kind, **more)

    def chat(self, chat_id: int) -> dict[str, Any]:
        """`messages` (as the Bot API shapes them), `actions`, `member`."""
        return self._ask("chat", chat_id=chat_id)

    def state(self) -> dict[str, Any]:
        """What the server knows of the bot: see `server._control`."""
        return self._ask("state")

    def calls(self, method: str) -> list[dict[str, Any]]:
        """Every call of a method so far: `params`, and the `code` it was answered with (0: broken off)."""
        return [call for call in self.state()["calls"] if call["method"] == method]

    def heard(self, chat_id: int) -> list[dict[str, Any]]:
        """What the bot has said in a chat, in order."""
        return [message for message in self.chat(chat_id)["messages"] if message["from"]["is_bot"]]

    def texts(self, chat_id: int) -> list[str]:
        """The bot's words in a chat, in order."""
        return [message["text"] for message in self.heard(chat_id) if "text" in message]

    def titles(self, message: dict[str, Any]) -> list[list[str]]:
        """The rows of a message's buttons."""
        rows = message.get("reply_markup", {}).get("inline_keyboard", [])
        return [[button["text"] for button in row] for row in rows]

    def wait_for(self, chat_id: int, words: str, seconds: float = 10, after: int = 0) -> dict[str, Any]:
        """The bot's first message with these words (and an id above `after`). Raises TimeoutError with what came."""
        until = time.monotonic() + seconds
        while True:
            heard = self.heard(chat_id)
            for message in heard:
                if words in message.get("text", message.get("caption", "")) and message["message_id"] > after:
                    return message
            if time.monotonic() > until:
                raise TimeoutError(f"{words!r} not among {[m.get('text', m.get('caption')) for m in heard]}")
            time.sleep(0.03)

    def _ask(self, path: str, /, **body: Any) -> Any:
        answer = self._client.post(f"/control/{path}", json=body)
        if answer.status_code == 404:
            raise LookupError(answer.json()["error"])
        answer.raise_for_status()
        return answer.json()
