"""Like messages together: groups by shared letters in threes, so that typing slips do not keep them apart."""

from __future__ import annotations

from collections.abc import Sequence

ALIKE = 0.4  # of the threes of both, shared
SHORT = 3


def threes(text: str) -> frozenset[str]:
    """The runs of three characters of `text` in small letters, spaces at its ends included."""
    plain = f" {' '.join(''.join(c if c.isalnum() else ' ' for c in text.casefold()).split())} "
    return frozenset(plain[at : at + SHORT] for at in range(max(len(plain) - SHORT + 1, 1)))


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """Shared of all: 0 to 1."""
    every = len(one | other)
    return len(one & other) / every if every else 1.0


def group(texts: Sequence[str]) -> list[list[int]]:
    """Places in `texts`, each in one group: with the first group whose first text is alike. The largest group first."""
    groups: list[tuple[frozenset[str], list[int]]] = []
    for place, text in enumerate(texts):
        runs = threes(text)
        for first, places in groups:
            if likeness(first, runs) >= ALIKE:
                places.append(place)
                break
        else:
            groups.append((runs, [place]))
    return sorted((places for _, places in groups), key=lambda places: (-len(places), places[0]))
