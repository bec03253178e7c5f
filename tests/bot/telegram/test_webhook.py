"""Updates that Telegram posts to us: only with the secret, and again until they are stored."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import uvicorn
from sqlalchemy.exc import OperationalError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.telegram.connection import TelegramSettings, WebhookSecretMissingError
from launch.stand_in.server import bind
from tests.bot.telegram.conftest import SAM, Bench

SECRET = "a-secret_1"


class Door:
    """The app's address, whose route is the channel's `webhook`."""

    def __init__(self) -> None:
        self.bench: Bench | None = None
        self.socket = bind()
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}/telegram"

    async def take(self, request: Request) -> Response:
        return await self.bench.channel.webhook(request) if self.bench else Response(status_code=503)


@pytest.fixture
async def door() -> Any:

    door = Door()
    app = Starlette(routes=[Route("/telegram", door.take, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", ws="none", lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[door.socket]))
    yield door
    server.should_exit = server.force_exit = True
    await serving


@pytest.fixture
async def posted(door: Door, start: Callable[..., Any]) -> Bench:
    """The app with a webhook, set at Telegram."""
    door.bench = bench = await start(webhook_url=door.url, webhook_secret=SECRET)
    await bench.until(lambda: bench.api.state()["webhook"]["url"])
    return bench


async def test_posted_updates_are_answered_and_nobody_polls(posted: Bench) -> None:
    posted.api.say(SAM, "hello")
    await posted.hears(SAM, "You said: hello")
    assert posted.api.calls("getUpdates") == []
    assert posted.channel.ready


async def test_an_update_is_posted_again_until_it_is_stored(posted: Bench) -> None:
    failures = [OperationalError("", {}, Exception()) for _ in range(2)]
    posted.service.failing = lambda _text: failures.pop() if failures else None
    update = posted.api.say(SAM, "keep this")["update_id"]
    await posted.hears(SAM, "You said: keep this")
    posted.api.replay(update)
    await posted.until(lambda: len(posted.api.state()["posted"]) == 4)
    assert [each["code"] for each in posted.api.state()["posted"]] == [503, 503, 200, 200]
    await posted.settled()
    assert posted.dialogue.texts == ["keep this"]


@pytest.mark.parametrize("headers", [{}, {"X-Telegram-Bot-Api-Secret-Token": "guessed"}])
async def test_without_the_secret_nothing_is_taken(posted: Bench, door: Door, headers: dict[str, str]) -> None:
    forged = {
        "update_id": 1,
        "message": {
            "message_id": 1,
            "date": 0,
            "text": "let me in",
            "chat": {"id": SAM, "type": "private", "first_name": "Sam"},
            "from": {"id": SAM, "is_bot": False, "first_name": "Sam"},
        },
    }
    async with httpx.AsyncClient() as client:
        assert (await client.post(door.url, json=forged, headers=headers)).status_code == 401
        right = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
        assert (await client.post(door.url, json=forged, headers=right)).status_code == 200
    await posted.until(lambda: posted.dialogue.texts == ["let me in"])


async def test_what_cannot_be_read_is_not_asked_for_again(posted: Bench, door: Door) -> None:
    right = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
    async with httpx.AsyncClient() as client:
        for strange in (b"{", b"[]", b'{"update_id": "x", "message": 7}'):
            assert (await client.post(door.url, content=strange, headers=right)).status_code == 200


async def test_going_back_to_polling_takes_the_webhook_away(posted: Bench, start: Callable[..., Any]) -> None:
    await posted.channel.stop()
    polling = await start("two")
    polling.api.say(SAM, "hello")
    await polling.hears(SAM, "You said: hello")
    assert polling.api.state()["webhook"]["url"] == ""


def test_a_webhook_without_a_secret_is_refused() -> None:
    with pytest.raises(WebhookSecretMissingError):
        TelegramSettings("1:a", webhook_url="https://example.org/telegram")


def test_the_settings_never_print_the_token() -> None:
    assert "1:a" not in repr(TelegramSettings("1:a"))
