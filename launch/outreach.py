"""Reaching people unasked: one process at a time finds what is due; each that serves sends text messages and e-mail."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from random import Random

import aiosmtplib
import structlog

from launch.alerts import Post
from programme import lease, outreach_plan, outreach_post
from programme.context import Context
from programme.outreach_post import Letter
from storage.enums import Way

log = structlog.get_logger()

LEASE = "outreach"
LEASE_SECONDS = 30.0
EACH_SECONDS = 5.0
SECONDS = 30.0  # for one letter
AT_ONCE = 10
MOST = 200  # people in one round, so that the lease is kept in time
FINAL = 500  # a mail server's codes from here on mean: never


class NotSentError(RuntimeError):
    """A letter was not taken. `failure`: a code; `final`: trying again is of no use."""

    def __init__(self, failure: str, retry_after: timedelta | None = None, final: bool = False) -> None:
        super().__init__(failure)
        self.failure, self.retry_after, self.final = failure, retry_after, final


Carrier = Callable[[Letter], Awaitable[str | None]]  # the carrier's own id of it; raises NotSentError


class Reaching:
    """`at`: where the chat is, for links; `hint`: told the id of each conversation in which something was said."""

    def __init__(
        self, ctx: Context, carriers: Mapping[Way, Carrier], at: str, hint: Callable[[str], None], rng: Random
    ) -> None:
        self._ctx = ctx
        self._carriers = carriers
        self._at = at
        self._hint = hint
        self._rng = rng
        self._fence: int | None = None
        self._looked: dict[str, datetime] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begins in the background."""
        works = (self.plan_due, *(self._sending(way) for way in self._carriers))
        self._tasks = [asyncio.create_task(self._again_and_again(work)) for work in works]

    async def stop(self) -> None:
        """Ends, and lets another process plan at once. What was being sent is asked about, then tried again."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._fence is not None:
            with contextlib.suppress(Exception):  # it runs out by itself
                await asyncio.to_thread(lease.give_back, self._ctx, LEASE, self._fence)

    async def plan_due(self) -> None:
        """Writes all that is due, unless another process does."""
        if not await asyncio.to_thread(self._leads):
            return
        carriers = tuple(self._carriers)
        await asyncio.to_thread(outreach_post.drop_unsendable, self._ctx, carriers)
        for conversation_id in await asyncio.to_thread(outreach_plan.plan, self._ctx, carriers, MOST, self._looked):
            self._hint(conversation_id)

    async def send_due(self) -> None:
        """Sends all that is due by every way; one that is stuck does not hold up the others."""
        await asyncio.gather(*(self._send_due(way) for way in self._carriers))

    def _leads(self) -> bool:
        if self._fence is not None and lease.keep(self._ctx, LEASE, self._fence, LEASE_SECONDS):
            return True
        self._fence = lease.take(self._ctx, LEASE, LEASE_SECONDS)
        return self._fence is not None

    def _sending(self, way: Way) -> Callable[[], Awaitable[None]]:
        async def send() -> None:
            await self._send_due(way)

        return send

    async def _again_and_again(self, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await work()
            except Exception as error:  # one bad round must not stop the next
                log.error("outreach_failed", error=type(error).__name__)
            await asyncio.sleep(EACH_SECONDS)

    async def _send_due(self, way: Way) -> None:
        while letters := await asyncio.to_thread(outreach_post.claim, self._ctx, way, self._at, AT_ONCE):
            await asyncio.gather(*(self._send(letter) for letter in letters))

    async def _send(self, letter: Letter) -> None:
        try:
            async with asyncio.timeout(SECONDS):
                external_id = await self._carriers[letter.way](letter)
        except NotSentError as error:
            await self._not_sent(letter, error.failure, error.retry_after, error.final)
        except (TimeoutError, OSError) as error:
            await self._not_sent(letter, type(error).__name__)
        else:
            await asyncio.to_thread(outreach_post.sent, self._ctx, letter, external_id)

    async def _not_sent(
        self, letter: Letter, failure: str, retry_after: timedelta | None = None, final: bool = False
    ) -> None:
        log.warning("letter_not_sent", way=letter.way.value, failure=failure)
        await asyncio.to_thread(
            outreach_post.not_sent, self._ctx, letter, failure, self._rng, retry_after=retry_after, final=final
        )


class Mail:
    """E-mail to people, over the same server as the workers'."""

    def __init__(self, post: Post) -> None:
        self._post = post

    async def __call__(self, letter: Letter) -> None:
        """Raises NotSentError or OSError."""
        try:
            await self._post.send(letter.to, letter.title, letter.text, letter.id)
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise NotSentError("refused", final=all(each.code >= FINAL for each in error.recipients)) from None
        except aiosmtplib.SMTPException as error:
            raise NotSentError(type(error).__name__) from None
