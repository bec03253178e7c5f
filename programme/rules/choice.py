"""Which of the offers a short answer means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from programme.rules.offer import Slot

Kind = Literal["index", "none", "ambiguous", "unread"]


@dataclass(frozen=True)
class Choice:
    """`index`: the one that is meant (from 0). `ambiguous`: `indices` are those that it may be, two or more."""

    kind: Kind
    index: int | None = None
    indices: tuple[int, ...] = ()


def read(text: str, slots: Sequence[Slot]) -> Choice:
    """What `text` says about `slots`, which are in the order in which they were shown."""
    raise NotImplementedError
