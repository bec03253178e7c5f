"""Who may hold a conversation: leases that expire, and fencing numbers that refuse what comes too late."""

from __future__ import annotations

from datetime import datetime


def may_take(holder: str | None, expires_at: datetime | None, me: str, now: datetime) -> bool:
    """Whether `me` may take or renew a lease: it is free, mine, or has run out (at its very expiry it is free)."""
    return holder is None or expires_at is None or holder == me or expires_at <= now


def next_fence(fence: int, holder: str | None, expires_at: datetime | None, me: str, now: datetime) -> int:
    """The fencing number after `me` takes the lease: the same only when my own, running lease is renewed."""
    renewed = holder == me and expires_at is not None and expires_at > now
    return fence if renewed else fence + 1


def may_commit(mine: int, stored: int) -> bool:
    """Whether work done under fencing number `mine` may still be written."""
    return mine == stored
