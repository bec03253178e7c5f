"""The calendar file of a booking (RFC 5545), which a calendar updates by itself when it gets a newer one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Event:
    """One session. `uid`: stays the same for ever; `starts`, `ends`: aware instants; the texts are neutral."""

    uid: str
    starts: datetime
    ends: datetime
    summary: str
    location: str = ""
    description: str = ""
    url: str = ""


def build(events: Sequence[Event], *, sequence: int, made_at: datetime, cancelled: bool = False) -> str:
    """The file's text (CRLF lines, UTF-8 when encoded). `sequence`: rises by one with each change of the booking.

    A cancelled one says METHOD:CANCEL and STATUS:CANCELLED, which takes the entries out of the calendar.
    """
    raise NotImplementedError


def escape(text: str) -> str:
    """A text value as RFC 5545 wants it; control characters other than line ends are left out."""
    raise NotImplementedError


def fold(line: str) -> str:
    """A content line in pieces of at most 75 octets, never inside a character, ended by CRLF."""
    raise NotImplementedError
