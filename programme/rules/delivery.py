"""When a message that could not be delivered is tried again, and when it is given up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random


@dataclass(frozen=True)
class Policy:
    """`first`: the wait after the first failure, doubled each time up to `longest`; given up after `give_up_after`."""

    first: timedelta = timedelta(seconds=1)
    longest: timedelta = timedelta(minutes=10)
    give_up_after: timedelta = timedelta(hours=24)


DEFAULT = Policy()


def delay(attempt: int, rng: Random, retry_after: timedelta | None = None, policy: Policy = DEFAULT) -> timedelta:
    """How long to wait after failed attempt number `attempt` (the first is 1).

    Between half and all of the back-off, so that many messages do not come back together; never less than what the
    other side asked for.
    """
    doublings = min(max(attempt, 1) - 1, 40)
    full = min(policy.longest, policy.first * 2**doublings) if policy.first < policy.longest else policy.longest
    wait = full * rng.uniform(0.5, 1.0)
    return wait if retry_after is None else max(retry_after, wait)


def gives_up(written_at: datetime, next_try_at: datetime, policy: Policy = DEFAULT) -> bool:
    """Whether a message written then is not worth trying at `next_try_at` any more."""
    return next_try_at - written_at > policy.give_up_after


def next_try(
    attempt: int,
    written_at: datetime,
    now: datetime,
    rng: Random,
    *,
    retry_after: timedelta | None = None,
    policy: Policy = DEFAULT,
) -> datetime | None:
    """When to try again after failed attempt `attempt`; None: give up, mark it failed."""
    again = now + delay(attempt, rng, retry_after, policy)
    return None if gives_up(written_at, again, policy) else again
