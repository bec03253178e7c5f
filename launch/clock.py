"""The clock's work, by one process at a time: what falls due while people wait, and the alerts to the workers."""

import asyncio
import contextlib
from collections.abc import Callable

import structlog

from launch.alerts import Alerts
from programme import lease, timers
from programme.context import Context

log = structlog.get_logger()

LEASE = "clock"
LEASE_SECONDS = 6.0
EACH_SECONDS = 1.0
IDLE_SECONDS = 2.0  # another process has it
STUCK_SECONDS = 30.0  # for sending: the lease outlives no more than this


class Clock:
    """Ticks while it holds the lease. `hint`: told the id of each conversation in which something changed."""

    def __init__(self, ctx: Context, alerts: Alerts, hint: Callable[[str], None]) -> None:
        self._ctx = ctx
        self._alerts = alerts
        self._hint = hint
        self._tasks: list[asyncio.Task[None]] = []
        self._holds = False

    async def start(self) -> None:
        """Begins in the background."""
        self._tasks = [asyncio.create_task(self._tick_on()), asyncio.create_task(self._send_on())]

    async def stop(self) -> None:
        """Ends, and lets another process begin at once."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _tick_on(self) -> None:
        while True:
            fence = await self._take()
            if fence is None:
                await asyncio.sleep(IDLE_SECONDS)
                continue
            self._holds = True
            try:
                await self._tick_under(fence)
            finally:
                self._holds = False
                with contextlib.suppress(Exception):  # it runs out by itself
                    await asyncio.shield(asyncio.to_thread(lease.give_back, self._ctx, LEASE, fence))

    async def _take(self) -> int | None:
        try:
            return await asyncio.to_thread(lease.take, self._ctx, LEASE, LEASE_SECONDS)
        except Exception as error:  # the clock must outlive a database that is away for a moment
            log.warning("lease_not_taken", lease=LEASE, error=type(error).__name__)
            return None

    async def _tick_under(self, fence: int) -> None:
        """Until the lease is lost."""
        while True:
            try:
                if not await asyncio.to_thread(lease.keep, self._ctx, LEASE, fence, LEASE_SECONDS):
                    return
                for conversation_id in (await asyncio.to_thread(timers.tick, self._ctx)).changed:
                    self._hint(conversation_id)
            except Exception as error:  # one bad tick must not stop the next
                log.error("tick_failed", error=type(error).__name__)
            await asyncio.sleep(EACH_SECONDS)

    async def _send_on(self) -> None:
        """Beside the ticks: a mail server that hangs must not hold up who is waiting for the clock."""
        while True:
            if self._holds:
                try:
                    async with asyncio.timeout(STUCK_SECONDS):
                        await self._alerts.send_due()
                except Exception as error:
                    log.error("alerts_failed", error=type(error).__name__)
            await asyncio.sleep(EACH_SECONDS)
