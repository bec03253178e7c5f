"""The sample's week: forty people in every state, three waiting, no message left to be sent, and told only once."""

from collections.abc import Iterator

import pytest
from sqlmodel import func, select

from programme import callback, lesson, queue, sample, sample_staff, sample_week
from programme.context import Context
from storage.audit import Audit
from storage.booking import Booking
from storage.conversation import Conversation
from storage.database import Database
from storage.enums import OutState, Owner, ReferralState, Urgency
from storage.keys import Keyring
from storage.message import MessageOut
from storage.referral import Referral
from tests.conftest import Clock
from tests.programme.desk import a_context


@pytest.fixture(scope="module")
def ctx(tmp_path_factory: pytest.TempPathFactory, keyring: Keyring) -> Iterator[Context]:
    from storage.migrate import migrate

    database = Database(f"sqlite:///{tmp_path_factory.mktemp('week') / 'app.db'}", keyring)
    migrate(database)
    clock = Clock()
    ctx = a_context(database, clock)
    sample.seed(ctx)
    tell(ctx)
    yield ctx
    database.close()


def tell(ctx: Context) -> int:
    sample_staff.refresh(ctx, "a password of this test")
    return sample_week.tell(ctx, sample_staff.ids(ctx))


def test_there_are_forty_and_somebody_in_every_state(ctx: Context) -> None:
    assert sample_week.is_told(ctx)
    with ctx.database.reading() as session:
        states = dict(session.exec(select(Referral.state, func.count()).group_by(Referral.state)).all())
    assert sum(states.values()) == 40 + len(sample._content()["people"])
    assert set(states) >= set(ReferralState) - {ReferralState.REACHED}


def test_three_wait_the_one_in_danger_first_and_one_is_with_a_worker(ctx: Context) -> None:
    waiting = [one for one in queue.waiting(ctx) if one.request_id]
    assert len(waiting) == 3
    assert [one.urgency.value for one in waiting] == ["danger", "deadline", "asked"]
    with ctx.database.reading() as session:
        owned = session.exec(select(Conversation).where(Conversation.owner == Owner.WORKER)).all()
    assert len(owned) == 1
    assert [one.urgency for one in queue.waiting(ctx)].count(Urgency.DANGER) == 1  # the other was looked after


def test_every_page_has_something_to_show(ctx: Context) -> None:
    assert len(callback.listing(ctx)) == 2
    assert sum(len(group) for group in lesson.waiting(ctx)) == 2
    with ctx.database.reading() as session:
        assert session.exec(select(func.count()).select_from(Booking)).one() > 15


def test_nothing_of_it_is_left_to_be_sent(ctx: Context) -> None:
    with ctx.database.reading() as session:
        assert session.exec(select(MessageOut).where(MessageOut.state == OutState.WAITING)).all() == []


def test_after_days_those_who_wait_have_waited_for_minutes(ctx: Context) -> None:
    clock = ctx.clock
    assert isinstance(clock, Clock)
    now = clock.forward(days=3)
    sample_week.keep_alive(ctx)
    assert all((now - one.since).total_seconds() < 3600 for one in queue.waiting(ctx) if one.request_id)


def test_who_said_all_clear_is_named_as_a_worker(ctx: Context) -> None:
    with ctx.database.reading() as session:
        actors = set(session.exec(select(Audit.actor).where(Audit.action == "danger:cleared")))
    assert actors == {f"worker:{sample_staff.ids(ctx)['worker']}"}
