"""Asking the dialogue server: one turn in, replies out, or a clear failure within seconds."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from programme.answers import ButtonSpec
from programme.meanwhile import Meanwhile
from programme.outbox import Reply
from programme.turn import Turn

TOP = 5
CHANNEL = "/webhooks/dialogue"
KNOCK_AGAIN_SECONDS = 0.3


class DialogueError(RuntimeError):
    """The dialogue server did not answer this turn."""


@dataclass(frozen=True)
class Answered:
    replies: tuple[Reply, ...]
    understood: Mapping[str, Any]


class Dialogue:
    """A client of nlu/channel.py. One connection pool a process.

    `where`: the server's address, or what gives it: asked before each question, since a new model may have moved in.
    """

    def __init__(self, where: str | Callable[[], str], secret: str) -> None:
        self._where = where if callable(where) else lambda: where
        self._client = httpx.AsyncClient(
            headers={"Authorization": f"Bearer {secret}"},
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=32),
            trust_env=False,
        )

    async def ask(self, turn: Turn, seconds: float) -> Answered:
        """What to say to this turn. Raises DialogueError: late, gone, wrong or unwilling."""
        body: dict[str, Any] = {"conversation": turn.conversation_id, "turn": turn.id, "context": dict(turn.context)}
        intent = turn.danger or turn.intent
        if intent:
            body |= {"intent": intent, "values": dict(turn.values)}
        else:
            body["text"] = turn.text
        said = await self._post("/turn", body, seconds)
        if not said.get("ok"):
            raise DialogueError(str(said.get("reason", "not ok")))
        try:
            replies = tuple(read_reply(message) for message in said["messages"])
        except (KeyError, TypeError, AttributeError) as error:
            raise DialogueError("bad answer") from error
        understood = {"intent": said.get("intent") or {}, "ranking": (said.get("ranking") or [])[:TOP]}
        return Answered(replies, {**understood, "told": said.get("told") or []})

    async def understand(self, turn: Turn, seconds: float) -> Mapping[str, Any]:
        """What the model makes of a message, without the dialogue moving. Raises DialogueError."""
        said = await self._post("/understand", {"text": turn.text}, seconds)
        if not said.get("ok"):
            raise DialogueError(str(said.get("reason", "not ok")))
        return {"intent": said.get("intent") or {}, "ranking": (said.get("ranking") or [])[:TOP]}

    async def renew(self, conversation_id: str, seconds: float, meanwhile: Meanwhile | None = None) -> None:
        """Begins a new session that keeps the form and its slots; or, after what a worker has settled, one without them
        that knows what was said. Raises DialogueError."""
        body: dict[str, Any] = {"conversation": conversation_id}
        if meanwhile is not None:
            body |= {"said": [{"by": line.by, "text": line.text} for line in meanwhile.lines]}
            body |= {"settled": meanwhile.settled}
        said = await self._post("/renew", body, seconds)
        if not said.get("ok"):
            raise DialogueError(str(said.get("reason", "not ok")))

    async def forget(self, conversation_id: str, seconds: float) -> None:
        """Takes the conversation out of the dialogue server's store. Raises DialogueError."""
        said = await self._post("/forget", {"conversation": conversation_id}, seconds)
        if not said.get("ok"):
            raise DialogueError(str(said.get("reason", "not ok")))

    async def health(self, seconds: float = 2.0) -> bool:
        """Whether the dialogue server and its model answer."""
        try:
            said = await self._client.get(f"{self._where()}{CHANNEL}/health", timeout=seconds)
            return said.status_code == httpx.codes.OK and bool(said.json().get("ok"))
        except (httpx.HTTPError, ValueError):
            return False

    async def close(self) -> None:
        """Gives the connections back."""
        await self._client.aclose()

    async def _post(self, path: str, body: Mapping[str, Any], seconds: float) -> Mapping[str, Any]:
        try:
            said = await self._send(path, body, seconds)
            said.raise_for_status()
            content = said.json()
        except (httpx.HTTPError, ValueError) as error:
            raise DialogueError(type(error).__name__) from None
        if not isinstance(content, dict):
            raise DialogueError("bad answer")
        return content

    async def _send(self, path: str, body: Mapping[str, Any], seconds: float) -> httpx.Response:
        """Once; or again where nobody let us in, as in the moment when a server moves out: nobody has heard it then."""
        try:
            return await self._client.post(f"{self._where()}{CHANNEL}{path}", json=body, timeout=seconds)
        except httpx.ConnectError:
            await asyncio.sleep(KNOCK_AGAIN_SECONDS)
            return await self._client.post(f"{self._where()}{CHANNEL}{path}", json=body, timeout=seconds)


def read_reply(message: Mapping[str, Any]) -> Reply:
    """What an action said, as it comes from the dialogue. Raises KeyError, TypeError, AttributeError."""
    answer = message["answer"]
    if not isinstance(answer, str):  # words of Rasa's own are not ours to say
        raise TypeError(type(answer).__name__)
    return Reply(
        answer=answer,
        values=message.get("values") or {},
        buttons=tuple(
            ButtonSpec(
                intent=button["intent"],
                label=button.get("label"),
                title=button.get("title"),
                values=button.get("values") or {},
                carries=button.get("with") or {},
            )
            for button in message.get("buttons") or []
        ),
    )
