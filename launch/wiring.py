"""Wiring: the one place where the parts are put together."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bot.dialogue import Dialogue
from bot.limits import Limits
from bot.pages import ChatPage
from bot.service import ConversationService
from bot.web import WebChat
from launch.context import make_context
from launch.settings import PROJECT, Settings
from programme import setting
from programme.context import Context
from programme.safety import Safety

PAGE_SECONDS = 5.0  # how long the page may go on with settings that were changed meanwhile
ASK_SECONDS = 2.0


def make_safety(root: Path = PROJECT) -> Safety:
    """The phrase list that works without the dialogue."""
    return Safety.load(root / "nlu" / "safety")


class _Page:
    """The chat's page with today's settings, made anew every few seconds at most."""

    def __init__(self, ctx: Context, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._ctx = ctx
        self._monotonic = monotonic
        self._made_at = float("-inf")
        self._page: ChatPage | None = None

    def __call__(self) -> ChatPage:
        if self._page is None or self._monotonic() - self._made_at > PAGE_SECONDS:
            self._page, self._made_at = self._make(), self._monotonic()
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


class _Readiness:
    """Which parts do not answer."""

    def __init__(self, ctx: Context, dialogue: Dialogue, settings: Settings) -> None:
        self._ctx = ctx
        self._dialogue = dialogue
        self._actions = httpx.AsyncClient(base_url=settings.actions_url, timeout=ASK_SECONDS, trust_env=False)

    async def missing(self) -> list[str]:
        """Names of the parts that do not answer; empty: all is well."""
        parts = {
            "database": asyncio.to_thread(self._database),
            "dialogue": self._dialogue.health(),
            "actions": self._act(),
        }
        answers = await asyncio.gather(*parts.values())
        return [name for name, answered in zip(parts, answers, strict=True) if not answered]

    async def close(self) -> None:
        """Gives the connections back."""
        await self._actions.aclose()

    def _database(self) -> bool:
        try:
            with self._ctx.database.reading() as session:
                session.execute(text("SELECT 1"))
        except SQLAlchemyError:
            return False
        return True

    async def _act(self) -> bool:
        try:
            return (await self._actions.get("/health")).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False


def make_app(settings: Settings) -> Starlette:
    """The ASGI application: web chat, Telegram, readiness."""
    ctx = make_context(settings)
    secret = settings.dialogue_secret.get_secret_value() if settings.dialogue_secret else ""
    dialogue = Dialogue(settings.dialogue_url, secret)
    service = ConversationService(ctx, dialogue, make_safety())
    limits = Limits(ctx.clock)
    page = _Page(ctx)
    web = WebChat(ctx, service, limits, page)
    ready = _Readiness(ctx, dialogue, settings)

    async def live(_request: Request) -> JSONResponse:
        return JSONResponse({"live": True})

    async def is_ready(_request: Request) -> JSONResponse:
        missing = await ready.missing()
        return JSONResponse({"ready": not missing, "missing": missing}, 503 if missing else 200)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await asyncio.to_thread(page)
        await service.start()
        try:
            yield
        finally:
            await service.stop()
            await dialogue.close()
            await ready.close()
            ctx.database.close()

    return Starlette(routes=[Route("/live", live), Route("/ready", is_ready), *web.routes()], lifespan=lifespan)
