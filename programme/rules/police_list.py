"""The two lists for the police: which columns they may have, which rows are due, and how they are written as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

# What a list can hold. Nothing that somebody said, and nothing about their health, is among it.
FIELDS = ("reference", "name", "date_of_birth", "referred_on", "outcome", "outcome_on", "place")
ALWAYS = ("row", "corrects_list", "reason")  # in every file, before what is set
Due = Literal["new", "again", "take_back"]

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class UnknownFieldError(ValueError):
    """There is no such column for these lists."""


def read_fields(text: str) -> tuple[str, ...]:
    """The columns as they are set, "reference, outcome, outcome_on", each once and in that order. Raises
    UnknownFieldError for one that is none of FIELDS; none at all is no list."""
    found = tuple(dict.fromkeys(part.strip().lower().replace(" ", "_") for part in text.split(",") if part.strip()))
    for each in found:
        if each not in FIELDS:
            raise UnknownFieldError(f"{UnknownFieldError.__doc__} ({each})")
    return found


def due(went: bool, taken_back: bool, stands: bool) -> Due | None:
    """What must go with the next list. `went`: a row of theirs was on one; `taken_back`: the last one took it back;
    `stands`: it is so today."""
    if not went:
        return "new" if stands else None
    if taken_back:
        return "again" if stands else None
    return None if stands else "take_back"


def written(fields: Sequence[str], rows: Iterable[Mapping[str, str]]) -> str:
    """The file: CSV with a header. A cell that a spreadsheet would take for a formula gets an apostrophe before it."""
    out = io.StringIO()
    columns = [*ALWAYS, *fields]
    writer = csv.DictWriter(out, columns, restval="", extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: safe_cell(row.get(name, "")) for name in columns})
    return out.getvalue()


def safe_cell(text: str) -> str:
    """A cell as text, whatever a spreadsheet makes of its first sign."""
    return f"'{text}" if text.startswith(_FORMULA) else text
