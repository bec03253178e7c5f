"""Reaching people unasked: reminders once each, by the right way, never in quiet hours; and what takes them back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from random import Random

from sqlmodel import select

from programme import (
    attendance,
    booking,
    outbox,
    outreach,
    outreach_plan,
    outreach_post,
)
from programme.context import Context
from programme.rules import london
from storage import booking as bookings
from storage.conversation import Conversation
from storage.enums import (
    CaseReason,
    Channel,
    OutState,
    ReferralState,
    Way,
)
from storage.message import MessageOut
from storage.outreach import Outreach
from storage.row import lock_one
from tests.builders import (
    NOW,
    a_booking,
    a_conversation,
    a_course,
    a_referral,
    an_offer,
)
from tests.conftest import Clock
from tests.programme.desk import open_cases, rules
from tests.programme.reaching import AT, BOTH, STARTS, booked, chat_of, deliver, lines, post, said, walk


def test_a_place_is_reminded_of_in_the_chat_they_used_four_times_once_each_and_never_at_night(
    ctx: Context, clock: Clock
) -> None:
    row, _ = booked(ctx)
    times = []

    def act() -> None:
        if outreach_plan.plan(ctx, BOTH):
            times.append(clock())
        deliver(ctx)

    walk(clock, STARTS + timedelta(days=1), act)
    assert times == [STARTS - timedelta(days=7), STARTS - timedelta(days=3), STARTS - timedelta(days=1),
                     STARTS - timedelta(hours=2)]  # fmt: skip
    assert lines(ctx, row) == [(step, "telegram", "delivered") for step in ("7d", "3d", "1d", "2h")]
    assert said(ctx)[-1] == ("notice_reminder_today", OutState.DELIVERED)
    assert post(ctx) == []


def test_many_processes_at_once_say_it_once(ctx: Context, clock: Clock) -> None:
    people = [booked(ctx)[0] for _ in range(6)]
    clock.now = STARTS - timedelta(days=3)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: outreach_plan.plan(ctx, BOTH), range(4)))
        letters = [
            one for several in pool.map(lambda _: outreach_post.claim(ctx, Way.SMS, AT), range(4)) for one in several
        ]
    assert len(said(ctx)) == len(people) and letters == []


def test_one_text_message_is_claimed_by_one_process(ctx: Context, clock: Clock) -> None:
    for _ in range(5):
        booked(ctx, None)
    clock.now = STARTS - timedelta(days=3)
    outreach_plan.plan(ctx, BOTH)
    with ThreadPoolExecutor(4) as pool:
        claimed = [
            one.id for several in pool.map(lambda _: outreach_post.claim(ctx, Way.SMS, AT), range(4)) for one in several
        ]
    assert len(claimed) == len(set(claimed)) == 5


def test_a_days_outage_sends_what_is_of_use_and_nothing_else(ctx: Context, clock: Clock) -> None:
    row, _ = booked(ctx)
    clock.now = STARTS - timedelta(hours=23)
    for _ in range(3):
        outreach_plan.plan(ctx, BOTH)
    assert lines(ctx, row) == [("1d", "telegram", "waiting")]
    clock.now = STARTS + timedelta(minutes=5)
    outreach_plan.plan(ctx, BOTH)
    deliver(ctx)
    assert lines(ctx, row) == [("1d", "telegram", "dropped")], "it came too late, and was not sent"


def test_a_clock_that_jumps_back_says_nothing_again(ctx: Context, clock: Clock) -> None:
    row, _ = booked(ctx)
    for at in (STARTS - timedelta(days=1), STARTS - timedelta(days=3), STARTS - timedelta(days=1)):
        clock.now = at
        outreach_plan.plan(ctx, BOTH)
        deliver(ctx)
    assert sorted(lines(ctx, row)) == [("1d", "telegram", "delivered"), ("3d", "telegram", "delivered")]


def test_what_telegram_could_not_take_before_the_night_is_said_in_the_morning_and_not_at_night(
    ctx: Context, clock: Clock
) -> None:
    late = london.at(date(2026, 12, 11), datetime(2026, 1, 1, 20, 59).time())  # noqa: DTZ001
    row = a_referral(ctx.database, state=ReferralState.BOOKED, verified_at=NOW)
    a_booking(ctx.database, row, a_course(ctx.database, starts_at=late + timedelta(days=3)))
    a_conversation(ctx.database, Channel.TELEGRAM, referral_id=row.id, verified_at=NOW)
    clock.now = late
    outreach_plan.plan(ctx, BOTH)
    (parcel,) = outbox.claim(ctx, Channel.TELEGRAM)
    outbox.failed(ctx, parcel, "retry_after", Random(1), timedelta(minutes=5))
    while clock() < late + timedelta(hours=11):  # until eight
        clock.forward(minutes=6)
        outreach_plan.plan(ctx, BOTH)
        assert outbox.claim(ctx, Channel.TELEGRAM) == []
    clock.forward(minutes=1)
    outreach_plan.plan(ctx, BOTH)
    assert len(outbox.claim(ctx, Channel.TELEGRAM)) == 1
    assert [state for _, state in said(ctx)] == [OutState.DROPPED, OutState.WAITING]


def test_a_reminder_that_waits_for_its_time_holds_back_no_answer(ctx: Context, clock: Clock) -> None:
    row, _ = booked(ctx)
    clock.now = STARTS - timedelta(days=3)
    outreach_plan.plan(ctx, BOTH)
    chat = chat_of(ctx, row)
    clock.now = london.at(london.today(clock()), datetime(2026, 1, 1, 22).time())  # noqa: DTZ001
    with ctx.database.writing() as session:
        outbox.say(session, ctx, lock_one(session, Conversation, chat.id), [outbox.Reply("utter_welcome")])
    assert [parcel.answer for parcel in outbox.claim(ctx, Channel.TELEGRAM)] == ["utter_welcome"]


def test_on_a_page_that_nobody_opens_a_text_message_follows_and_on_one_that_is_seen_it_does_not(
    ctx: Context, clock: Clock
) -> None:
    away, _ = booked(ctx, Channel.WEB)
    here, _ = booked(ctx, Channel.WEB)
    clock.now = STARTS - timedelta(days=3)
    outreach_plan.plan(ctx, BOTH)
    chat = chat_of(ctx, here)
    with ctx.database.reading() as session:
        shown = session.exec(select(MessageOut).where(MessageOut.conversation_id == chat.id)).one()
    outbox.mark_seen(ctx, chat.id, shown.id)
    clock.forward(minutes=29)
    outreach_plan.plan(ctx, BOTH)
    assert post(ctx) == []
    clock.forward(minutes=2)
    outreach_plan.plan(ctx, BOTH)
    assert len(post(ctx)) == 1
    assert lines(ctx, away) == [("3d", "web", "waiting"), ("3d", "sms", "sent")]
    assert lines(ctx, here) == [("3d", "web", "seen")]


def test_who_opens_the_page_while_the_text_message_could_not_leave_gets_none(ctx: Context, clock: Clock) -> None:
    referral, _ = booked(ctx, Channel.WEB)
    clock.now = STARTS - timedelta(days=3)
    outreach_plan.plan(ctx, BOTH)
    clock.forward(minutes=31)
    outreach_plan.plan(ctx, BOTH)
    (letter,) = outreach_post.claim(ctx, Way.SMS, AT)
    outreach_post.not_sent(ctx, letter, "notify_500", Random(1))
    chat = chat_of(ctx, referral)
    with ctx.database.reading() as session:
        shown = session.exec(select(MessageOut).where(MessageOut.conversation_id == chat.id)).one()
    outbox.mark_seen(ctx, chat.id, shown.id)
    clock.forward(minutes=10)
    assert post(ctx) == []
    assert lines(ctx, referral) == [("3d", "web", "seen"), ("3d", "sms", "dropped")]


def test_who_has_blocked_us_gets_a_text_message_and_then_an_e_mail_and_then_a_worker(
    ctx: Context, clock: Clock
) -> None:
    row, _ = booked(ctx)
    clock.now = STARTS - timedelta(days=3)
    outreach_plan.plan(ctx, BOTH)
    (parcel,) = outbox.claim(ctx, Channel.TELEGRAM)
    outbox.blocked(ctx, parcel)
    clock.forward(minutes=1)
    outreach_plan.plan(ctx, BOTH)
    (text,) = post(ctx)
    assert (text.way, text.to) == (Way.SMS, "+447700900123")
    assert outreach_post.receipt(ctx, text.id, "permanent-failure")
    clock.forward(minutes=1)
    outreach_plan.plan(ctx, BOTH)
    (mail,) = outreach_post.claim(ctx, Way.EMAIL, AT)
    outreach_post.not_sent(ctx, mail, "refused", Random(1), final=True)
    for _ in range(3):
        clock.forward(minutes=1)
        outreach_plan.plan(ctx, BOTH)
    assert lines(ctx, row) == [("3d", "telegram", "blocked"), ("3d", "sms", "failed"), ("3d", "email", "failed"),
                               ("3d", "none", "failed")]  # fmt: skip
    assert [case.reason for case in open_cases(ctx)] == [CaseReason.NOT_DELIVERED]
    assert not outreach.read(ctx, row.id).tries[0].sent_at


def test_moving_cancelling_and_saying_that_they_come_takes_back_what_was_written(ctx: Context, clock: Clock) -> None:
    rules(ctx.database)
    three = [booked(ctx) for _ in range(3)]
    clock.now = STARTS - timedelta(days=3)
    outreach_plan.plan(ctx, BOTH)
    (moved, _), (cancelled, held), (coming, _) = three
    other = a_course(ctx.database, starts_at=STARTS + timedelta(days=5))
    offer = an_offer(ctx.database, chat_of(ctx, moved), moved, other, expires_at=clock() + timedelta(hours=1))
    booking.move(ctx, chat_of(ctx, moved).id, None, offer.token)
    booking.cancel(ctx, chat_of(ctx, cancelled).id, None, held.id)
    attendance.confirm(ctx, chat_of(ctx, coming).id)
    deliver(ctx)
    for row, _ in three:
        assert lines(ctx, row) == [("3d", "telegram", "dropped")]
    walk(clock, STARTS, lambda: outreach_plan.plan(ctx, BOTH), lambda: deliver(ctx))
    assert lines(ctx, coming) == [("3d", "telegram", "dropped")], "who said that they come hears no more"
    assert not [step for step, _, _ in lines(ctx, cancelled) if step in ("1d", "2h")]
    with ctx.database.reading() as session:
        new = bookings.active_booking(session, moved.id)
        keys = {each.occasion.split(":")[1] for each in session.exec(select(Outreach)) if each.referral_id == moved.id}
    assert new is not None and keys == {new.id, three[0][1].id}, "the new place has reminders of its own"
