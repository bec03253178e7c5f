"""What holds reminders and nudges back: a stop, danger, a worker, another way that got through; and nudges to book."""

from datetime import date, datetime, timedelta

import pytest

from programme import chat as chats
from programme import (
    messages,
    outreach,
    outreach_due,
    outreach_plan,
    outreach_post,
    verification,
)
from programme.answers import Fact
from programme.context import Context
from storage import booking as bookings
from storage.conversation import Conversation
from storage.enums import (
    CaseReason,
    Channel,
    OutState,
    Owner,
    ReferralState,
)
from tests.builders import (
    NOW,
    a_case,
    a_conversation,
    a_referral,
)
from tests.conftest import Clock
from tests.programme.reaching import AT, BOTH, STARTS, booked, change, chat_of, deliver, lines, post, said, walk


def test_what_waits_on_a_page_is_looked_at_each_minute_and_not_at_each_call(ctx: Context, clock: Clock) -> None:
    referral, _ = booked(ctx, Channel.WEB)
    looked: dict[str, datetime] = {}
    clock.now = STARTS - timedelta(days=3)
    outreach_plan.plan(ctx, (), looked=looked)
    assert said(ctx) == [("notice_reminder", OutState.WAITING)]
    outreach_plan.plan(ctx, (), looked=looked)
    assert looked == {referral.id: clock()}
    change(ctx, Conversation, chat_of(ctx, referral).id, messages_stopped_at=clock())
    clock.forward(seconds=50)
    outreach_plan.plan(ctx, (), looked=looked)
    assert said(ctx) == [("notice_reminder", OutState.WAITING)]
    clock.forward(seconds=15)
    outreach_plan.plan(ctx, (), looked=looked)
    assert said(ctx) == [("notice_reminder", OutState.DROPPED)]
    outreach_plan.plan(ctx, (), looked=looked)
    clock.forward(minutes=2)
    outreach_plan.plan(ctx, (), looked=looked)
    assert looked == {}  # nothing is kept of who has nothing waiting


def test_stop_stops_reminders_every_way_and_start_brings_them_back(ctx: Context, clock: Clock) -> None:
    row, _ = booked(ctx)
    clock.now = STARTS - timedelta(days=3)
    outreach_plan.plan(ctx, BOTH)
    messages.stop(ctx, chat_of(ctx, row).id)
    for _ in range(2):
        outreach_plan.plan(ctx, BOTH)
        deliver(ctx)
        clock.forward(hours=1)
    assert post(ctx) == [] and lines(ctx, row) == [("3d", "telegram", "dropped")]
    messages.start(ctx, chat_of(ctx, row).id)
    outreach_plan.plan(ctx, BOTH)
    deliver(ctx)
    assert lines(ctx, row) == [("3d", "telegram", "delivered")]
    with ctx.database.reading() as session:
        assert bookings.active_booking(session, row.id) is not None, "the programme goes on"


def test_who_writes_stop_behind_the_link_of_a_message_gets_no_more_of_them(ctx: Context, clock: Clock) -> None:
    """As the message itself tells them to: they need not prove first who they are."""
    row = a_referral(ctx.database, book_by=date(2026, 12, 20))
    clock.forward(hours=25)
    outreach_plan.plan(ctx, BOTH)
    (letter,) = post(ctx)
    chat = a_conversation(ctx.database)
    assert verification.open_link(ctx, chat.id, letter.text.split("/r/")[1].split()[0])
    outreach_plan.plan(ctx, BOTH)
    messages.stop(ctx, chat.id)
    walk(clock, NOW + timedelta(days=30), lambda: outreach_plan.plan(ctx, BOTH), lambda: post(ctx))
    assert lines(ctx, row) == [("after24h", "sms", "seen")]
    change(ctx, Conversation, chat.id, linked_referral_id=None)
    with ctx.database.reading() as session:
        assert not chats.has_stopped(session, row.id), "whoever says that it is not them has stopped nothing"


