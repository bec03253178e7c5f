"""Since last shift: what happened meanwhile and what is open still, for whoever comes in."""

from datetime import date, datetime, timedelta

import pytest

from programme import since
from programme.context import Context
from programme.since import Since, Span
from storage.account import Account, Shift
from storage.audit import audit_of
from storage.callback import Callback
from storage.case import Case
from storage.conversation import Conversation
from storage.enums import CaseReason, HandoffState, OutState, ReferralState, Role, Urgency
from storage.handoff import HandoffRequest
from storage.message import MessageOut
from storage.row import Row
from tests.builders import NOW, a_booking, a_person, a_referral, a_setting, an_account, new_id
from tests.conftest import Clock
from tests.programme.desk import opened, proved

HOUR = timedelta(hours=1)


@pytest.fixture
def lead(ctx: Context) -> Account:
    return an_account(ctx.database, name="Lou Lead", role=Role.LEAD)


def keep(ctx: Context, *rows: Row) -> None:
    with ctx.database.writing() as session:
        for row in rows:
            session.add(row)
            session.flush()


def shift(account: Account, began: datetime, ended: datetime | None) -> Shift:
    return Shift(id=new_id(), account_id=account.id, began_at=began, beat_at=ended or began, ended_at=ended)


def case(conversation_id: str, reason: CaseReason, at: datetime, **given: object) -> Case:
    values = {"subject": f"conversation:{conversation_id}", "urgency": Urgency.DANGER, "due_at": at}
    return Case(
        **{"id": new_id(), "reason": reason, "conversation_id": conversation_id, "opened_at": at} | values | given
    )


def request(conversation_id: str, at: datetime, **given: object) -> HandoffRequest:
    values = {"id": new_id(), "conversation_id": conversation_id, "reason": "request_human", "urgency": Urgency.ASKED}
    return HandoffRequest(**values | {"requested_at": at} | given)


def lost(conversation_id: str, at: datetime, state: OutState = OutState.FAILED) -> MessageOut:
    return MessageOut(
        id=new_id(),
        conversation_id=conversation_id,
        seq=int(at.timestamp()) % 100000,
        sender="notice",
        text="Hello",
        state=state,
        failure="forbidden",
        created_at=at,
    )


def read(ctx: Context, lead: Account, span: Span = "shift") -> Since:
    return since.read(ctx, lead.id, span)


# From when on


def test_it_begins_where_the_viewers_last_shift_ended(ctx: Context, lead: Account) -> None:
    other = an_account(ctx.database)
    keep(
        ctx,
        shift(lead, NOW - 60 * HOUR, NOW - 52 * HOUR),
        shift(lead, NOW - 40 * HOUR, NOW - 31 * HOUR),
        shift(lead, NOW - HOUR, None),
        shift(other, NOW - 20 * HOUR, NOW - 2 * HOUR),
    )
    found = read(ctx, lead)
    assert (found.start, found.own_shift) == (NOW - 31 * HOUR, True)
    assert (read(ctx, lead, "day").start, read(ctx, lead, "day").own_shift) == (NOW - 24 * HOUR, False)
    assert read(ctx, lead, "week").start == NOW - timedelta(days=7)


def test_without_a_shift_it_is_the_last_day(ctx: Context, lead: Account) -> None:
    keep(ctx, shift(lead, NOW - timedelta(days=41), NOW - timedelta(days=40)))
    assert (read(ctx, lead).start, read(ctx, lead).own_shift) == (NOW - 24 * HOUR, False)


# The parts


def test_danger_says_who_acted_and_what_is_open_stays_however_old(ctx: Context, lead: Account) -> None:
    worker = an_account(ctx.database, name="Wren Worker")
    person = a_person(ctx.database, name="Alex Green")
    acted, old, over = proved(ctx, a_referral(ctx.database, person=person)), opened(ctx), opened(ctx)
    keep(
        ctx,
        case(acted, CaseReason.RISK_OF_SUICIDE, NOW - 5 * HOUR, closed_at=NOW - 4 * HOUR, closed_by=worker.id),
        request(
            acted,
            NOW - 5 * HOUR,
            state=HandoffState.CLOSED,
            account_id=worker.id,
            taken_at=NOW - 4.9 * HOUR,
            first_reply_at=NOW - 4.8 * HOUR,
            ended_at=NOW - 4 * HOUR,
        ),
        case(old, CaseReason.MEDICAL_EMERGENCY, NOW - timedelta(days=3)),
        case(over, CaseReason.RISK_TO_OTHERS, NOW - timedelta(days=3), closed_at=NOW - timedelta(days=2)),
    )
    first, second = read(ctx, lead).danger
    assert (first.who.conversation_id, first.taken_by, first.closed_at) == (old, None, None)
    assert (second.who.name, second.taken_by, second.closed_by) == ("Alex Green", "Wren Worker", "Wren Worker")
    assert second.taken_at == NOW - 4.9 * HOUR


