"""What every use case works with: the database, the words, the clock and randomness, passed in from the roof."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from programme.answers import Answers
from storage.database import Database


@dataclass(frozen=True)
class Context:
    """`clock`: aware UTC; `new_id`: 32 hex digits; `new_token`: at least 128 random bits in at most 32 characters."""

    database: Database
    answers: Answers
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    new_token: Callable[[], str]
    holder: str  # this process's name, for leases
    found_at: str = ""  # where people and workers find us, for links; empty: wherever a request was sent to
