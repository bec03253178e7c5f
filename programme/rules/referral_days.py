"""By when somebody must be reached, book and finish, counted from the day they were referred."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class Days:
    """The programme's settings, in days after the referral; None: not set."""

    to_contact: int | None
    to_book: int | None
    to_finish: int | None


@dataclass(frozen=True)
class Dates:
    """London dates, each the last day that counts; None: not known."""

    contact_by: date | None
    book_by: date | None
    finish_by: date | None


def count(referred_on: date, days: Days, book_by: date | None = None, finish_by: date | None = None) -> Dates:
    """Somebody's dates. What came with the referral goes before what the settings say, and nobody is given longer for
    an earlier step than for a later one."""
    finish = finish_by or _after(referred_on, days.to_finish)
    book = book_by or _earlier(_after(referred_on, days.to_book), finish)
    return Dates(_earlier(_after(referred_on, days.to_contact), book or finish), book, finish)


def _after(day: date, days: int | None) -> date | None:
    return None if days is None else day + timedelta(days=days)


def _earlier(one: date | None, other: date | None) -> date | None:
    return one if other is None or one is None else min(one, other)
