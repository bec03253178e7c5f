"""When a personal link may be used."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

LinkState = Literal["valid", "early", "expired", "revoked"]


def state(created: datetime, expires_at: datetime, revoked_at: datetime | None, now: datetime) -> LinkState:
    """What a link is at `now`; a revocation counts from its instant on, and the expiry itself is already too late."""
    if revoked_at is not None and revoked_at <= now:
        return "revoked"
    if now >= expires_at:
        return "expired"
    if now < created:
        return "early"
    return "valid"


def valid(created: datetime, expires_at: datetime, revoked_at: datetime | None, now: datetime) -> bool:
    """Whether the link opens anything at `now`."""
    return state(created, expires_at, revoked_at, now) == "valid"
