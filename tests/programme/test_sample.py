"""The sample programme: people to try, dates ahead, and none on days when nobody holds a session."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import col, delete, select

from programme import sample, verification
from programme.context import Context
from programme.rules import london
from programme.verification import Outcome
from storage.database import Database
from storage.referral import Referral
from storage.session import CourseSession
from storage.setting import Setting
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


def test_a_sample_of_an_older_edition_gets_what_is_new_once(database: Database, clock: Clock) -> None:
    ctx = a_context(database, clock)
    sample.seed(ctx)
    older(ctx, {"group_text", sample.EDITION})
    sample.refresh(ctx)
    assert keys(ctx) >= {"group_text", sample.EDITION}
    older(ctx, {"group_text"})
    sample.refresh(ctx)
    assert "group_text" not in keys(ctx), "what was taken out to see what happens stays out"


def test_what_was_changed_in_a_sample_is_left_as_it_is(database: Database, clock: Clock) -> None:
    ctx = a_context(database, clock)
    sample.seed(ctx)
    older(ctx, {sample.EDITION})
    with database.writing() as session:
        row = session.get_one(Setting, "cost_text")
        row.value = "Ours."
        session.add(row)
    sample.refresh(ctx)
    with database.reading() as session:
        assert session.get_one(Setting, "cost_text").value == "Ours."


def test_what_is_not_invented_names_where_it_is_from(database: Database, clock: Clock) -> None:
    sample.seed(a_context(database, clock))
    with database.reading() as session:
        sources = {row.key: row.source for row in session.exec(select(Setting))}
    assert "druglink.co.uk/diversion" in sources["contact_phone"]
    assert sources["cost_text"] == "The sample programme"


def test_each_sample_person_has_a_matching_word_of_their_own(database: Database, clock: Clock) -> None:
    sample.seed(a_context(database, clock))
    with database.reading() as session:
        words = [row.matching_word for row in session.exec(select(Referral))]
    assert all(words) and len(set(words)) == 6


def older(ctx: Context, gone: set[str]) -> None:
    """Takes settings out, as in a database that was made before they were there."""
    with ctx.database.writing() as session:
        session.exec(delete(Setting).where(col(Setting.key).in_(gone)))


def keys(ctx: Context) -> set[str]:
    with ctx.database.reading() as session:
        return set(session.exec(select(Setting.key)))
