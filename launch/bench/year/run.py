"""Runs the year, prints its table and its last line; the exit code says whether all was well."""

import asyncio
import gc
import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from time import perf_counter

import structlog

from bot.dialogue import Dialogue
from launch.bench.table import machine
from launch.bench.year import figures
from launch.bench.year.clock import FastClock
from launch.bench.year.count import Counted, count
from launch.bench.year.figures import Figures
from launch.bench.year.straight import StraightDialogue
from launch.bench.year.talk import PHRASES
from launch.bench.year.world import Plan, World
from launch.keys import make_sample_keys, read_keyring
from launch.settings import PROJECT, Settings
from programme.answers import Answers
from programme.context import Context
from storage.database import Database
from storage.migrate import migrate

START = datetime(2027, 1, 4, 6, 10, tzinfo=UTC)  # a Monday
SELDOM = 20_000  # new objects between two rounds of the garbage collector
QUIET_LOG = 50  # critical: what a year of invented trouble logs is in its table
MOMENTS: Mapping[str, timedelta] = {
    "1 month": timedelta(days=31),
    "3 months": timedelta(days=91),
    "12 months": timedelta(days=364),
}


def bench_year(settings: Settings) -> None:
    """Simulates, measures and reports: on standard output, and in VAR_DIR/bench/year.md and year.json. Ends with
    exit code 1 unless nothing was lost, doubled, or sent in quiet hours."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(QUIET_LOG))
    settings.make_var_dir()
    folder = settings.var_dir / "bench"
    folder.mkdir(mode=0o700, exist_ok=True)
    plan = Plan(referrals=settings.year_referrals)
    gc.set_threshold(SELDOM, 20, 100)  # the people and their plans live to the end: no need to look through them
    found, counted, failed = asyncio.run(live(settings, folder / "year", plan, _teller()))
    text = as_text(found, counted, failed, plan)
    (folder / "year.md").write_text(text, encoding="utf-8")
    content = {"machine": machine(), "figures": [asdict(each) for each in found], "wrong": counted.what()}
    (folder / "year.json").write_text(json.dumps({**content, "failed": failed}, default=str), encoding="utf-8")
    print(f"\n{text}", end="", flush=True)
    sys.exit(int(bool(counted.faults)))


async def live(
    settings: Settings, home: Path, plan: Plan, tell: Callable[[str], None]
) -> tuple[list[Figures], Counted, dict[str, int]]:
    """The year in a database of its own in `home` (or in an empty one at DATABASE_URL): its figures at each moment,
    what is wrong at its end, and what failed on the way and was tried again."""
    clock = FastClock(START)
    ctx = make_context(settings, home, clock, plan.seed)
    world = World(ctx, clock, _as_dialogue(StraightDialogue(ctx, {text: name for name, text in PHRASES.items()})), plan)
    spent, found = 0.0, list[Figures]()
    moments = [(label, START + after) for label, after in MOMENTS.items() if after < timedelta(weeks=plan.weeks)]
    moments.append((_last_label(plan), START + timedelta(weeks=plan.weeks)))
    for label, moment in moments:
        while clock() < moment:
            began = perf_counter()
            await world.run(min(moment, clock() + timedelta(weeks=1)))
            spent += perf_counter() - began
            tell(f"{(clock() - START).days:3d} days, {len(world.people.by_referral):,} referred")
        found.append(await figures.take(ctx, label, spent, world.office.staff["lea"]))
        tell(f"{label}\n{figures.as_text(found)}")
    with ctx.database.reading() as session:
        counted = count(session, clock(), world.post.faults)
    await world.close()
    ctx.database.close()
    return found, counted, dict(world.failed)


def make_context(settings: Settings, home: Path, clock: FastClock, seed: int) -> Context:
    """A new database with the fast clock, and randomness by the seed."""
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(mode=0o700, parents=True)
    own = settings.model_copy(update={"var_dir": home})
    make_sample_keys(own)
    rng = Random(seed)  # noqa: S311  # a simulated year keeps no secrets

    def new_id() -> str:
        return f"{rng.getrandbits(128):032x}"

    database = Database(own.database_url, read_keyring(own))
    migrate(database)
    return Context(database, Answers.load(PROJECT / "nlu" / "answers"), clock, new_id, new_id, f"year-{os.getpid()}")


def as_text(found: list[Figures], counted: Counted, failed: Mapping[str, int], plan: Plan) -> str:
    """The report: the table, what was wrong by its kind, and the last line."""
    lines = [f"{plan.referrals:,} referrals in {plan.weeks} weeks, seed {plan.seed}, {plan.processes} processes.", ""]
    lines += [figures.as_text(found), ""]
    lines += [f"wrong: {what}: {number}" for what, number in sorted(counted.what().items())]
    lines += [f"failed and tried again: {what}: {number}" for what, number in sorted(failed.items())]
    return "\n".join([*lines, counted.line]) + "\n"


def _last_label(plan: Plan) -> str:
    return "12 months" if plan.weeks == 52 else f"{plan.weeks} weeks"


def _as_dialogue(straight: StraightDialogue) -> Dialogue:
    """The service asks four things of its dialogue, and these are there."""
    return straight  # type: ignore[return-value]


def _teller() -> Callable[[str], None]:
    began = perf_counter()

    def tell(words: str) -> None:
        print(f"{perf_counter() - began:6.0f} s  {words}", flush=True)

    return tell
