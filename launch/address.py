"""Where the dialogue server is: a file in VAR_DIR that the supervisor keeps and the app looks at before each question.

A port that is handed over at the start would be the old model's for ever; a file lets the next one take its place
between two questions.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path

FILE = "dialogue.json"


def write_address(file: Path, port: int) -> None:
    """The dialogue is at this port from now on: whole or not at all."""
    new = file.with_name(f".{file.name}.{os.getpid()}")
    new.write_text(json.dumps({"port": port}) + "\n")
    new.replace(file)


def make_address(file: Path | None, first: str) -> Callable[[], str]:
    """Gives the dialogue's address whenever it is called; `first` where there is no file, or not yet."""
    known, seen = first, (0, 0)

    def address() -> str:
        nonlocal known, seen
        if file is None:
            return known
        try:
            about = file.stat()
            if (about.st_ino, about.st_mtime_ns) != seen:
                known = f"http://127.0.0.1:{int(json.loads(file.read_text())['port'])}"
                seen = (about.st_ino, about.st_mtime_ns)
        except (OSError, ValueError, KeyError, TypeError):
            return known  # as it was told last
        return known

    return address
