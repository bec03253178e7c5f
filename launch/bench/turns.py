"""The bench's part on turns: train, start, one person, many people, where the time goes."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

from launch.bench.messages import Deck
from launch.bench.plan import (
    Figures,
    Plan,
    in_new_conversation,
    measure_crowd,
    measure_starts,
    measure_turns,
)
from launch.bench.sides import Ours, Side, Stock
from launch.bench.trace import Step, read_notes, take_apart
from launch.settings import PROJECT

TRACED_PEOPLE = 10


def measure_all(
    folder: Path, epochs: int, plan: Plan, tell: Callable[[str], None]
) -> tuple[dict[str, Figures], list[Step]]:
    """What was measured of each side by its name, and where the time of our turns goes.

    Raises TrainingFailedError, ProgramFailedError, NotReadyError, BadTurnError.
    """
    ours, stock = Ours(folder / "ours"), Stock(folder / "stock", epochs)
    figures = {side.name: Figures(training=side.train()) for side in (ours, stock)}
    return figures, asyncio.run(measure(ours, stock, figures, plan, folder / "trace", tell))


async def measure(
    ours: Ours, stock: Stock, figures: dict[str, Figures], plan: Plan, trace: Path, tell: Callable[[str], None]
) -> list[Step]:
    """Everything but training, into `figures`; gives where the time of our turns goes. Both sides are stopped then."""
    sides: list[Side] = [ours, stock]
    deck = Deck(PROJECT)
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
