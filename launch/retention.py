"""Erasing what may not be kept any longer: one process at a time, a little now and then; the dialogue's store too."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import structlog

from programme import lease, retention
from programme.context import Context

log = structlog.get_logger()

LEASE = "retention"
LEASE_SECONDS = 60.0
EACH_SECONDS = 300.0  # it is a matter of days
AWAY_SECONDS = 20.0  # while the dialogue has yet to forget something
MORE_SECONDS = 5.0  # where much is due at once, so that nobody waits for the database
AT_ONCE = 20  # conversations that the dialogue is asked to forget
FORGET_SECONDS = 2.0  # for each


class Erasing:
    """Erases while it holds the lease. `forget`: takes a conversation out of the dialogue's own store, or raises."""

    def __init__(self, ctx: Context, forget: Callable[[str, float], Awaitable[None]]) -> None:
        self._ctx = ctx
        self._forget = forget
        self._fence: int | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins in the background."""
        self._task = asyncio.create_task(self._again_and_again())

    async def stop(self) -> None:
        """Ends, and lets another process begin at once."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._fence is not None:
            with contextlib.suppress(Exception):  # it runs out by itself
                await asyncio.to_thread(lease.give_back, self._ctx, LEASE, self._fence)

    async def erase_due(self) -> float:
        """Erases some of what is due, unless another process does; how many seconds there are until the next time."""
        if not await asyncio.to_thread(self._leads):
            return EACH_SECONDS
        try:
            more = (await asyncio.to_thread(retention.tick, self._ctx)).more
        finally:  # what could not be erased does not hold up what was
            owed = await self._forget_due()
        return MORE_SECONDS if more else AWAY_SECONDS if owed else EACH_SECONDS

    async def _forget_due(self) -> bool:
        """What was erased here is owed until the dialogue has forgotten it too; whether some of it still is."""
        found = await asyncio.to_thread(retention.to_forget, self._ctx, AT_ONCE)
        for conversation_id in found:
            try:
                await self._forget(conversation_id, FORGET_SECONDS)
            except Exception as error:  # as while the dialogue starts
                log.warning("not_forgotten", conversation=conversation_id, error=type(error).__name__)
                return True
            await asyncio.to_thread(retention.forgotten, self._ctx, conversation_id)
        return len(found) == AT_ONCE

    def _leads(self) -> bool:
        if self._fence is not None and lease.keep(self._ctx, LEASE, self._fence, LEASE_SECONDS):
            return True
        self._fence = lease.take(self._ctx, LEASE, LEASE_SECONDS)
        return self._fence is not None

    async def _again_and_again(self) -> None:
        while True:
            seconds = EACH_SECONDS
            try:
                seconds = await self.erase_due()
            except Exception as error:  # one bad round must not stop the next
                log.error("retention_failed", error=type(error).__name__)
            await asyncio.sleep(seconds)
