"""How much one person or one address may do, counted in this process; who is too fast is told once, not each time."""

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import Enum

from programme.rules import limit
from programme.rules.limit import ADDRESS, MESSAGES, SESSIONS, SIGNALS, Limit

DANGERS = Limit(10, timedelta(minutes=1))
LOOKUPS = Limit(600, timedelta(minutes=1))  # from an address, which may be a whole hostel's
MAX_LENGTH = 2000  # characters in a message
SWEEP_AT = 5000  # keys remembered before those whose windows are over are forgotten


class Verdict(Enum):
    """`TELL`: refused, and this is the time to say so. `QUIET`: refused, and it was said already in this window."""

    PASSED = "passed"
    TELL = "tell"
    QUIET = "quiet"


class Window:
    """A sliding window for each key. Only what passes is counted, so that nobody is shut out by trying on."""

    def __init__(self, allowed: Limit, clock: Callable[[], datetime]) -> None:
        self._allowed = allowed
        self._clock = clock
        self._passed: dict[str, deque[datetime]] = {}
        self._told: dict[str, datetime] = {}

    def hit(self, key: str) -> Verdict:
        """Counts one event, or refuses it."""
        now = self._clock()
        if len(self._passed) + len(self._told) > SWEEP_AT:
            self._sweep(now)
        recent = self._passed.get(key) or deque()
        while recent and recent[0] <= now - self._allowed.window:
            recent.popleft()
        if limit.too_fast(recent, now, self._allowed):
            return self.refuse(key)
        recent.append(now)
        self._passed[key] = recent
        return Verdict.PASSED

    def refuse(self, key: str) -> Verdict:
        """For what is refused whatever its count: TELL once a window, then QUIET."""
        now = self._clock()
        told = self._told.get(key)
        if told is not None and told > now - self._allowed.window:
            return Verdict.QUIET
        self._told[key] = now
        return Verdict.TELL

    def _sweep(self, now: datetime) -> None:
        since = now - self._allowed.window
        self._passed = {key: at for key, at in self._passed.items() if at[-1] > since}
        self._told = {key: at for key, at in self._told.items() if at > since}


class Limits:
    """The limits at the people's door, the same for every channel. Keys are ids or addresses; they are not stored."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        messages: Limit = MESSAGES,
        sessions: Limit = SESSIONS,
    ) -> None:
        self._messages = Window(messages, clock)
        self._sessions = Window(sessions, clock)
        self._lengths = Window(messages, clock)
        self._dangers = Window(DANGERS, clock)
        self._addresses = Window(ADDRESS, clock)
        self._signals = Window(SIGNALS, clock)
        self._lookups = Window(LOOKUPS, clock)

    def message(self, person: str) -> Verdict:
        """One more message of this person (a conversation's id, say)."""
        return self._messages.hit(person)

    def address(self, address: str) -> Verdict:
        """One more message from this network address, whoever sent it; "": not known, so not counted."""
        return self._addresses.hit(address) if address else Verdict.PASSED

    def signal(self, person: str) -> Verdict:
        """One more frame that is no message: what was seen, that somebody types, what cannot be read."""
        return self._signals.hit(person)

    def session(self, address: str) -> Verdict:
        """One more chat begun from this network address."""
        return self._sessions.hit(address)

    def lookup(self, address: str) -> Verdict:
        """One more look from this network address at why an answer was given; "": not known, so not counted."""
        return self._lookups.hit(address) if address else Verdict.PASSED

    def danger(self, person: str) -> Verdict:
        """One more message that speaks of danger: heard beyond every other limit, up to its own."""
        return self._dangers.hit(person)

    def length(self, person: str, text: str) -> Verdict:
        """Whether the text is short enough; that it is too long is said once a window."""
        return Verdict.PASSED if len(text) <= MAX_LENGTH else self._lengths.refuse(person)
