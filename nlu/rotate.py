"""Changing the tracker store's keys: each row is sealed and named anew under the newest key.

Run by `make rotate` with TRACKER_URL and TRACKER_KEYS, the conversations' ids a line each on standard input, since rows
do not say whose they are; it prints how many rows it changed. A running server takes no harm: every write says which
version it replaces.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

from nlu.keys import Keys
from nlu.rows import Rows, StaleTracker, open_rows

TRIES = 5  # of a row that a running server writes at the same time


def rotate(rows: Rows, keys: Keys, conversations: Iterable[str]) -> int:
    """How many rows were not under the newest key. Raises UnreadableTracker where no key fits."""
    return sum(_rotate(rows, keys, conversation) for conversation in conversations)


def _rotate(rows: Rows, keys: Keys, conversation: str) -> bool:
    names = keys.names(conversation)
    for left in reversed(range(TRIES)):
        row = rows.read(names, -1)
        if row is None or row.name == names[0]:
            return False
        try:
            rows.write(names[0], keys.seal(keys.open(row, conversation), conversation), row)
        except StaleTracker:
            if not left:
                raise
        else:
            return True
    return False


def main() -> None:
    """Reads ids, changes rows, prints the count."""
    rows = open_rows(os.environ["TRACKER_URL"])
    try:
        print(rotate(rows, Keys(os.environ["TRACKER_KEYS"]), sys.stdin.read().split()))
    finally:
        rows.close()


if __name__ == "__main__":
    main()
