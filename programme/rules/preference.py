"""What a person asks of a course: place, days, hours, online, access; read from their words and held against a slot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Literal, Protocol

Part = Literal["morning", "afternoon", "evening"]


@dataclass(frozen=True)
class Preference:
    """All that was asked for; what is empty or None was not mentioned.

    `weekend`: Saturdays and Sundays suit at any hour, beside the `weekdays` (Monday is 0) and hours named. `earliest`
    and `latest`: London clock times between which a session starts. `avoid`: places not wanted. `online`: True only
    online, False only in a room. `after`: no session before this London date. `anything`: said that all is fine.
    """

    place: str | None = None
    weekdays: frozenset[int] = frozenset()
    parts: frozenset[Part] = frozenset()
    weekend: bool = False
    online: bool | None = None
    step_free: bool = False
    after: date | None = None
    anything: bool = False
    avoid: frozenset[str] = frozenset()
    earliest: time | None = None
    latest: time | None = None


NOTHING = Preference()


class Fitting(Protocol):
    """What `fits` looks at; offer.Slot is one."""

    @property
    def place(self) -> str: ...
    @property
    def online(self) -> bool: ...
    @property
    def step_free(self) -> bool: ...
    @property
    def starts(self) -> tuple[datetime, ...]: ...


def part_of(clock: time) -> Part:
    """Morning until noon, afternoon until five, then evening."""
    if clock < time(12):
        return "morning"
    return "afternoon" if clock < time(17) else "evening"


def read(text: str, places: Sequence[str], today: date) -> Preference | None:
    """What `text` asks for; None where it says nothing about it. `places`: the names of the venues' towns."""
    raise NotImplementedError


def merge(old: Preference | None, new: Preference) -> Preference:
    """`old` changed by what `new` mentions. An access need stays until it is taken back elsewhere."""
    raise NotImplementedError


def fits(preference: Preference | None, slot: Fitting) -> bool:
    """Whether every session of the slot is what was asked for; None asks for nothing."""
    raise NotImplementedError


def pack(preference: Preference) -> dict[str, Any]:
    """As plain JSON, for storing."""
    raise NotImplementedError


def unpack(packed: Mapping[str, Any]) -> Preference:
    """What `pack` packed."""
    raise NotImplementedError
