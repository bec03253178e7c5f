"""Passwords and recovery codes as hashes (argon2id): making and checking them, few at a time.

Hashing is made to cost time and memory. It is never done inside a transaction, and no more than a few at once, so that
whoever sends many sign-ins cannot fill the memory.
"""

import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

AT_ONCE = 3
ROUNDS, KIB = 3, 32 * 1024  # OWASP asks for 2 rounds of 19 MiB at least
_HASHER = PasswordHasher(time_cost=ROUNDS, memory_cost=KIB, parallelism=1)
_TURN = threading.BoundedSemaphore(AT_ONCE)


def hash_password(password: str) -> str:
    """What is kept of a password."""
    with _TURN:
        return _HASHER.hash(password)


def is_password(kept: str | None, password: str) -> bool:
    """Whether it is the password that was kept. `None`: there is no account; takes the same time, and is never."""
    with _TURN:
        try:
            return _HASHER.verify(kept or _nobody(), password) and kept is not None
        except (VerificationError, InvalidHashError):
            return False


def is_old(kept: str) -> bool:
    """Whether it was hashed at another cost than today's, and is to be hashed anew."""
    return _HASHER.check_needs_rehash(kept)


@cache
def _nobody() -> str:
    return _HASHER.hash("nobody has this password")
