"""Waiting for something that nobody tells of: it is looked at again and again."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

LOOK_SECONDS = 0.1
Found = TypeVar("Found")


async def until(look: Callable[[], Awaitable[Found]], seconds: float) -> Found:
    """What `look` gives, once that is true. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not (found := await look()):  # noqa: ASYNC110  # nobody sets an event for this
            await asyncio.sleep(LOOK_SECONDS)
        return found
