"""The examples that the model learns from, read as data: which words are an example already, and of what."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

import yaml

FOLDER = Path(__file__).parents[1] / "nlu" / "examples"
_MARKED = re.compile(r"\[([^\]]+)\](?:\([^)]*\)|\{[^}]*\})")


def plain(text: str) -> str:
    """`text` as two examples are compared: no marks, no signs, small letters."""
    return " ".join(re.findall(r"\w+", _MARKED.sub(r"\1", text).casefold()))


def known() -> Mapping[str, str]:
    """Every example, plain, and its intent. Read again when a file has changed."""
    files = tuple((file, file.stat().st_mtime_ns) for file in sorted(FOLDER.glob("*.yml")))
    return _known(files)


@lru_cache(maxsize=1)
def _known(files: tuple[tuple[Path, int], ...]) -> Mapping[str, str]:
    return {plain(text): intent for file, _ in files for intent, text in _read(file)}


def _read(file: Path) -> Iterator[tuple[str, str]]:
    content = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) or {}
    for block in content.get("nlu", []):
        for line in str(block.get("examples", "")).splitlines():
            if "intent" in block and line.startswith("- "):
                yield str(block["intent"]), line.removeprefix("- ")