def test_a_worker_who_had_them_before_has_not_acted(ctx: Context, lead: Account) -> None:
    worker, conversation = an_account(ctx.database), opened(ctx)
    keep(
        ctx,
        request(conversation, NOW - 9 * HOUR, state=HandoffState.CLOSED, account_id=worker.id, taken_at=NOW - 8 * HOUR),
        case(conversation, CaseReason.RISK_OF_SUICIDE, NOW - 5 * HOUR),
    )
    assert [each.taken_by for each in read(ctx, lead).danger] == [None]


def test_what_waited_over_a_night_or_was_asked_while_closed(ctx: Context, lead: Account) -> None:
    """The clock stands at 10am; nobody is there before 9."""
    a_setting(ctx.database, "opening_hours", '{"1": [["09:00", "16:00"]]}')
    night, early, short, answered = opened(ctx), opened(ctx), opened(ctx), opened(ctx)
    keep(
        ctx,
        request(night, NOW - 20 * HOUR),
        request(early, NOW - 2 * HOUR),
        request(short, NOW - HOUR / 2),
        request(
            answered,
            NOW - 16 * HOUR,
            state=HandoffState.TAKEN,
            taken_at=NOW - HOUR / 2,
            first_reply_at=NOW - HOUR / 4,
        ),
    )
    found = read(ctx, lead).waited
    assert [each.who.conversation_id for each in found] == [early, night, answered]
    assert [(each.until, each.closed) for each in found] == [(None, True), (None, True), (NOW - HOUR / 4, True)]


def test_what_ended_before_the_shift_is_not_shown(ctx: Context, lead: Account) -> None:
    conversation = opened(ctx)
    keep(
        ctx,
        shift(lead, NOW - 10 * HOUR, NOW - 2 * HOUR),
        request(conversation, NOW - 20 * HOUR, state=HandoffState.CANCELLED, ended_at=NOW - 3 * HOUR),
    )
    assert read(ctx, lead).waited == ()
    assert len(read(ctx, lead, "day").waited) == 1


@pytest.mark.parametrize(
    ("begins", "ends", "over"),
    [
        ("2026-12-01T17:00+00:00", "2026-12-02T09:00+00:00", True),
        ("2026-12-01T02:59+00:00", "2026-12-01T03:00+00:00", True),
        ("2026-12-01T03:01+00:00", "2026-12-02T02:59+00:00", False),
        ("2026-07-01T01:30+00:00", "2026-07-01T02:30+00:00", True),  # in summer 2:30am to 3:30am in London
        ("2026-12-01T09:00+00:00", "2026-12-01T17:00+00:00", False),
    ],
)
def test_a_night_is_londons(begins: str, ends: str, over: bool) -> None:
    assert since.over_a_night(datetime.fromisoformat(begins), datetime.fromisoformat(ends)) is over


def test_escalations_since_then(ctx: Context, lead: Account) -> None:
    late, before = opened(ctx), opened(ctx)
    keep(
        ctx,
        request(late, NOW - 3 * HOUR, escalated_at=NOW - 2 * HOUR),
        request(before, NOW - 40 * HOUR, escalated_at=NOW - 39 * HOUR),
    )
    assert [each.who.conversation_id for each in read(ctx, lead).escalated] == [late]


def test_callbacks_of_today_and_before(ctx: Context, lead: Account) -> None:
    conversation = opened(ctx)
    for due in (NOW - 30 * HOUR, NOW + 9 * HOUR, NOW + 20 * HOUR):
        keep(ctx, Callback(id=new_id(), number="+447700900123", due_at=due, asked_at=NOW, conversation_id=conversation))
    assert [each.due_at for each in read(ctx, lead).callbacks] == [NOW - 30 * HOUR, NOW + 9 * HOUR]


