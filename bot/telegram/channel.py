"""The Telegram channel as the app starts and stops it: polling or webhook in, the outbox out."""

import asyncio
import contextlib
import hmac
from collections.abc import Callable
from random import Random
from typing import Protocol

import structlog
from starlette.requests import Request
from starlette.responses import Response
from telegram import Update
from telegram.error import InvalidToken, TelegramError

from bot.limits import Limits
from bot.telegram.background import Background
from bot.telegram.busy import Busy
from bot.telegram.connection import UPDATES, TelegramSettings, make_bot
from bot.telegram.delivery import TelegramDelivery
from bot.telegram.inbox import Inbox
from bot.telegram.inbox import Service as Accepts
from bot.telegram.polling import WRONG_TOKEN_SECONDS, Poller
from bot.telegram.profile import present
from bot.telegram.typing import WorkersTyping
from programme.context import Context
from programme.safety import Safety

log = structlog.get_logger()

CONNECT_SECONDS = (0.5, 1, 2, 5, 10, 30)  # between tries to reach Telegram at the start; the last again and again
PROFILE_TRIES = 3
STOP_SECONDS = 3.0
AGAIN_SECONDS = 3.0
BAD_IN_A_ROW = 3
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name


class Service(Accepts, Protocol):
    """What the channel needs of bot/service.py."""

    def listen(self, event: asyncio.Event, conversation_id: str | None = None) -> Callable[[], None]: ...


class TelegramChannel:
    """`start` returns at once: an app whose Telegram is away serves its web chat all the same."""

    def __init__(
        self,
        ctx: Context,
        service: Service,
        settings: TelegramSettings,
        limits: Limits,
        safety: Safety,
        rng: Random,
    ) -> None:
        self._ctx = ctx
        self._service = service
        self._settings = settings
        self._rng = rng
        self._bot = make_bot(settings)
        self._background = Background()
        busy = Busy(ctx, self._bot, self._background)
        self._inbox = Inbox(ctx, service, self._bot, limits, safety, self._background, busy)
        self._poller = Poller(ctx, self._bot, self._inbox, rng)
        self._delivery = TelegramDelivery(ctx, self._bot, rng, self._background, busy)
        self._connected = False
        self._running: asyncio.Task[None] | None = None

    @property
    def ready(self) -> bool:
        """Whether Telegram answers us."""
        alive = self._running is not None and not self._running.done()
        return alive and self._connected and self._poller.failures < BAD_IN_A_ROW

    @property
    def username(self) -> str | None:
        """The bot's name in links (t.me/<name>?start=…), once Telegram has told it."""
        return self._bot.username if self._connected else None

    async def start(self) -> None:
        """Begins in the background."""
        self._running = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Ends; what is being sent may finish for a few seconds, the rest stays in the outbox."""
        if self._running:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        await self._background.close(STOP_SECONDS)
        with contextlib.suppress(TelegramError):
            await self._bot.shutdown()

    async def webhook(self, request: Request) -> Response:
        """An update that Telegram posts; anything but 200 makes it come again."""
        given = request.headers.get(SECRET_HEADER, "")
        secret = self._settings.webhook_secret or ""
        if not secret or not hmac.compare_digest(given.encode(), secret.encode()):
            return Response(status_code=401)
        if not self._connected:
            return Response(status_code=503)
        try:
            update = Update.de_json(await request.json(), self._bot)
        except Exception as error:  # python-telegram-bot raises what it likes; again and again it would be no better
            log.error("update_not_read", error=type(error).__name__)
            return Response(status_code=200)
        try:
            await self._inbox.take(update)
        except Exception as error:  # not stored, so not acknowledged
            log.error("update_failed", update=update.update_id, error=type(error).__name__)
            return Response(status_code=503)
        return Response(status_code=200)

    async def _run(self) -> None:
        await self._connect()
        stop_listening = self._service.listen(self._delivery.wake)
        try:
            while True:  # a part that ends takes the others with it, and all begin anew
                await self._work()
                await asyncio.sleep(AGAIN_SECONDS)
        finally:
            stop_listening()

    async def _work(self) -> None:
        try:
            async with asyncio.TaskGroup() as parts:
                parts.create_task(self._present())
                parts.create_task(self._delivery.run())
                parts.create_task(WorkersTyping(self._ctx, self._bot).run())
                if self._settings.webhook_url:
                    parts.create_task(self._set_webhook(self._settings.webhook_url))
                else:
                    parts.create_task(self._poller.run())
        except* Exception as errors:
            log.error("telegram_ended", errors=sorted({type(error).__name__ for error in errors.exceptions}))

    async def _connect(self) -> None:
        tries = 0
        while not self._connected:
            try:
                await self._bot.initialize()
                self._connected = True
            except TelegramError as error:
                log.warning("telegram_not_reached", error=type(error).__name__)
                wait = CONNECT_SECONDS[min(tries, len(CONNECT_SECONDS) - 1)]
                await asyncio.sleep(WRONG_TOKEN_SECONDS if isinstance(error, InvalidToken) else wait)
                tries += 1

    async def _set_webhook(self, url: str) -> None:
        tries = 0
        while True:
            try:
                await self._bot.set_webhook(url, allowed_updates=UPDATES, secret_token=self._settings.webhook_secret)
                self._poller.failures = 0
                return
            except TelegramError as error:
                self._poller.failures += 1
                log.warning("webhook_not_set", error=type(error).__name__)
                await asyncio.sleep(CONNECT_SECONDS[min(tries, len(CONNECT_SECONDS) - 1)])
                tries += 1

    async def _present(self) -> None:
        for wait in CONNECT_SECONDS[-PROFILE_TRIES:]:
            try:
                await present(self._bot, self._ctx.answers)
                return
            except TelegramError as error:  # the chat works without its menu
                log.warning("profile_not_set", error=type(error).__name__)
                await asyncio.sleep(wait)
