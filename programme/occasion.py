"""One thing to be told unasked, once."""

from dataclasses import dataclass
from datetime import datetime

from storage.enums import OutreachKind

THEN = ":then"  # how the key of what is said after a message, in the same breath, ends


@dataclass(frozen=True)
class Occasion:
    """`key`: "reminder:<booking id>:<session>:7d", "nudge:<referral id>:after24h", "missed:<absence id>", …; `is_said`:
    in their chat, where nobody has looked: only a text message and an e-mail are left."""

    key: str
    kind: OutreachKind
    referral_id: str
    until: datetime
    booking_id: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    is_said: bool = False


def called_off_key(booking_id: str) -> str:
    """The key of what is said in a chat, once, when we cancel what somebody had a place in."""
    return f"called_off:{booking_id}"
