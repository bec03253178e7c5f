"""Who owns a conversation: the only place that says what may change it."""

from __future__ import annotations

from types import MappingProxyType
from typing import Literal

Owner = Literal["bot", "queued", "worker"]
# For callers to name a cause by; the table is looked up with plain words, as they are stored.
Cause = Literal["asked", "danger", "take", "withdrawn", "expired", "hand_back", "pass_on", "requeue", "close", "idle"]

# asked: the person, or a rule, wants a human · danger: the crisis card went out · take: a worker on shift takes it
# withdrawn: the person no longer wants one · expired: nobody came in time (a clock) · hand_back: the worker gives it
# back · pass_on: to another worker · requeue: back to the queue · close: done · idle: the worker fell silent (a clock).
# While it is queued the assistant goes on answering: only `take` silences it.
TRANSITIONS: MappingProxyType[tuple[str, str], Owner] = MappingProxyType(
    {
        ("bot", "asked"): "queued",
        ("bot", "danger"): "queued",
        ("bot", "take"): "worker",
        ("queued", "asked"): "queued",
        ("queued", "danger"): "queued",
        ("queued", "take"): "worker",
        ("queued", "withdrawn"): "bot",
        ("queued", "expired"): "bot",
        ("queued", "close"): "bot",
        ("worker", "asked"): "worker",
        ("worker", "danger"): "worker",
        ("worker", "hand_back"): "bot",
        ("worker", "pass_on"): "worker",
        ("worker", "requeue"): "queued",
        ("worker", "close"): "bot",
        ("worker", "idle"): "queued",
    }
)


def next_owner(owner: str, cause: str) -> Owner | None:
    """The owner after `cause`; None: not allowed, nothing changes."""
    return TRANSITIONS.get((owner, cause))
