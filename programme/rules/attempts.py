"""Slowing down those who guess, without locking out the person whose reference is guessed at.

Three things are counted: the failures of a channel identity, of an address, and of a reference. The first two slow only
whoever failed. A reference's failures may all be a stranger's, so they slow only a caller who has failed too (their own
identity within the window, or their address beyond what it has free), and never for longer than two minutes. The owner
who comes from a phone of their own therefore tries at once, however hard others guess; a stranger who wants to use that
gap needs a new identity and a new address for each single guess.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

AT_ONCE = timedelta(0)


@dataclass(frozen=True)
class Policy:
    """`free` failures in a `window` cost nothing; the next waits `first`, then twice as long each, up to `longest`."""

    free: int
    first: timedelta
    longest: timedelta
    window: timedelta = timedelta(hours=24)


# An address is often a whole hostel or a phone network, so it has more room than one person's channel identity.
POLICIES: Mapping[str, Policy] = MappingProxyType(
    {
        "identity": Policy(3, timedelta(seconds=20), timedelta(minutes=15)),
        "address": Policy(12, timedelta(seconds=10), timedelta(minutes=5)),
        "reference": Policy(5, timedelta(seconds=15), timedelta(minutes=2)),
    }
)
WORKER_AFTER = 3


def _recent(failed_at: Sequence[datetime], now: datetime, policy: Policy) -> list[datetime]:
    return [moment for moment in failed_at if moment > now - policy.window]


def wait(failed_at: Sequence[datetime], now: datetime, policy: Policy) -> timedelta:
    """How long until the next try under one key; zero: now. Never longer than `policy.longest`."""
    recent = _recent(failed_at, now, policy)
    beyond = len(recent) - policy.free
    if beyond <= 0:
        return AT_ONCE
    delay = policy.longest
    # A stranger may fail thousands of times: no more doublings than could matter.
    if beyond <= 32:
        delay = min(policy.longest, policy.first * 2 ** (beyond - 1))
    # Another machine's clock may be a little ahead; nobody waits longer for that.
    return max(AT_ONCE, min(max(recent), now) + delay - now)


def wait_for(
    *,
    identity: Sequence[datetime],
    address: Sequence[datetime],
    reference: Sequence[datetime],
    now: datetime,
    policies: Mapping[str, Policy] = POLICIES,
) -> timedelta:
    """How long until a caller's next try, from the times at which their identity, their address and the reference that
    they name have failed. The reference counts only against a caller who has failed before."""
    own = max(wait(identity, now, policies["identity"]), wait(address, now, policies["address"]))
    has_failed = bool(_recent(identity, now, policies["identity"]))
    crowded = len(_recent(address, now, policies["address"])) > policies["address"].free
    if has_failed or crowded:
        return max(own, wait(reference, now, policies["reference"]))
    return own


def offers_worker(failures: int) -> bool:
    """Whether a person who has failed this often is offered a worker."""
    return failures >= WORKER_AFTER
