"""Which names of the domain stored conversations hold: a model that lacks one of them could not go on with them.

Run by `make live` with TRACKER_URL and TRACKER_KEYS, the conversations' ids a line each on standard input. It prints
JSON, {"slots", "forms", "actions": [name, …]}: names only, nothing that anybody has said.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator

from nlu.keys import Keys
from nlu.rows import Rows, open_rows

# Rasa's own, which every model has.
BUILT_IN = {"requested_slot", "session_started_metadata", "action_listen", "action_session_start"}


def names_in_use(rows: Rows, keys: Keys, conversations: Iterable[str]) -> dict[str, list[str]]:
    """Slots that have a value now, forms that are open now, and what was done in the latest session.

    Raises UnreadableTracker where no key fits.
    """
    found: dict[str, set[str]] = {"slots": set(), "forms": set(), "actions": set()}
    for conversation in conversations:
        row = rows.read(keys.names(conversation), -1)
        if row is not None:
            _add(found, _events(keys.open(row, conversation)))
    return {kind: sorted(names - BUILT_IN) for kind, names in found.items()}


def _events(opened: bytes) -> Iterator[dict]:
    return (json.loads(line) for line in opened.decode().split("\n") if line)


def _add(found: dict[str, set[str]], events: Iterable[dict]) -> None:
    slots: dict[str, object] = {}
    form = None
    for event in events:
        match event.get("event"):
            case "slot":
                slots[event["name"]] = event.get("value")
            case "active_loop":
                form = event.get("name")
            case "action" if event.get("name"):
                found["actions"].add(event["name"])
    found["slots"] |= {name for name, value in slots.items() if value is not None}
    if form:
        found["forms"].add(form)


def main() -> None:
    """Reads ids, prints names."""
    rows = open_rows(os.environ["TRACKER_URL"])
    try:
        print(json.dumps(names_in_use(rows, Keys(os.environ["TRACKER_KEYS"]), sys.stdin.read().split())))
    finally:
        rows.close()


if __name__ == "__main__":
    main()
