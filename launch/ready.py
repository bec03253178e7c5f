"""Whether every part answers: what `GET /ready` says."""

import asyncio

import httpx
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from bot.dialogue import Dialogue
from launch.settings import Settings
from programme.context import Context

ASK_SECONDS = 2.0


class Readiness:
    """Which parts do not answer."""

    def __init__(self, ctx: Context, dialogue: Dialogue, settings: Settings) -> None:
        self._ctx = ctx
        self._dialogue = dialogue
        self._look: asyncio.Task[bool] | None = None
        self._actions = httpx.AsyncClient(base_url=settings.actions_url, timeout=ASK_SECONDS, trust_env=False)

    async def missing(self) -> list[str]:
        """Names of the parts that do not answer; empty: all is well."""
        parts = {
            "database": self._database(),
            "dialogue": self._dialogue.health(),
            "actions": self._act(),
        }
        answers = await asyncio.gather(*parts.values())
        return [name for name, answered in zip(parts, answers, strict=True) if not answered]

    async def close(self) -> None:
        """Gives the connections back."""
        await self._actions.aclose()

    async def _database(self) -> bool:
        """One look at a time: a database that hangs must not take a thread for each who asks."""
        if self._look is None or self._look.done():
            self._look = asyncio.create_task(asyncio.to_thread(self._ask_database))
        look = self._look  # whoever asks beside us may begin the next one before we go on
        done, _ = await asyncio.wait({look}, timeout=ASK_SECONDS)
        return bool(done) and look.result()

    def _ask_database(self) -> bool:
        try:
            with self._ctx.database.reading() as session:
                session.execute(text("SELECT 1"))
        except (SQLAlchemyError, OSError):
            return False
        return True

    async def _act(self) -> bool:
        try:
            return (await self._actions.get("/health")).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False
