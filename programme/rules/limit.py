"""How much is too fast: a sliding window over what one person or one address has done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Limit:
    """At most `count` events in any `window`."""

    count: int
    window: timedelta


# Twenty messages in ten seconds, and a hundred sessions in a minute, are promised to pass. The room above the promise
# is for clocks that differ and for a page that sends again.
MESSAGES = Limit(25, timedelta(seconds=10))
SESSIONS = Limit(120, timedelta(minutes=1))
# A hostel or a phone network is one address: all who may be connected from there may do what each was promised.
ADDRESS = Limit(6000, timedelta(seconds=10))
# What a page tells without being asked (what it has shown, that somebody types), and frames that nobody can read.
SIGNALS = Limit(120, timedelta(seconds=10))


def too_fast(at: Sequence[datetime], now: datetime, limit: Limit = MESSAGES) -> bool:
    """Whether one more event at `now` goes beyond the limit; `at`: those let through before it, the oldest first."""
    if limit.count < 1:
        return True
    return len(at) >= limit.count and at[-limit.count] > now - limit.window
