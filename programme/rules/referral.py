"""Which states a referral goes through: the only place that says what may change one."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Literal

State = Literal[
    "referred",
    "reached",
    "verified",
    "booked",
    "attended",
    "completed",
    "missed",
    "second_chance",
    "returned",
    "withdrawn",
    "closed",
]
Event = Literal[
    "reach",
    "verify",
    "book",
    "cancel",
    "call_off",
    "attend",
    "miss",
    "complete",
    "allow",
    "give_back",
    "overturn",
    "withdraw",
    "close",
]

# reach: a message got through · verify: they proved who they are · book: a place was taken, or another one for it
# cancel: the place was given up · call_off: we cancelled its course, so nothing of it counts
# attend, miss: a session's list · complete: all sessions done · allow: a worker gives another chance after a missed
# session · give_back: to the police, by a named worker · overturn: giving it back was wrong, by a named worker
# withdraw: by those who referred · close: nothing is left to do. Who has missed a session, or been to one, takes a new
# place only with a worker's help.
_UNDER_WAY: dict[tuple[str, str], State] = {
    ("referred", "reach"): "reached",
    ("referred", "verify"): "verified",
    ("referred", "book"): "booked",  # proved in a chat that began before the referral was put back to its beginning
    ("reached", "reach"): "reached",
    ("reached", "verify"): "verified",
    ("reached", "book"): "booked",
    ("verified", "verify"): "verified",
    ("verified", "book"): "booked",
    ("verified", "cancel"): "verified",
    ("booked", "verify"): "booked",
    ("booked", "book"): "booked",
    ("booked", "cancel"): "verified",
    ("booked", "call_off"): "verified",
    ("attended", "call_off"): "verified",
    ("booked", "attend"): "attended",
    ("booked", "miss"): "missed",
    ("booked", "complete"): "completed",
    ("attended", "verify"): "attended",
    ("attended", "attend"): "attended",
    ("attended", "miss"): "missed",
    ("attended", "complete"): "completed",
    ("missed", "verify"): "missed",
    ("missed", "attend"): "attended",  # the list was wrong
    ("missed", "allow"): "second_chance",
    ("second_chance", "verify"): "second_chance",
    ("second_chance", "book"): "booked",
    ("returned", "overturn"): "second_chance",  # the one way back from what is over
}
_ENDS: dict[str, State] = {"give_back": "returned", "withdraw": "withdrawn", "close": "closed"}
_OPEN = ("referred", "reached", "verified", "booked", "attended", "missed", "second_chance")
_DONE = ("completed", "returned", "withdrawn")
TRANSITIONS: MappingProxyType[tuple[str, str], State] = MappingProxyType(
    _UNDER_WAY
    | {(state, event): after for state in _OPEN for event, after in _ENDS.items()}
    | {(state, "close"): "closed" for state in _DONE}
)


def next_state(state: str, event: Event) -> State | None:
    """The state after `event`; None: not allowed, nothing changes."""
    return TRANSITIONS.get((state, event))


LISTED = ("booked", "attended", "missed", "completed")


def as_listed(state: State, marks: Sequence[str | None]) -> State:
    """The state by the lists of a held place's sessions, in order: `attended`, `absent`, `late`, None where nothing is
    marked. A list can be put right, so this also takes back what a list had said. Other states stay as they are."""
    if state not in LISTED:
        return state
    if any(mark in ("absent", "late") for mark in marks):
        return "missed"
    came = sum(mark == "attended" for mark in marks)
    if came == 0:
        return "booked"
    return "completed" if came == len(marks) else "attended"


def as_put_right(state: State, marks: Sequence[str | None]) -> State:
    """The state where a list says now that somebody was there who had been given another chance, and has taken no other
    place yet. Nothing changes before the list has them as there."""
    if state not in ("second_chance", "verified", "missed") or "attended" not in marks:
        return state
    after = as_listed("booked", marks)
    return state if after == "missed" else after


def may_book(state: str) -> bool:
    """Whether the assistant may give a place, or another one, to somebody whose referral is in this state."""
    return next_state(state, "book") is not None
