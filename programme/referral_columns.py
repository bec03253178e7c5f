"""What the columns of a file of referrals hold: by their headings, or as somebody said before."""

import hashlib
import json
from collections.abc import Mapping

from sqlmodel import Session

from programme.referral_words import Words, plain
from storage.referral_import import ImportMapping

PARTS_OF_NAME = frozenset({"first_name", "last_name"})


def plain_columns(words: Words, headings: tuple[str, ...]) -> dict[str, str] | None:
    """By the headings alone, where they say enough; of two that mean the same the first."""
    columns: dict[str, str] = {}
    for heading in headings:
        field = words.field_of(heading) if heading else None
        if field is not None and field not in columns.values():
            columns[heading] = field
    return columns if enough(columns) else None


def enough(columns: Mapping[str, str]) -> bool:
    """Whether a file can be read by these: the reference, the name and the date of birth, each once."""
    fields = list(columns.values())
    named = "name" in fields or set(fields) >= PARTS_OF_NAME
    return len(fields) == len(set(fields)) and {"reference", "date_of_birth"} <= set(fields) and named


def remembered(session: Session, headings: tuple[str, ...]) -> dict[str, str] | None:
    """What was said of these headings before; None where nothing was."""
    row = session.get(ImportMapping, signature(headings))
    known: dict[str, str] = json.loads(row.columns) if row else {}
    return {heading: known[heading] for heading in headings if heading in known} or None


def signature(headings: tuple[str, ...] | list[str]) -> str:
    """The same for the same headings in any order."""
    return hashlib.sha256("\x1f".join(sorted(map(plain, headings))).encode()).hexdigest()


def samples(headings: list[str], rows: list[tuple[int, list[str]]]) -> dict[str, tuple[str, ...]]:
    """Of each heading the first cells that hold anything."""
    return {
        heading: tuple(cells[place] for _, cells in rows[:50] if cells[place])[:2]
        for place, heading in enumerate(headings)
        if heading
    }
