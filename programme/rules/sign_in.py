"""Signing in: slowing down those who guess, how long a session lasts, and which passwords are too easy.

An account is never locked. Failures against it slow every browser that has not signed in to it before, since guesses
may come from anywhere; a browser that has carries a mark of its own and is slowed by its own failures alone, so that a
stranger who guesses cannot keep somebody out. An address is slowed by all that fails from it. Codes are tried only by
somebody who knows the password, and there are few of them: their waiting grows longest.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from types import MappingProxyType

from programme.rules.attempts import Policy, wait

POLICIES = MappingProxyType(
    {
        "account": Policy(5, timedelta(seconds=2), timedelta(minutes=1), timedelta(hours=1)),
        "address": Policy(20, timedelta(seconds=2), timedelta(minutes=2), timedelta(hours=1)),
        "code": Policy(4, timedelta(seconds=15), timedelta(minutes=15)),
    }
)
WINDOW = max(policy.window for policy in POLICIES.values())
SESSION = timedelta(hours=12)  # from signing in, where no setting says otherwise
IDLE = timedelta(minutes=60)  # without a sign of life, which an open page of somebody on shift gives too
CODE_TIME = timedelta(minutes=10)  # to give the code after the password
SHORTEST, LONGEST = 12, 200  # characters of a password
FEWEST_KINDS = 5  # different characters
_EASY = ("password", "letmein", "qwerty", "druglink", "123456", "welcome")


def wait_for(subject: str, failed_at: Sequence[datetime], address: Sequence[datetime], now: datetime) -> timedelta:
    """How long until the next try; zero: now. `subject`: "account" or "code", whose failures `failed_at` are."""
    return max(wait(failed_at, now, POLICIES[subject]), wait(address, now, POLICIES["address"]))


def is_over(now: datetime, seen_at: datetime, expires_at: datetime, idle: timedelta = IDLE) -> bool:
    """Whether a session has ended by the clock."""
    return now >= expires_at or now >= seen_at + idle


def is_easy(password: str, *own: str) -> bool:
    """Whether it is too short, too long, or what anybody would try first: one's own name or address in it, say.

    What is left of it after the words that everybody tries must still be long enough.
    """
    if not SHORTEST <= len(password) <= LONGEST or len(set(password)) < FEWEST_KINDS:
        return True
    rest = password.lower()
    for word in (*_EASY, *(part for given in own for part in _parts(given))):
        rest = rest.replace(word, "")
    return len(rest) < SHORTEST * 2 // 3


def _parts(given: str) -> list[str]:
    words = "".join(letter if letter.isalnum() else " " for letter in given.lower()).split()
    return [word for word in words if len(word) >= 3]
