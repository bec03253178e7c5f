"""Goes through a bench, part by part, and reports. What a part has measured before stays in the report."""

import json
import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from launch.bench import report, turns, understanding, workers
from launch.bench.learners import make_learners
from launch.bench.people import BadTurnError
from launch.bench.plan import Plan
from launch.bench.program import ProgramFailedError
from launch.bench.sets import make_sets, with_samples
from launch.bench.sides import NotReadyError
from launch.model import TrainingFailedError
from launch.score import BadSetError, ScoreFailedError, phrase_list
from launch.settings import Settings

Found = tuple[str, dict[str, Any]]
TITLES = {"turns": "Turns", "understanding": "Understanding", "workers": "Workers"}


def bench(settings: Settings, data: str = "") -> None:
    """Measures and reports: on standard output, and in VAR_DIR/bench/report.md and report.json.

    `data`: a folder of public sets to measure besides, as nlu/measure.py names them.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # an exception, so that what runs is ended with us
    settings.make_var_dir()
    folder = settings.var_dir / "bench"
    folder.mkdir(mode=0o700, exist_ok=True)
    try:
        for part in settings.bench_parts:
            text, content = PARTS[part](settings, folder, data)
            keep(folder, part, text, content)
    except BadSetError:
        sys.exit(2)  # it has said why
    except (TrainingFailedError, ProgramFailedError, NotReadyError, BadTurnError, ScoreFailedError) as error:
        sys.exit(f"\nThe bench came to no end: {error}")
    print(f"\n{gather(folder)}\nKept in {folder / 'report.md'} and report.json")


def run_turns(settings: Settings, folder: Path, _data: str) -> Found:
    """Both systems as they are used."""
    plan, epochs, load = Plan().scaled(settings.bench_rounds), settings.bench_stock_epochs, os.getloadavg()[0]
    figures, steps = turns.measure_all(folder, epochs, plan, _teller())
    when, lines = datetime.now(UTC), report.make_lines(figures, plan)
    text = report.as_text(lines, steps, plan, when, load, epochs)
    return text, report.as_content(lines, steps, figures, plan, when)


def run_understanding(settings: Settings, folder: Path, data: str) -> Found:
    """What each makes of messages that it has not learnt from."""
    epochs, load, home = settings.bench_stock_epochs, os.getloadavg()[0], folder / "understanding"
    home.mkdir(mode=0o700, exist_ok=True)
    sets = [
        one for whole in make_sets(home / "sets", data) for one in with_samples(whole, settings.bench_stock_examples)
    ]
    found = understanding.compare_all(sets, make_learners(epochs), home, phrase_list(), _teller())
    when = datetime.now(UTC)
    text = understanding.as_text([comparison for comparison, _ in found], when, load, epochs)
    return text, understanding.as_content(found, when, load, epochs)


def run_workers(settings: Settings, folder: Path, _data: str) -> Found:
    """People in the hands of workers; ours alone, since stock Rasa has no workers."""
    return workers.measure_workers(settings.models, folder / "workers", _teller())


PARTS: dict[str, Callable[[Settings, Path, str], Found]] = {
    "turns": run_turns,
    "understanding": run_understanding,
    "workers": run_workers,
}


def keep(folder: Path, part: str, text: str, content: dict[str, Any]) -> None:
    """What a part found, until it is measured again."""
    (folder / f"{part}.md").write_text(text, encoding="utf-8")
    (folder / f"{part}.json").write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def gather(folder: Path) -> str:
    """Writes the report of all parts that have been measured, whenever that was; gives its text."""
    known = [part for part in PARTS if (folder / f"{part}.md").exists()]
    texts = [f"## {TITLES[part]}\n\n{(folder / f'{part}.md').read_text(encoding='utf-8')}" for part in known]
    contents = {part: json.loads((folder / f"{part}.json").read_text(encoding="utf-8")) for part in known}
    text = "\n".join(texts)
    (folder / "report.md").write_text(text, encoding="utf-8")
    (folder / "report.json").write_text(json.dumps(contents, ensure_ascii=False, indent=1), encoding="utf-8")
    return text


def _teller() -> Callable[[str], None]:
    began = perf_counter()

    def tell(words: str) -> None:
        print(f"{perf_counter() - began:6.0f} s  {words}", flush=True)

    return tell
