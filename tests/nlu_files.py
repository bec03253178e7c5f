"""Examples and test messages as tests read them: their intent, and the words without the marks of entities."""

import re
from collections.abc import Iterator
from pathlib import Path

import yaml


def examples(file: Path) -> Iterator[tuple[str, str]]:
    """(intent, text) of each line of a file of Rasa's."""
    for entry in yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)["nlu"]:
        for line in entry.get("examples", "").splitlines() if "intent" in entry else ():
            yield entry["intent"], re.sub(r"\[([^\]]*)\](\([^)]*\)|\{[^}]*\})", r"\1", line.removeprefix("- "))
