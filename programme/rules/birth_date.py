"""Dates of birth as people type them, in British order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

Problem = Literal["unreadable", "impossible", "future", "too_young", "too_old", "ambiguous"]


@dataclass(frozen=True)
class BirthDate:
    """Either a `value` and no problem, or a `problem` and no value."""

    value: date | None = None
    problem: Problem | None = None


def read(text: str, today: date, youngest: int = 18, oldest: int = 110) -> BirthDate:
    """The date of birth in `text`; `today`: the London date; ages in whole years, both ends allowed."""
    raise NotImplementedError
