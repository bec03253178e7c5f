"""Who owns a conversation: the only place that says what may change it, and who may."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Literal

Owner = Literal["bot", "queued", "worker"]
# For callers to name a cause by; the table is looked up with plain words, as they are stored.
Cause = Literal[
    "asked",
    "danger",
    "came_back",
    "take",
    "withdrawn",
    "expired",
    "hand_back",
    "pass_on",
    "requeue",
    "close",
    "idle",
    "shift_end",
]
By = Literal["person", "rule", "clock", "on_shift", "holder"]

# asked: the person, or a rule, wants a human · danger: the crisis card went out · came_back: wrote again soon after a
# worker was done · take: a worker on shift takes it · withdrawn: the person no longer wants one, or has left ·
# expired: nobody came in time · hand_back: the worker gives it back · pass_on: to another worker · requeue: back to the
# queue · close: done · idle: the worker fell silent · shift_end: the worker went home.
# While it is queued the assistant goes on answering: only `take` silences it.
TRANSITIONS: MappingProxyType[tuple[str, str], Owner] = MappingProxyType(
    {
        ("bot", "asked"): "queued",
        ("bot", "danger"): "queued",
        ("bot", "came_back"): "queued",
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
        ("worker", "shift_end"): "queued",
    }
)

# Who may cause it. on_shift: any worker on shift; holder: the one worker who has it.
CAUSED_BY: MappingProxyType[tuple[str, str], tuple[By, ...]] = MappingProxyType(
    {
        **dict.fromkeys([("bot", "asked"), ("queued", "asked"), ("worker", "asked")], ("person", "rule")),
        **dict.fromkeys([("bot", "danger"), ("queued", "danger"), ("worker", "danger")], ("rule",)),
        ("bot", "came_back"): ("person",),
        ("bot", "take"): ("on_shift",),
        ("queued", "take"): ("on_shift",),
        ("queued", "withdrawn"): ("person",),
        ("queued", "expired"): ("clock",),
        ("queued", "close"): ("on_shift",),
        ("worker", "hand_back"): ("holder",),
        ("worker", "pass_on"): ("holder",),
        ("worker", "requeue"): ("holder",),
        ("worker", "close"): ("holder",),
        ("worker", "idle"): ("clock",),
        ("worker", "shift_end"): ("holder", "clock"),
    }
)

URGENCIES = ("danger", "deadline", "asked", "stuck", "complaint", "routine")  # most urgent first
# How it ended, for a worker to choose from; `label_outcome_…` are their words.
OUTCOMES = ("answered", "booked", "moved", "cancelled", "called", "passed_to_others", "no_reply", "other")
WANTED_FOR = timedelta(minutes=10)  # so long a request waits for the worker whom the person knows


def next_owner(owner: str, cause: str) -> Owner | None:
    """The owner after `cause`; None: not allowed, nothing changes."""
    return TRANSITIONS.get((owner, cause))


def may_cause(owner: str, cause: str, by: By) -> bool:
    """Whether this kind of actor may cause this, while the conversation has this owner."""
    return by in CAUSED_BY.get((owner, cause), ())


def owners_before(cause: str) -> tuple[str, ...]:
    """The owners from which this cause leads on."""
    return tuple(owner for owner, each in TRANSITIONS if each == cause)


def rank(urgency: str) -> int:
    """0 for the most urgent."""
    return URGENCIES.index(urgency)


def most_urgent(urgencies: Iterable[str]) -> str:
    """The most urgent of some; at least one."""
    return min(urgencies, key=rank)


def is_silent(heard_at: datetime, now: datetime, grace: timedelta) -> bool:
    """Whether a worker has not been heard of for so long that somebody else must be free to help."""
    return now - heard_at > grace


def is_same_worker(ended_at: datetime, now: datetime, window: timedelta) -> bool:
    """Whether who writes now still belongs to the worker who was done then."""
    return now - ended_at <= window


def still_wanted(since: datetime, now: datetime) -> bool:
    """Whether a request may still be kept for the worker whom the person knows."""
    return now - since < WANTED_FOR
