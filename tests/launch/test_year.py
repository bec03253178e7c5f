"""A short simulated year: from the force's file to the list of a session, and the same again by its seed."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from launch.bench.year import figures
from launch.bench.year.clock import Agenda, FastClock
from launch.bench.year.run import as_text, live
from launch.bench.year.someone import draw, reference
from launch.bench.year.world import Plan
from launch.settings import Settings

START = datetime(2027, 1, 4, tzinfo=UTC)


def lived(folder: Path, plan: Plan) -> tuple[list[figures.Figures], str, dict[str, int]]:
    found, counted, failed = asyncio.run(live(Settings(var_dir=folder), folder / "year", plan, lambda _: None))
    return found, as_text(found, counted, failed, plan), failed


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[figures.Figures], str, dict[str, int]]:
    return lived(tmp_path_factory.mktemp("year"), Plan(referrals=15, weeks=3, step=timedelta(minutes=90), processes=2))


def test_people_are_referred_reached_booked_and_seen_and_nothing_goes_wrong(
    short: tuple[list[figures.Figures], str, dict[str, int]],
) -> None:
    found, text, failed = short
    assert failed == {}
    assert text.splitlines()[-1] == "year: lost 0, doubled 0, quiet 0"
    events = found[-1].events
    assert events["referrals"] == 15
    never = [name for name, number in events.items() if not number and not name.startswith("…")]
    assert set(never) <= {"second chances", "decisions by two people", "marked as not there, or too late"}
    assert events["messages out, in chats"] > events["messages in"] > events["places taken"] > 0
    assert set(found[-1].pages) == set(figures.PAGES)


def test_the_same_seed_gives_the_same_year(tmp_path: Path) -> None:
    plan = Plan(referrals=6, weeks=1, step=timedelta(hours=3), processes=1)
    first, again = (lived(tmp_path / name, plan)[0][-1].events for name in ("a", "b"))
    assert first == again
    assert first["messages in"] > 0
    people = [[draw(Random(seed), number) for number in range(20)] for seed in (1, 1, 2)]
    assert people[0] == people[1] != people[2]


def test_the_agenda_gives_what_is_next_in_order_and_nothing_too_early() -> None:
    agenda, clock = Agenda(), FastClock(START)

    async def nothing() -> None:
        """Happens."""

    for hours in (3, 1, 2):
        agenda.at(START + timedelta(hours=hours), nothing)
    taken = [agenda.take(START + timedelta(hours=3)) for _ in range(3)]
    assert [row[0].hour if row else None for row in taken] == [1, 2, None]
    clock.to(START + timedelta(hours=1))
    clock.to(START)
    assert clock() == START + timedelta(hours=1)


def test_no_two_people_have_one_reference() -> None:
    assert len({reference(number) for number in range(20_000)}) == 20_000
