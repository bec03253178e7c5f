"""The sample's week: forty people in every state, three waiting, no message left to be sent, and told only once."""

from collections.abc import Iterator
from datetime import time, timedelta

import pytest
from sqlmodel import func, select

from programme import (
    callback,
    evidence,
    kept_place,
    lesson,
    police_list,
    queue,
    report,
    sample,
    sample_staff,
    sample_week,
    waiting_view,
)
from programme.context import Context
from programme.rules import outreach as rules
from storage import attendance
from storage import outreach as outreach_rows
from storage.absence import Absence
from storage.audit import Audit
from storage.booking import Booking
from storage.conversation import Conversation
from storage.database import Database
from storage.decision import Decision
from storage.enums import (
    DecisionState,
    ListKind,
    Mark,
    OutreachKind,
    OutreachState,
    OutState,
    Owner,
    ReferralState,
    Urgency,
    Way,
)
from storage.keys import Keyring
from storage.message import MessageOut
from storage.outreach import Outreach
from storage.person import Person
from storage.referral import Referral
from tests.conftest import Clock
from tests.programme.desk import a_context

BEFORE = 11 * 14  # of the months before
NIGHT = rules.Quiet(time(21), time(8))


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
    assert sum(states.values()) == 40 + len(sample._content()["people"]) + BEFORE
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


def test_the_ledgers_are_kept_by_every_way_and_name_what_came_of_it(ctx: Context) -> None:
    with ctx.database.reading() as session:
        rows = session.exec(select(Outreach, MessageOut).join(MessageOut, isouter=True)).all()
        assert len({row.referral_id for row, _ in rows}) == 40 + BEFORE
        found = {(row.way, outreach_rows.state_of(row, message)) for row, message in rows}
        assert not [row for row, _ in rows if rules.is_quiet(NIGHT, row.created_at)]
    assert found == {
        (Way.SMS, OutreachState.DELIVERED),
        (Way.SMS, OutreachState.SEEN),
        (Way.SMS, OutreachState.FAILED),
        (Way.EMAIL, OutreachState.SENT),
        (Way.WEB, OutreachState.SEEN),
        (Way.TELEGRAM, OutreachState.DELIVERED),
        (Way.TELEGRAM, OutreachState.BLOCKED),
        (Way.NONE, OutreachState.FAILED),
    }
    assert {row.kind for row, _ in rows} == set(OutreachKind) - {OutreachKind.CHANGED}


def test_some_wait_for_a_place_that_there_is_not(ctx: Context) -> None:
    assert len(waiting_view.read(ctx, sample_staff.ids(ctx)["lead"], again=True)) == 3
    assert kept_place.offer_free(ctx) == []


def test_who_was_missed_has_it_in_the_evidence_and_in_their_chat(ctx: Context) -> None:
    with ctx.database.reading() as session:
        missed = session.exec(select(Absence)).all()
        lately = [row for row in missed if row.noted_at > ctx.clock() - timedelta(days=8)]
        assert sorted(row.step for row in lately) == ["dates", "worker", "worker"]
        for row in lately:
            pack = evidence.read(session, ctx, session.get_one(Referral, row.referral_id))
            assert [each.by_list for each in pack.person.missed] == [True]
            assert any("you were not at your session" in sent.text for sent in pack.sent)
            assert [each.taken for each in pack.offers].count(True) == 1
            assert Mark.ABSENT in attendance.marks_of(session, row.booking_id).values()
    with ctx.database.reading() as session:
        decided = sorted(each.state for each in session.exec(select(Decision)))
    assert decided == [DecisionState.FINAL, DecisionState.PROPOSED]  # one waits for a second worker


def test_the_months_before_fill_the_reports_and_are_on_a_list_that_was_handed_over(ctx: Context) -> None:
    found = report.read(ctx, 12)
    referred, *_ = found.tables[0].totals
    assert referred is not None
    assert referred > 100
    assert all(week[0] is not None and week[0] >= 5 for week in found.tables[0].rows)
    assert sum(None not in week for week in found.tables[0].rows) >= 5, "much of it can be drawn"
    waits = found.table("waits")
    assert waits is not None
    assert sum(row[0] is not None and row[0] > 0 for row in waits.rows) >= 3
    (handed,) = police_list.lists(ctx, ListKind.COMPLETED)
    assert handed.receipt_at is not None
    assert len(police_list.due(ctx, ListKind.COMPLETED).rows) == 2
    with ctx.database.reading() as session:
        phones = [row.phone or "07700 9000" for row in session.exec(select(Person))]
    assert all(phone.startswith("07700 900") for phone in phones)


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
