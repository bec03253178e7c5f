"""The bench's part on understanding: both sides learn the same examples and are asked about the same messages."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from launch.bench.comparison import Comparison
from launch.bench.learners import Learner, Learnt, Tell
from launch.bench.sets import LabelledSet
from launch.bench.table import OURS, as_entries, as_rows, head, machine
from launch.bench.understood import Alarm

HOW = "Each side by itself, asked one message after another on one thread."


def compare_all(
    sets: Sequence[LabelledSet], learners: Sequence[Learner], folder: Path, phrases: Alarm, tell: Tell
) -> list[tuple[Comparison, dict[str, Learnt]]]:
    """Each set learnt and answered by each side; what is in `folder` already is taken from there.

    Raises ProgramFailedError.
    """
    found = []
    for one in sets:
        asked = [learner for learner in learners if learner.name == OURS or not one.ours_alone]
        learnt = {learner.name: learner.learn(one, folder, tell) for learner in asked}
        found.append((Comparison(one, learnt, phrases), learnt))
    return found


def as_text(comparisons: Sequence[Comparison], when: datetime, load: float, epochs: int) -> str:
    """The tables in Markdown. `load`: the machine's when it began; `epochs`: stock Rasa's."""
    text = head(when, load, epochs, HOW)
    for comparison in comparisons:
        text += [f"### {_title(comparison.set)}", "", *as_rows(comparison.lines()), ""]
    return "\n".join(text)


def as_content(
    comparisons: Sequence[tuple[Comparison, Mapping[str, Learnt]]], when: datetime, load: float, epochs: int
) -> dict[str, Any]:
    """The same for JSON, with what each training cost, and our mistakes with danger."""
    return {
        "at": when.isoformat(timespec="seconds"),
        "machine": machine(),
        "load": load,
        "stock_epochs": epochs,
        "sets": [
            {
                "name": comparison.set.name,
                "examples": len(comparison.set.train),
                "drawn_from": comparison.set.drawn_from,
                "lines": as_entries(comparison.lines()),
                "trainings": {name: asdict(done.training) for name, done in learnt.items()},
                "mistakes": comparison.mistakes(),
            }
            for comparison, learnt in comparisons
        ],
    }


def _title(one: LabelledSet) -> str:
    tests, foreign = (sum(row.group == group for row in one.rows) for group in ("test", "foreign"))
    more = f" and {foreign:,} foreign ones" if foreign else ""
    learnt = f"{len(one.train):,} examples"
    if one.ours_alone:
        learnt += ", ours alone"
    elif one.drawn_from:
        learnt = f"{len(one.train):,} of the {one.drawn_from:,} examples, the same for both"
    return f"Understanding, {one.title}: {learnt}; {tests:,} messages{more}"
