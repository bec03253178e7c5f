"""Wiring: the one place where the parts are put together."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from bot.dialogue import Dialogue
from bot.limits import Limits
from bot.pages import ChatPage
from bot.receipts import receipts
from bot.service import ConversationService
from bot.telegram.channel import TelegramChannel
from bot.telegram.connection import TelegramSettings
from bot.telegram.other import other_answer
from bot.web import WebChat
from console.routes import routes as console
from launch.address import make_address
from launch.alerts import Alerts, Post, Send, TelegramGroup
from launch.clock import Clock
from launch.context import make_context
from launch.moved_clock import refuse_real
from launch.outreach import Carrier, Mail, Reaching
from launch.parts import app_address
from launch.ready import Readiness
from launch.retention import Erasing
from launch.settings import PROJECT, Settings
from launch.training import Trainings
from programme import setting
from programme.context import Context
from programme.language import Languages
from programme.safety import Safety
from storage.enums import AlertKind, Way

if TYPE_CHECKING:  # Redis' client is loaded where one is set
    from launch.hints import Hints

PAGE_SECONDS = 5.0  # how long the page may go on with settings that were changed meanwhile


@cache
def make_safety(root: Path = PROJECT) -> Safety:
    """The phrase list that works without the dialogue; made once, since that takes a second and it keeps nothing."""
    return Safety.load(root / "nlu" / "safety")


def make_languages(root: Path = PROJECT) -> Languages:
    """The languages that we have lines in."""
    return Languages.load(root / "nlu" / "answers")


class _Page:
    """The chat's page with today's settings, made anew every few seconds at most."""

    def __init__(self, ctx: Context, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._ctx = ctx
        self._monotonic = monotonic
        self._made_at = float("-inf")
        self._page: ChatPage | None = None

    def __call__(self) -> ChatPage:
        if self._page is None or self._monotonic() - self._made_at > PAGE_SECONDS:
            try:
                self._page = self._make()
            except SQLAlchemyError:
                if self._page is None:
                    raise
            self._made_at = self._monotonic()  # with the database away the old page serves on
        return self._page

    def _make(self) -> ChatPage:
        with self._ctx.database.reading() as session:
            facts = {key: fact.value for key, fact in setting.facts(session).items()}
        return ChatPage(
            labels=self._ctx.answers.labels,
            phone=facts.get("contact_phone", self._ctx.answers.labels["label_public_phone"]),
            leave_to=facts.get("leave_to", self._ctx.answers.labels["label_leave_to"]),
            sample="sample_programme" in facts,
            hours=facts.get("opening_hours_text", ""),
            framed_by=tuple(facts.get("embed_origins", "'self'").split()),
        )


def _telegram(
    ctx: Context, service: ConversationService, settings: Settings, limits: Limits, safety: Safety
) -> TelegramChannel | None:
    """The Telegram channel, where a bot's token is set."""
    if settings.telegram_bot_token is None:
        return None
    return TelegramChannel(
        ctx,
        service,
        _telegram_settings(settings),
        limits,
        safety,
        random.Random(),  # noqa: S311 - spreads waiting times, keeps no secret
    )


def _telegram_settings(settings: Settings) -> TelegramSettings:
    token, secret = settings.telegram_bot_token, settings.telegram_webhook_secret
    return TelegramSettings(
        token.get_secret_value() if token else "",
        settings.telegram_api_url,
        settings.telegram_webhook_url,
        secret.get_secret_value() if secret else None,
    )


@dataclass(frozen=True)
class _Parts:
    """What is running in this process."""

    ctx: Context
    dialogue: Dialogue
    service: ConversationService
    page: _Page
    web: WebChat
    telegram: TelegramChannel | None
    ready: Readiness
    hints: "Hints | None"
    clock: Clock
    reaching: Reaching
    erasing: Erasing
    trainings: Trainings
    group: TelegramGroup | None


