"""The calendar file of a booking (RFC 5545), which a calendar updates by itself when it gets a newer one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from programme.rules import london

PRODUCT = "-//Course booking//EN"
MOST_OCTETS = 75
# London's clocks have changed on the last Sundays of March and October since 1996.
ZONE_LINES = (
    "BEGIN:VTIMEZONE",
    "TZID:Europe/London",
    "BEGIN:DAYLIGHT",
    "DTSTART:19960331T010000",
    "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
    "TZOFFSETFROM:+0000",
    "TZOFFSETTO:+0100",
    "TZNAME:BST",
    "END:DAYLIGHT",
    "BEGIN:STANDARD",
    "DTSTART:19961027T020000",
    "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
    "TZOFFSETFROM:+0100",
    "TZOFFSETTO:+0000",
    "TZNAME:GMT",
    "END:STANDARD",
    "END:VTIMEZONE",
)


@dataclass(frozen=True)
class Event:
    """One session. `uid`: stays the same for ever; `starts`, `ends`: aware instants; the texts are neutral.

    `cancelled`: this session alone is off, as when a booking moves to a course with fewer of them.
    """

    uid: str
    starts: datetime
    ends: datetime
    summary: str
    location: str = ""
    description: str = ""
    url: str = ""
    cancelled: bool = False


def build(events: Sequence[Event], *, sequence: int, made_at: datetime, cancelled: bool = False) -> str:
    """The file's text (CRLF lines, to be encoded as UTF-8). `sequence`: rises by one with each change of the booking.

    A cancelled file says METHOD:CANCEL and STATUS:CANCELLED, which takes the entries out of the calendar.
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODUCT}", "CALSCALE:GREGORIAN"]
    lines.append("METHOD:CANCEL" if cancelled else "METHOD:PUBLISH")
    lines.extend(ZONE_LINES)
    for event in events:
        lines.extend(_event(event, sequence, made_at, cancelled or event.cancelled))
    return "".join(map(fold, [*lines, "END:VCALENDAR"]))


def _event(event: Event, sequence: int, made_at: datetime, cancelled: bool) -> list[str]:
    texts = {"SUMMARY": event.summary, "LOCATION": event.location, "DESCRIPTION": event.description}
    stamp = f"{made_at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    return [
        "BEGIN:VEVENT",
        f"UID:{escape(event.uid)}",
        f"SEQUENCE:{sequence}",
        f"DTSTAMP:{stamp}",
        f"LAST-MODIFIED:{stamp}",
        f"DTSTART{_moment(event.starts)}",
        f"DTEND{_moment(event.ends)}",
        *(f"{name}:{escape(text)}" for name, text in texts.items() if text),
        *([f"URL:{re.sub(r'[^!-~]', '', event.url)}"] if event.url else []),
        f"STATUS:{'CANCELLED' if cancelled else 'CONFIRMED'}",
        "CLASS:PRIVATE",
        f"TRANSP:{'TRANSPARENT' if cancelled else 'OPAQUE'}",
        "END:VEVENT",
    ]


def _moment(instant: datetime) -> str:
    """London clock time; but UTC in October's hour that happens twice, which a clock time cannot tell apart."""
    clock = london.local(instant)
    if clock.fold or clock.replace(fold=1).utcoffset() != clock.utcoffset():
        return f":{instant.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    return f";TZID=Europe/London:{clock:%Y%m%dT%H%M%S}"


def escape(text: str) -> str:
    """A text value as RFC 5545 wants it; control characters other than line ends and tabs are left out."""
    flat = text.replace("\r\n", "\n").replace("\r", "\n")
    flat = "".join(char for char in flat if char in "\n\t" or (char >= " " and char != "\x7f"))
    return flat.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def fold(line: str) -> str:
    """A content line in pieces of at most 75 octets, never inside a character, each ended by CRLF."""
    pieces, piece, size = [], "", 0
    for char in line:
        octets = len(char.encode())
        if size + octets > MOST_OCTETS:
            pieces.append(piece)
            piece, size = " ", 1
        piece, size = piece + char, size + octets
    return "\r\n".join([*pieces, piece]) + "\r\n"
