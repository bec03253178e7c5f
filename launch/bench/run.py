"""Goes through a whole bench: train, start, one person, many people, where the time goes; then the report."""

import asyncio
import shutil
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from launch.bench.messages import Deck
from launch.bench.people import BadTurnError
from launch.bench.plan import (
    Figures,
    Plan,
    in_new_conversation,
    measure_crowd,
    measure_starts,
    measure_turns,
)
from launch.bench.report import as_json, as_text, make_lines
from launch.bench.sides import NotReadyError, Ours, Side, Stock
from launch.bench.trace import Step, read_notes, take_apart
from launch.model import TrainingFailedError
from launch.settings import PROJECT, Settings

TRACED_PEOPLE = 10


def bench(settings: Settings) -> None:
    """Measures and reports: on standard output, and in VAR_DIR/bench/report.md and report.json."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # an exception, so that what runs is ended with us
    settings.make_var_dir()
    folder = settings.var_dir / "bench"
    folder.mkdir(mode=0o700, exist_ok=True)
    plan = Plan().scaled(settings.bench_rounds)
    ours, stock = Ours(folder / "ours"), Stock(folder / "stock", settings.bench_stock_epochs)
    try:
        figures = {side.name: Figures(training=side.train()) for side in (ours, stock)}
        steps = asyncio.run(measure(ours, stock, figures, plan, folder / "trace"))
    except (TrainingFailedError, NotReadyError, BadTurnError) as error:
        sys.exit(f"\nThe bench came to no end: {error}")
    when, lines = datetime.now(UTC), make_lines(figures, plan)
    text = as_text(lines, steps, plan, when)
    (folder / "report.md").write_text(text, encoding="utf-8")
    (folder / "report.json").write_text(as_json(lines, steps, figures, plan, when), encoding="utf-8")
    print(f"\n{text}\nKept in {folder / 'report.md'} and report.json")


async def measure(ours: Ours, stock: Stock, figures: dict[str, Figures], plan: Plan, trace: Path) -> list[Step]:
    """Everything but training, into `figures`; gives where the time of our turns goes. Both sides are stopped then."""
    sides: list[Side] = [ours, stock]
    deck, began = Deck(PROJECT), perf_counter()

    def tell(words: str) -> None:
        print(f"{perf_counter() - began:6.0f} s  {words}", flush=True)

    ours.empty()
    stock.empty()
    try:
        await measure_starts(sides, figures, plan, deck, tell)
        await measure_turns(sides, figures, plan, deck, tell)
        await measure_crowd(sides, figures, plan, deck, tell)
    finally:
        await asyncio.gather(*(side.stop() for side in sides))
    tell("where the time of our turns goes")
    return await look_inside(ours, plan, deck, trace)


async def look_inside(ours: Ours, plan: Plan, deck: Deck, trace: Path) -> list[Step]:
    """One more start of ours with its steps timed, apart from the run that counts."""
    _make_empty(trace)
    await ours.start(trace)
    try:
        await in_new_conversation(ours.join, deck.answers(plan.warm))
        warmed = {name: len(seconds) for name, seconds in read_notes(trace).items()}
        said = []
        for _ in range(TRACED_PEOPLE):
            said += await in_new_conversation(ours.join, deck.answers(plan.a_round), plan.pause)
    finally:
        await ours.stop()
    notes = {name: seconds[warmed.get(name, 0) :] for name, seconds in read_notes(trace).items()}
    return take_apart(said, notes)


def _make_empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
