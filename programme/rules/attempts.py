"""Slowing down those who guess, without locking out the person whose reference is guessed at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Literal

Kind = Literal["identity", "address", "reference"]


@dataclass(frozen=True)
class Policy:
    """`free` failures in a `window` cost nothing; the next waits `first`, then twice as long each, up to `longest`."""

    free: int
    first: timedelta
    longest: timedelta
    window: timedelta = timedelta(hours=24)


# An address is often a whole hostel or a phone network, so it has more room than one person's channel identity.
POLICIES: Mapping[Kind, Policy] = MappingProxyType(
    {
        "identity": Policy(3, timedelta(seconds=20), timedelta(minutes=15)),
        "address": Policy(12, timedelta(seconds=10), timedelta(minutes=5)),
        "reference": Policy(5, timedelta(seconds=15), timedelta(minutes=2)),
    }
)
WORKER_AFTER = 3


def wait(failed_at: Sequence[datetime], now: datetime, policy: Policy) -> timedelta:
    """How long until the next try under one key; zero: now."""
    raise NotImplementedError


def wait_for(
    failed_at: Mapping[Kind, Sequence[datetime]], now: datetime, policies: Mapping[Kind, Policy] = POLICIES
) -> timedelta:
    """How long until the next try of a caller: `failed_at` holds the failures of their identity, of their address, and
    of the reference that they name. The reference counts only against a caller who has failed before."""
    raise NotImplementedError


def offers_worker(failures: int) -> bool:
    """Whether a person who has failed this often is offered a worker."""
    return failures >= WORKER_AFTER
