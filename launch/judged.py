"""What a model made of the test sets, kept beside the models: scoring takes a minute, and it is the same each time.

Kept under a hash of all that it comes from: the model, the messages, the phrase list, and the code that reads them.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from launch.live import mark_of
from launch.score import phrase_list, score_model, write_report
from launch.settings import PROJECT
from programme.rules.live import Row

FOLDER = "judged"
KEPT = 10
READERS = ("nlu/safety", "nlu/components", "nlu/score.py", "nlu/sets.py", "nlu/processor.py", "programme/safety.py")


def read_rows(model: Path, files: Sequence[Path]) -> list[Row]:
    """A row for each message of the files. Raises ScoreFailedError, BadSetError."""
    kept = model.parent / FOLDER / f"{_hash(model, files)}.json"
    try:
        return [Row(**row) for row in json.loads(kept.read_text())["rows"]]
    except (OSError, ValueError, KeyError, TypeError):
        rows = [
            Row(row["text"], row["intent"], row["predicted"], row["alarm"])
            for row in score_model(model, files, phrase_list()).report["rows"]
        ]
    kept.parent.mkdir(mode=0o700, exist_ok=True)
    write_report({"model": model.name, "rows": [asdict(row) for row in rows]}, kept)
    for old in sorted(kept.parent.glob("*.json"), key=lambda one: one.stat().st_mtime)[:-KEPT]:
        old.unlink(missing_ok=True)
    return rows


def _hash(model: Path, files: Sequence[Path]) -> str:
    digest = hashlib.sha256(mark_of(model).sha256.encode())
    for file in (*files, *_readers()):
        content = file.read_bytes()
        digest.update(f"{file.name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:32]


def _readers() -> Iterable[Path]:
    for name in READERS:
        place = PROJECT / name
        found = [place] if place.is_file() else sorted(place.rglob("*"))
        yield from (file for file in found if file.suffix in {".py", ".yml"})
