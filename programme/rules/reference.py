"""Referral references: found in what a person types, forgiving about how it is typed, never about what it is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Pattern:
    """A fixed prefix and groups of letters and digits: ("TVP", (4, 2)) is TVP-4F7K-92."""

    prefix: str = "TVP"
    groups: tuple[int, ...] = (4, 2)


DEFAULT = Pattern()


def read(text: str, pattern: Pattern = DEFAULT) -> str | None:
    """The canonical reference (capital letters and digits, no separators) in `text`, the last where there are more."""
    raise NotImplementedError


def take_out(text: str, pattern: Pattern = DEFAULT) -> str:
    """`text` without its references, so that a date of birth beside one can be read."""
    raise NotImplementedError


def show(canonical: str, pattern: Pattern = DEFAULT) -> str:
    """A canonical reference as it is printed: TVP-4F7K-92."""
    raise NotImplementedError


def variants(canonical: str, pattern: Pattern = DEFAULT) -> tuple[str, ...]:
    """The reference itself, then what a reader may have taken for it (O/0, I/1/L), fewest changes first, at most 16."""
    raise NotImplementedError
