"""Whether somebody asks for reminders again, in words that are easily taken for their opposite: both name reminders."""

from __future__ import annotations

import re

AGAIN = re.compile(
    r"\b(?:start|restart|resume|send|give|want|need|like|have|get|bring|turn(?: \w+){0,2} on|switch(?: \w+){0,2} on)\b"
    r"[^.?!]*\b(?:reminders?|messages)\b|\b(?:reminders?|messages)\b[^.?!]*\b(?:again|back|on)\b"
)
NO_MORE = re.compile(
    r"\b(?:stop\w*|no|not|never|without|off|end|quit|cancel|unsubscribe|less|fewer|enough|many|away|pause|leave"
    r"|nothing|none|cannot|(?:do|does|did|wo|ca|would|should|need)n['’]?t)\b"
)


def asks_again(text: str) -> bool:
    """Whether these words ask for reminders and nothing in them asks for the end of any."""
    plain = text.casefold()
    return AGAIN.search(plain) is not None and NO_MORE.search(plain) is None
