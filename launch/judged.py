"""What a model makes of the project's test sets, kept beside the models: it takes a minute, and is the same each time.

Kept under a hash of all that it comes from: the model, the messages, the phrase list, and the code that reads them.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from launch.live import mark_of
from launch.score import Scored, ScoreFailedError, hand_over, phrase_list, place_for, score_model, write_report
from launch.settings import PROJECT, Settings

FOLDER = "judged"
KEPT = 10
READERS = (
    "nlu/safety",
    "nlu/components",
    "nlu/score.py",
    "nlu/sets.py",
    "nlu/annotations.py",
    "nlu/processor.py",
    "programme/safety.py",
    "programme/words.py",
    "programme/notation.py",
    "launch/score.py",
    "launch/figures.py",
)


class NoSetsError(ScoreFailedError):
    """There are no messages to judge a model by: SCORE_SETS must name a folder with .yml files in it."""


def own_sets(settings: Settings) -> list[Path]:
    """The project's own messages, which no model has learnt from (SCORE_SETS). Raises NoSetsError: without any, every
    model would be as good as every other."""
    if not (found := sorted(settings.score_sets.glob("*.yml"))):
        raise NoSetsError(NoSetsError.__doc__)
    return found


def report_on(settings: Settings, model: Path) -> dict[str, Any]:
    """A report and a page on how well a model understands the project's own test sets, in VAR_DIR; prints the figures.

    Raises BadSetError, ScoreFailedError.
    """
    place = place_for(settings, "", f"{model.name.partition('.')[0]}.json")
    return hand_over(judge_model(settings, model, own_sets(settings)), place, place.with_suffix(".html"))


def judge_model(settings: Settings, model: Path, files: Sequence[Path]) -> Scored:
    """What the model and the phrase list make of the files' messages. Raises ScoreFailedError, BadSetError."""
    kept = settings.models / FOLDER / f"{_hash(model, files)}.json"
    try:
        known = json.loads(kept.read_text(encoding="utf-8"))
        scored = Scored(known["report"], tuple(known["places"]))
    except (OSError, ValueError, KeyError, TypeError):
        scored = score_model(model, files, phrase_list())
    kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_report(asdict(scored), kept)  # also where it was known: the newest are kept
    for old in sorted(kept.parent.glob("*.json"), key=lambda one: one.stat().st_mtime)[:-KEPT]:
        old.unlink(missing_ok=True)
    return scored


def _hash(model: Path, files: Sequence[Path]) -> str:
    mark = mark_of(model)
    digest = hashlib.sha256(f"{mark.model}\0{mark.sha256}".encode())
    for file in (*files, *_readers()):
        content = file.read_bytes()
        digest.update(f"{file}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:32]


def _readers() -> Iterable[Path]:
    for name in READERS:
        place = PROJECT / name
        found = [place] if place.is_file() else sorted(place.rglob("*"))
        yield from (file for file in found if file.suffix in {".py", ".yml"})
