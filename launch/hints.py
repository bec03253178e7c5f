"""Live hints between several processes of the app, by Redis: that something in a conversation may have changed.

A hint and nothing more. Rows are the truth and every channel looks at them by itself, so that a Redis that is away, or
a hint that is lost, costs a second and no message.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

log = structlog.get_logger()

CHANNEL = "assistant:hints"
CONNECT_SECONDS = 2.0
LISTEN_SECONDS = 5.0
PAUSE_SECONDS = 5.0  # after a failure
MOST_WAITING = 1000  # beyond it hints are dropped


class Hints:
    """`own`: this process's name; `heard`: called in the event loop with the id of a conversation of another's hint."""

    def __init__(self, url: str, own: str, heard: Callable[[str], None]) -> None:
        self._own = own
        self._heard = heard
        self._waiting: asyncio.Queue[str] = asyncio.Queue(MOST_WAITING)
        self._redis = Redis.from_url(
            url,
            decode_responses=True,
            socket_connect_timeout=CONNECT_SECONDS,
            socket_timeout=CONNECT_SECONDS,
            health_check_interval=15,
            retry=Retry(NoBackoff(), 0),
        )
        self._tasks: list[asyncio.Task[None]] = []

    def tell(self, conversation_id: str) -> None:
        """Passes a hint on to the other processes; never waits, never raises."""
        with contextlib.suppress(asyncio.QueueFull):
            self._waiting.put_nowait(conversation_id)

    async def start(self) -> None:
        """Begins in the background, whether Redis answers or not."""
        self._tasks = [asyncio.create_task(self._again_and_again(part)) for part in (self._speak, self._listen)]

    async def stop(self) -> None:
        """Ends both ways."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(RedisError, OSError):
            await self._redis.aclose()

    async def _again_and_again(self, part: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await part()
            except (RedisError, OSError, TimeoutError) as error:
                log.warning("hints_away", error=type(error).__name__)  # its words may hold the password
            await asyncio.sleep(PAUSE_SECONDS)

    async def _speak(self) -> None:
        while True:
            conversation_id = await self._waiting.get()
            await self._redis.publish(CHANNEL, f"{self._own} {conversation_id}")

    async def _listen(self) -> None:
        async with self._redis.pubsub(ignore_subscribe_messages=True) as line:
            await line.subscribe(CHANNEL)
            while True:
                message = await line.get_message(timeout=LISTEN_SECONDS)
                if message is None:
                    continue
                own, _, conversation_id = str(message["data"]).partition(" ")
                if own != self._own:
                    self._heard(conversation_id)