def _make_parts(settings: Settings) -> _Parts:
    ctx = make_context(settings)
    refuse_real(ctx, settings)
    secret = settings.dialogue_secret.get_secret_value() if settings.dialogue_secret else ""
    dialogue = Dialogue(make_address(settings.dialogue_at, settings.dialogue_url), secret)
    safety = make_safety()
    service = ConversationService(ctx, dialogue, safety, other_answer, make_languages())
    limits = Limits(ctx.clock)
    page = _Page(ctx)
    group = TelegramGroup(_telegram_settings(settings)) if settings.telegram_bot_token else None
    found_at = settings.public_url or app_address(settings)
    rng = random.Random()  # noqa: S311 - spreads waiting times, keeps no secret
    alerts = Alerts(ctx, _ways(settings, group), f"{found_at}/console", rng)
    return _Parts(
        ctx,
        dialogue,
        service,
        page,
        WebChat(ctx, service, limits, page),
        _telegram(ctx, service, settings, limits, safety),
        Readiness(ctx, dialogue, settings),
        _hints(ctx, service, settings),
        Clock(ctx, alerts, service.hint),
        Reaching(ctx, _carriers(settings), found_at, service.hint, rng),
        Erasing(ctx, dialogue.forget),
        Trainings(ctx, settings),
        group,
    )


def _ways(settings: Settings, group: TelegramGroup | None) -> dict[AlertKind, Send]:
    """The ways by which alerts can leave, as far as they are set."""
    ways: dict[AlertKind, Send] = {}
    if group is not None:
        ways[AlertKind.TELEGRAM] = group
    if settings.smtp_url is not None:
        ways[AlertKind.EMAIL] = Post(settings.smtp_url.get_secret_value(), settings.mail_from)
    return ways


def _carriers(settings: Settings) -> dict[Way, Carrier]:
    """How people are written to outside a chat, as far as it is set."""
    carriers: dict[Way, Carrier] = {}
    if settings.notify_api_key is not None and settings.notify_sms_template is not None:
        from launch.notify import Notify

        key = settings.notify_api_key.get_secret_value()
        carriers[Way.SMS] = Notify(key, settings.notify_sms_template, settings.notify_url)
    if settings.smtp_url is not None and settings.public_url is not None:  # else its link would lead nowhere
        carriers[Way.EMAIL] = Mail(Post(settings.smtp_url.get_secret_value(), settings.mail_from))
    return carriers


def _hints(ctx: Context, service: ConversationService, settings: Settings) -> "Hints | None":
    """Between the processes that share a Redis, where one is set."""
    if settings.redis_url is None:
        return None
    from launch.hints import Hints

    hints = Hints(settings.redis_url.get_secret_value(), ctx.holder, service.wake)
    service.relay = hints.tell
    return hints


def make_app(settings: Settings) -> Starlette:
    """The ASGI application: web chat, the console, Telegram, readiness."""
    parts = _make_parts(settings)
    routes = [*_health(parts), *parts.web.routes()]
    if settings.demo_stage is not None:
        from launch.demo.door import doors

        routes += doors(parts.ctx, settings)
    routes += console(parts.ctx, parts.service.hint, settings.demo_stage)
    if parts.telegram is not None and settings.telegram_webhook_url:
        path = urlsplit(settings.telegram_webhook_url).path or "/telegram"
        routes.append(Route(path, parts.telegram.webhook, methods=["POST"]))
    if settings.notify_receipt_token is not None:
        routes.append(receipts(parts.ctx, settings.notify_receipt_token.get_secret_value()))
    return Starlette(routes=routes, lifespan=lambda _app: _running(parts))


def _health(parts: _Parts) -> list[BaseRoute]:
    async def live(_request: Request) -> JSONResponse:
        return JSONResponse({"live": True})

    async def is_ready(_request: Request) -> JSONResponse:
        missing = await parts.ready.missing()
        told = {"ready": not missing, "missing": missing}
        if parts.telegram is not None:  # told, not counted: while Telegram is away the web chat serves all the same
            told["telegram"] = parts.telegram.ready
        return JSONResponse(told, 503 if missing else 200)

    return [Route("/live", live), Route("/ready", is_ready)]


@asynccontextmanager
async def _running(parts: _Parts) -> AsyncIterator[None]:
    """All parts, begun and ended in their order."""
    await asyncio.to_thread(parts.page)
    await parts.service.start()
    if parts.hints is not None:
        await parts.hints.start()
    if parts.telegram is not None:
        await parts.telegram.start()
    await parts.clock.start()
    await parts.reaching.start()
    await parts.erasing.start()
    await parts.trainings.start()
    try:
        yield
    finally:
        await parts.trainings.stop()
        await parts.erasing.stop()
        await parts.reaching.stop()
        await parts.clock.stop()
        if parts.group is not None:
            await parts.group.close()
        if parts.telegram is not None:
            await parts.telegram.stop()
        await parts.service.stop()
        if parts.hints is not None:
            await parts.hints.stop()
        await parts.dialogue.close()
        await parts.ready.close()
        parts.ctx.database.close()