def test_a_setting_that_cannot_be_read_stops_no_reminder() -> None:
    def pace(value: str) -> outreach_due.Pace:
        return outreach_due.pace({"reminder_days": Fact(value, date(2030, 1, 1))}, NOW)

    assert pace("seven").days == pace("").days == (7, 3, 1)
    assert pace("5, 2").days == (5, 2) and pace("0").days == ()


def test_who_has_not_booked_is_nudged_until_the_last_day(ctx: Context, clock: Clock) -> None:
    row = a_referral(ctx.database, book_by=date(2026, 12, 20))
    walk(clock, NOW + timedelta(days=30), lambda: outreach_plan.plan(ctx, BOTH), lambda: post(ctx))
    steps = ["after24h", "after72h", "after168h", "before3d", "before1d"]
    assert lines(ctx, row) == [(step, "sms", "sent") for step in steps]
    texts = [one.text for one in outreach.read(ctx, row.id).tries]
    assert all("20 December" in text and f"{AT}/r/…" in text for text in texts)


def test_what_was_taken_back_on_a_page_is_not_said_there_again_once_a_text_message_has_said_it(
    ctx: Context, clock: Clock
) -> None:
    row = a_referral(ctx.database, state=ReferralState.VERIFIED, book_by=date(2026, 12, 20))
    page = a_conversation(ctx.database, Channel.WEB, referral_id=row.id, verified_at=NOW)
    clock.now = NOW + timedelta(days=7, minutes=1)
    outreach_plan.plan(ctx, BOTH)
    clock.forward(minutes=31)
    outreach_plan.plan(ctx, BOTH)
    (text,) = post(ctx)
    assert outreach_post.receipt(ctx, text.id, "delivered")
    change(ctx, Conversation, page.id, last_in_at=clock())  # they write: what waits on their page is taken back
    outreach_plan.plan(ctx, BOTH)
    assert said(ctx) == [("notice_nudge", OutState.DROPPED)]
    for _ in range(20):
        clock.forward(hours=1)
        outreach_plan.plan(ctx, BOTH)
    assert said(ctx) == [("notice_nudge", OutState.DROPPED)]
    assert lines(ctx, row) == [("after168h", "web", "dropped"), ("after168h", "sms", "delivered")]


@pytest.mark.parametrize("held_by", ["paused", "worker", "talking", "case", "wrong_person"])
def test_a_nudge_waits_while_something_else_matters_more(ctx: Context, clock: Clock, held_by: str) -> None:
    row = a_referral(ctx.database, state=ReferralState.VERIFIED, verified_at=NOW)
    chat = a_conversation(ctx.database, Channel.TELEGRAM, referral_id=row.id, verified_at=NOW, last_in_at=NOW)
    case = None
    clock.forward(hours=25)
    if held_by in ("case", "wrong_person"):
        reason = CaseReason.NO_SESSION if held_by == "case" else CaseReason.WRONG_PERSON
        case = a_case(ctx.database, reason=reason, referral_id=row.id)
    else:
        change(ctx, Conversation, chat.id, **{
            "paused": {"paused_at": clock()}, "worker": {"owner": Owner.WORKER}, "talking": {"last_in_at": clock()},
        }[held_by])  # fmt: skip
    outreach_plan.plan(ctx, BOTH)
    assert lines(ctx, row) == []
    clock.forward(hours=3)
    change(ctx, Conversation, chat.id, paused_at=None, owner=Owner.BOT)
    if case is not None:
        change(ctx, type(case), case.id, closed_at=clock())
    outreach_plan.plan(ctx, BOTH)
    assert lines(ctx, row) == [("after24h", "telegram", "waiting")]
    change(ctx, Conversation, chat.id, paused_at=clock())
    outreach_plan.plan(ctx, BOTH)
    assert said(ctx) == [("notice_nudge", OutState.DROPPED)], "and danger takes back what is not out yet"
