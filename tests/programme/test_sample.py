"""The sample programme: people to try, dates ahead, and none on days when nobody holds a session."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import select

from programme import sample, verification
from programme.rules import london
from programme.verification import Outcome
from storage.database import Database
from storage.referral import Referral
from storage.session import CourseSession
from tests.builders import NOW
from tests.conftest import Clock
from tests.programme.desk import a_context, opened


def test_the_sample_person_can_prove_who_they_are_again_and_again(database: Database, clock: Clock) -> None:
    ctx = a_context(database, clock)
    assert sample.is_empty(ctx)
    sample.seed(ctx)
    for _ in range(2):
        shown = sample.refresh(ctx)
        assert verification.check(ctx, opened(ctx), shown.reference, shown.born).outcome is Outcome.VERIFIED
        clock.forward(days=1)
    with database.reading() as session:
        assert len(session.exec(select(Referral)).all()) == 6
    assert sample.is_sample(ctx) and not sample.is_empty(ctx)


@pytest.mark.parametrize("now", [NOW, NOW + timedelta(days=20)])
def test_nobody_is_asked_to_come_at_christmas(database: Database, clock: Clock, now: datetime) -> None:
    clock.now = now
    sample.seed(a_context(database, clock))
    with database.reading() as session:
        days = {london.today(row.starts_at) for row in session.exec(select(CourseSession))}
    dates = {(day.month, day.day) for day in days}
    assert not dates & {(12, 24), (12, 25), (12, 26), (1, 1)}
    assert {(12, 23), (12, 28)} <= dates, "the days around them are as ever"
