"""Long polling by one process: its lease, and a loop that confirms an update only after it is stored.

python-telegram-bot's own Updater puts updates in a queue in memory and confirms them with the next request, stored or
not. A crash in between would lose them; so the library's `get_updates` is called by a loop of our own.
"""

import asyncio
import contextlib
from datetime import timedelta
from random import Random

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from telegram import Update
from telegram.error import Conflict, InvalidToken, RetryAfter, TimedOut
from telegram.ext import ExtBot

from bot.telegram.connection import UPDATES, wait_of
from bot.telegram.inbox import Inbox
from programme import lease
from programme.context import Context
from programme.rules import delivery

log = structlog.get_logger()

LEASE = "telegram-poll"
LEASE_SECONDS = 6.0
BEAT_SECONDS = 2.0
POLL_SECONDS = 10
BACK_OFF = delivery.Policy(first=timedelta(seconds=0.5), longest=timedelta(seconds=30))
WRONG_TOKEN_SECONDS = 60.0
TRIES = 4  # for an update that cannot be stored although the database is there
DATABASE_AWAY = (OperationalError, InterfaceError, PoolTimeoutError, OSError)


class Poller:
    """Polls while it holds the lease; waits for it while another process does."""

    def __init__(self, ctx: Context, bot: ExtBot[int], inbox: Inbox, rng: Random) -> None:
        self.failures = 0  # in a row, since Telegram last answered
        self._ctx = ctx
        self._bot = bot
        self._inbox = inbox
        self._rng = rng

    async def run(self) -> None:
        """Never returns; ends by being cancelled, and then gives the lease back."""
        while True:
            fence = await self._take_lease()
            if fence is None:
                await asyncio.sleep(BEAT_SECONDS / 2)
                continue
            try:
                await self._poll_under(fence)
            finally:
                await self._give_back(fence)

    async def _take_lease(self) -> int | None:
        try:
            return await asyncio.to_thread(lease.take, self._ctx, LEASE, LEASE_SECONDS)
        except DATABASE_AWAY as error:
            log.warning("lease_not_taken", error=type(error).__name__)
            return None

    async def _poll_under(self, fence: int) -> None:
        polling = asyncio.create_task(self._poll())
        try:
            while not polling.done():
                await asyncio.wait({polling}, timeout=BEAT_SECONDS)
                if not await asyncio.to_thread(lease.keep, self._ctx, LEASE, fence, LEASE_SECONDS):
                    log.warning("lease_lost", lease=LEASE)
                    return
            log.error("polling_ended", error=type(polling.exception()).__name__)
        except DATABASE_AWAY as error:
            log.warning("lease_not_kept", error=type(error).__name__)
        finally:
            polling.cancel()
            await asyncio.gather(polling, return_exceptions=True)

    async def _give_back(self, fence: int) -> None:
        with contextlib.suppress(*DATABASE_AWAY):
            await asyncio.shield(asyncio.to_thread(lease.give_back, self._ctx, LEASE, fence))

    async def _poll(self) -> None:
        offset: int | None = None
        webhook_gone = False
        while True:
            try:
                if not webhook_gone:  # Telegram refuses to be asked while it has an address to post to
                    webhook_gone = await self._bot.delete_webhook(drop_pending_updates=False)
                updates = await self._bot.get_updates(offset, timeout=POLL_SECONDS, allowed_updates=UPDATES)
            except Exception as error:  # polling must outlive whatever the network or a strange update brings
                webhook_gone = webhook_gone and not isinstance(error, Conflict)
                await asyncio.sleep(self._wait_after(error))
                continue
            self.failures = 0
            for update in updates:
                await self._store(update)
            # Asking with an offset confirms all before it. Once that is done it is dropped again: after a week of
            # silence Telegram begins its numbers anew, lower perhaps, and an old offset would confirm them unread.
            offset = max(update.update_id for update in updates) + 1 if updates else None

    def _wait_after(self, error: Exception) -> float:
        """Seconds until the next try."""
        self.failures += 1
        if not isinstance(error, TimedOut):
            log.warning("telegram_not_asked", error=type(error).__name__, failures=self.failures)
        if isinstance(error, RetryAfter):
            return wait_of(error).total_seconds()
        if isinstance(error, InvalidToken):
            return WRONG_TOKEN_SECONDS
        return delivery.delay(self.failures, self._rng, policy=BACK_OFF).total_seconds()

    async def _store(self, update: Update) -> None:
        """Returns once the update is stored: tried for as long as the database is away, else a few times."""
        tries = 0
        while True:
            tries += 1
            try:
                await self._inbox.take(update)
                return
            except DATABASE_AWAY as error:
                log.warning("update_waits", update=update.update_id, error=type(error).__name__)
            except Exception as error:  # our own mistake with this one update; those behind it must not wait for ever
                log.error("update_failed", update=update.update_id, error=type(error).__name__, tries=tries)
                if tries >= TRIES:
                    return
            await asyncio.sleep(delivery.delay(tries, self._rng, policy=BACK_OFF).total_seconds())
