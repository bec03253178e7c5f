"""The counters of a simulated year: nothing is wrong in one that went well, and each fault that is planted is seen."""

from datetime import timedelta

import pytest

from launch.bench.year.count import count
from launch.bench.year.fault import Fault
from programme import timers
from programme.context import Context
from storage.database import Database
from storage.enums import OutreachKind, OutreachState, OutState, Sender, Way
from storage.keys import Keyring
from tests.builders import NOW, a_booking, a_case, a_course
from tests.conftest import Clock
from tests.launch.year_faults import PLANTS, Planted
from tests.programme.desk import a_context

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def ctx(sqlite_url: str, keyring: Keyring, clock: Clock) -> Context:
    return a_context(Database(sqlite_url, keyring), clock)


def test_nothing_is_wrong_where_all_went_well(ctx: Context, clock: Clock) -> None:
    year = Planted(ctx, clock)
    year.turn()
    course = a_course(ctx.database, starts_at=NOW + 2 * DAY)
    booking = a_booking(ctx.database, year.referral, course, made_at=NOW)
    year.outreach(occasion=f"reminder:{booking.id}:1:1d", kind=OutreachKind.REMINDER)
    year.outreach(occasion=f"reminder:{booking.id}:1:2h", kind=OutreachKind.REMINDER)
    clock.forward(days=3)
    counted = year.count()
    assert counted.what() == {}
    assert counted.line == "year: lost 0, doubled 0, quiet 0"


@pytest.mark.parametrize("what", PLANTS)
def test_each_fault_that_is_planted_is_counted_and_nothing_else(ctx: Context, clock: Clock, what: str) -> None:
    year = Planted(ctx, clock)
    PLANTS[what](year)
    counted = year.count()
    assert counted.what() == {what: 1}
    kind = what.partition(":")[0]
    assert counted.of(kind) == 1
    assert f"{kind} 1" in counted.line


def test_what_is_right_although_it_looks_alike(ctx: Context, clock: Clock) -> None:
    year = Planted(ctx, clock)
    page = year.message(state=OutState.DELIVERED, delivered_at=NOW + 3 * HOUR)  # opened after the text message had left
    year.outreach(occasion="nudge:1:a", way=Way.WEB, state=OutreachState.WAITING, sent_at=None, message_id=page)
    year.outreach(occasion="nudge:1:a", sent_at=NOW + HOUR)
    year.outreach(occasion="nudge:1:b", state=OutreachState.FAILED, failure="permanent_failure")
    year.outreach(occasion="nudge:1:b", way=Way.EMAIL, sent_at=NOW + HOUR)
    year.message(answer=None, sender=Sender.WORKER)
    clock.forward(days=2)
    timers.tick(ctx)  # a worker hears that nobody has read it
    clock.forward(days=8)
    assert year.count().what() == {}


def test_a_case_or_a_decision_under_way_is_not_forgotten(ctx: Context, clock: Clock) -> None:
    year = Planted(ctx, clock)
    a_case(ctx.database, referral_id=year.referral.id)
    clock.forward(days=200)
    assert year.count().what() == {}


def test_what_the_carriers_saw_counts_too(ctx: Context, clock: Clock) -> None:
    with ctx.database.reading() as session:
        counted = count(session, clock(), [Fault("doubled", "letter", "1")])
    assert counted.line == "year: lost 0, doubled 1, quiet 0"
