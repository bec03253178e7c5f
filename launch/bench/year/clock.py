"""The fast clock: simulated time that only goes forward, and what is to happen when."""

import heapq
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

Act = Callable[[], Awaitable[None]]


class FastClock:
    """`clock()` is the time of the simulated year, aware UTC."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def __call__(self) -> datetime:
        return self._now

    def to(self, moment: datetime) -> None:
        """Moves it forward; what lies behind is now."""
        self._now = max(self._now, moment)


@dataclass
class Agenda:
    """What is planned, by time and then in the order in which it was planned."""

    _rows: list[tuple[datetime, int, Act]] = field(default_factory=list)
    _numbers: "count[int]" = field(default_factory=count)

    def __len__(self) -> int:
        return len(self._rows)

    def at(self, moment: datetime, act: Act) -> None:
        """Has `act` happen at this moment, or at once where that is over."""
        heapq.heappush(self._rows, (moment, next(self._numbers), act))

    def take(self, until: datetime) -> tuple[datetime, Act] | None:
        """The next thing that happens before `until`, taken from the agenda."""
        if not self._rows or self._rows[0][0] >= until:
            return None
        moment, _, act = heapq.heappop(self._rows)
        return moment, act
