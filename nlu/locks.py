"""One turn at a time a conversation, where several Rasa servers share the conversations: locks in Redis.

Rasa's own Redis locks are read, changed and written back in three steps, so that two servers can hold one at once;
and they block the event loop. A lock here is one SET that succeeds once. Should one expire under a turn all the same,
the tracker store refuses the later write.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from redis.asyncio import Redis
from redis.exceptions import RedisError

HELD_SECONDS = 60  # a server that dies with a lock in its hand keeps the others out no longer than this
WAIT_SECONDS = 10.0
LOOK_SECONDS = 0.02
REPLY_SECONDS = 2.0
GIVE_BACK = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end"


class Busy(Exception):
    """Another server kept the conversation for too long, or Redis does not answer."""


class SharedLocks:
    """Locks by name at `redis://[user:password@]host[:port][/db]`."""

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(url, socket_timeout=REPLY_SECONDS, socket_connect_timeout=REPLY_SECONDS)

    @asynccontextmanager
    async def lock(self, name: str) -> AsyncIterator[None]:
        """Hold the lock of this name meanwhile. Raises `Busy`."""
        key, mark, end = f"dialogue:lock:{name}", uuid.uuid4().hex, time.monotonic() + WAIT_SECONDS
        try:
            while not await self._redis.set(key, mark, nx=True, ex=HELD_SECONDS):
                if time.monotonic() > end:
                    raise Busy
                await asyncio.sleep(LOOK_SECONDS)
        except RedisError:
            raise Busy from None
        try:
            yield
        finally:
            with suppress(RedisError):  # the turn has been taken; the lock will expire
                await self._redis.eval(GIVE_BACK, 1, key, mark)

    async def close(self) -> None:
        await self._redis.close()
