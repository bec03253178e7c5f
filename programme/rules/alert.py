"""When alerts to the workers go out: danger at once and each by itself; the rest together, at most a line a minute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

APART = timedelta(minutes=1)


@dataclass(frozen=True)
class Waiting:
    """An alert that is still to be sent. `not_before`: when a failed one may be tried again; None: at once."""

    id: str
    danger: bool
    not_before: datetime | None = None


def next_line(waiting: Sequence[Waiting], last_line_at: datetime | None, now: datetime) -> list[Waiting]:
    """What the next line is about: one danger, or all else together; nothing while neither is due.

    `waiting`: the oldest first. `last_line_at`: when the last line that was not of danger went out.
    """
    due = [one for one in waiting if one.not_before is None or one.not_before <= now]
    for one in due:
        if one.danger:
            return [one]
    if last_line_at is not None and now - last_line_at < APART:
        return []
    return due