def test_deadlines_within_three_working_days_without_a_place(ctx: Context, lead: Account) -> None:
    """The 1st is a Tuesday: Friday is three working days away."""

    def of(book_by: date | None, finish_by: date | None, **given: object) -> str:
        person = a_person(ctx.database, name=f"Person {book_by} {finish_by}")
        return a_referral(ctx.database, person=person, book_by=book_by, finish_by=finish_by, **given).id

    far = date(2027, 2, 1)
    today, friday = of(date(2026, 12, 1), far), of(date(2026, 12, 4), far)
    finish, passed = of(None, date(2026, 12, 3)), of(date(2026, 11, 30), far)
    of(date(2026, 12, 5), far), of(far, far), of(date(2026, 11, 29), far), of(None, None)
    of(date(2026, 12, 2), far, state=ReferralState.CLOSED)
    held = a_referral(ctx.database, book_by=date(2026, 12, 2), finish_by=far, state=ReferralState.BOOKED)
    a_booking(ctx.database, referral=held)
    found = read(ctx, lead).deadlines
    assert [each.who.referral_id for each in found] == [passed, today, finish, friday]
    assert [(each.left, each.past, each.finish) for each in found] == [
        (0, True, False),
        (0, False, False),
        (2, False, True),
        (3, False, False),
    ]


def test_over_a_bank_holiday_the_days_reach_further(ctx: Context, lead: Account, clock: Clock) -> None:
    clock.now = datetime(2026, 12, 24, 10, tzinfo=NOW.tzinfo)
    near = a_referral(ctx.database, book_by=date(2026, 12, 31), finish_by=None)
    a_referral(ctx.database, book_by=date(2027, 1, 1), finish_by=None)
    assert [each.who.referral_id for each in read(ctx, lead).deadlines] == [near.id]


def test_a_deadline_leads_to_the_newest_conversation(ctx: Context, lead: Account, clock: Clock) -> None:
    referral = a_referral(ctx.database, book_by=date(2026, 12, 2))
    proved(ctx, referral)
    clock.forward(minutes=1)
    newest = proved(ctx, referral)
    (found,) = read(ctx, lead).deadlines
    assert (found.who.conversation_id, found.who.name) == (newest, "Alex Green")
    assert found.who.reference and found.who.reference.startswith("TVP")


def test_messages_that_did_not_arrive(ctx: Context, lead: Account) -> None:
    twice, older, done = opened(ctx), opened(ctx), opened(ctx)
    keep(
        ctx,
        lost(twice, NOW - 3 * HOUR),
        lost(twice, NOW - 2 * HOUR, OutState.BLOCKED),
        case(older, CaseReason.NOT_DELIVERED, NOW - timedelta(days=4), detail='{"failure": "blocked"}'),
        lost(done, NOW - timedelta(days=4)),
    )
    open_one, other = read(ctx, lead).failed
    assert (open_one.who.conversation_id, open_one.failure, open_one.open) == (older, "blocked", True)
    assert (other.who.conversation_id, other.times, other.at, other.open) == (twice, 2, NOW - 2 * HOUR, False)


def test_complaints(ctx: Context, lead: Account) -> None:
    conversation = opened(ctx)
    keep(ctx, case(conversation, CaseReason.COMPLAINT, NOW - 50 * HOUR), case(opened(ctx), CaseReason.LANGUAGE, NOW))
    assert [each.who.conversation_id for each in read(ctx, lead).complaints] == [conversation]


def test_nobody_is_named_who_has_not_shown_who_they_are(ctx: Context, lead: Account) -> None:
    conversation = opened(ctx)
    referral = a_referral(ctx.database)
    with ctx.database.writing() as session:
        row = session.get_one(Conversation, conversation)
        row.linked_referral_id = referral.id
        session.add(row)
    keep(ctx, case(conversation, CaseReason.RISK_OF_SUICIDE, NOW))
    (found,) = read(ctx, lead).danger
    assert (found.who.name, found.who.reference) == (None, None)


def test_a_long_list_says_that_there_is_more(ctx: Context, lead: Account) -> None:
    conversation = opened(ctx)
    keep(ctx, *(case(conversation, CaseReason.COMPLAINT, NOW, subject=f"answer:{number}") for number in range(101)))
    found = read(ctx, lead)
    assert len(found.complaints) == since.MOST and found.more == {"complaints"}


def test_each_look_is_in_the_audit_log_and_a_renewal_is_none(ctx: Context, lead: Account) -> None:
    read(ctx, lead)
    since.read(ctx, lead.id, quiet=True)
    with ctx.database.reading() as session:
        (line,) = audit_of(session, "page", "since")
    assert (line.actor, line.action) == (f"worker:{lead.id}", "viewed")
