"""Reaching people unasked: reminders and nudges once each, by the right way, never in quiet hours; what holds them
back; the personal link; and the ledger of it all."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from sqlmodel import select

from programme import (
    attendance,
    booking,
    messages,
    outbox,
    outreach,
    outreach_due,
    outreach_plan,
    outreach_post,
    verification,
)
from programme import chat as chats
from programme.answers import Fact, Situation
from programme.context import Context
from programme.outreach_post import Letter
from programme.rules import london
from storage import booking as bookings
from storage.booking import Booking
from storage.conversation import Conversation
from storage.database import Database
from storage.enums import (
    CaseReason,
    Channel,
    CourseState,
    OutState,
    Owner,
    ReferralState,
    Way,
)
from storage.message import MessageOut
from storage.outreach import Outreach
from storage.referral import Referral
from storage.row import lock_one
from storage.session import Course
from tests.builders import (
    NOW,
    a_booking,
    a_case,
    a_conversation,
    a_course,
    a_person,
    a_referral,
    a_setting,
    an_offer,
)
from tests.conftest import Clock
from tests.programme.desk import ANSWERS, a_context, open_cases, rules

AT = "https://chat.example.org"
BOTH = (Way.SMS, Way.EMAIL)
STARTS = NOW + timedelta(days=10, hours=8)  # Friday 11 December, six in the evening


@pytest.fixture
def ctx(database: Database, clock: Clock) -> Context:
    return a_context(database, clock)


def booked(ctx: Context, channel: Channel | None = Channel.TELEGRAM, **given: object) -> tuple[Referral, Booking]:
    """Somebody with a place, who used this kind of chat; their mobile number and address are known."""
    row = a_referral(ctx.database, state=ReferralState.BOOKED, verified_at=NOW, **given)
    held = a_booking(ctx.database, row, a_course(ctx.database, starts_at=STARTS))
    if channel is not None:
        a_conversation(ctx.database, channel, referral_id=row.id, verified_at=NOW)
    return row, held


def said(ctx: Context) -> list[tuple[str, OutState]]:
    with ctx.database.reading() as session:
        rows = session.exec(select(MessageOut).order_by(MessageOut.created_at, MessageOut.seq)).all()
        return [(row.answer or "", row.state) for row in rows]


def lines(ctx: Context, referral: Referral) -> list[tuple[str, str, str]]:
    """(step, way, state) of the ledger, the oldest first."""
    ledger = outreach.read(ctx, referral.id)
    return [(one.step, one.way.value, one.state.value) for one in reversed(ledger.tries)]


def walk(clock: Clock, until: datetime, *acts: Callable[[], object], minutes: int = 60) -> None:
    """Does it all every hour."""
    while clock() < until:
        for act in acts:
            act()
        clock.forward(minutes=minutes)


def deliver(ctx: Context) -> None:
    """Telegram takes all that is due."""
    for parcel in outbox.claim(ctx, Channel.TELEGRAM, limit=1000):
        outbox.delivered(ctx, parcel.id, "1")


def post(ctx: Context, *ways: Way) -> list[Letter]:
    """All that is due is taken by the carriers."""
    letters = [letter for way in ways or BOTH for letter in outreach_post.claim(ctx, way, AT, limit=1000)]
    for letter in letters:
        outreach_post.sent(ctx, letter, f"external-{letter.id}")
    return letters


def change(ctx: Context, table: type, key: str, **values: object) -> None:
    with ctx.database.writing() as session:
        row = lock_one(session, table, key)
        for name, value in values.items():
            setattr(row, name, value)
        session.add(row)


def chat_of(ctx: Context, referral: Referral) -> Conversation:
    with ctx.database.reading() as session:
        return session.exec(select(Conversation).where(Conversation.referral_id == referral.id)).one()


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
        clock.forward(minutes=1)
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


def test_on_import_the_link_is_sent_and_opening_it_says_that_they_were_reached(ctx: Context, clock: Clock) -> None:
    row = a_referral(ctx.database, matching_word="harbour")
    clock.now = datetime(2026, 12, 1, 23, 30, tzinfo=UTC)
    with ctx.database.writing() as session:
        for _ in range(2):
            outreach.welcome(session, ctx, lock_one(session, Referral, row.id))
    outreach_plan.plan(ctx, BOTH)
    assert post(ctx) == [], "not at night"
    clock.now = datetime(2026, 12, 2, 8, 0, tzinfo=UTC)
    outreach_plan.plan(ctx, BOTH)
    (letter,) = post(ctx)
    assert letter.way is Way.SMS and "harbour" in letter.text
    token = letter.text.split("/r/")[1].split()[0]
    assert not outreach.read(ctx, row.id).reached
    clock.forward(minutes=5)
    chat = a_conversation(ctx.database)
    assert verification.open_link(ctx, chat.id, token)
    ledger = outreach.read(ctx, row.id)
    assert ledger.reached_at == clock() and lines(ctx, row) == [("", "sms", "seen")]
    assert token not in ledger.tries[0].text
    with ctx.database.reading() as session:
        assert session.get_one(Referral, row.id).state is ReferralState.REACHED


def test_without_a_contact_a_worker_hears_the_same_day(ctx: Context, clock: Clock) -> None:
    row = a_referral(ctx.database, person=a_person(ctx.database, phone="0118 496 0123", email=None))
    with ctx.database.writing() as session:
        outreach.welcome(session, ctx, lock_one(session, Referral, row.id))
    (case,) = open_cases(ctx)
    assert case.reason is CaseReason.NOT_DELIVERED and london.today(case.due_at) == london.today(clock())
    late = a_referral(ctx.database, person=a_person(ctx.database, phone=None, email=None))
    clock.now = datetime(2026, 12, 1, 20, 30, tzinfo=UTC)
    with ctx.database.writing() as session:
        outreach.welcome(session, ctx, lock_one(session, Referral, late.id))
    due = next(each.due_at for each in open_cases(ctx) if each.referral_id == late.id)
    assert due == datetime(2026, 12, 2, 17, tzinfo=UTC), "nobody is asked to ring in the middle of the night"
    assert lines(ctx, row) == [("", "none", "failed")]


def test_a_link_that_does_not_arrive_goes_by_e_mail_and_then_to_a_worker(ctx: Context, clock: Clock) -> None:
    row = a_referral(ctx.database)
    with ctx.database.writing() as session:
        outreach.welcome(session, ctx, lock_one(session, Referral, row.id))
    (text,) = post(ctx)
    outreach_post.receipt(ctx, text.id, "temporary-failure")
    clock.forward(minutes=1)
    outreach_plan.plan(ctx, BOTH)
    (mail,) = outreach_post.claim(ctx, Way.EMAIL, AT)
    assert mail.to == "alex@example.org" and open_cases(ctx) == []
    outreach_post.not_sent(ctx, mail, "refused", Random(1), final=True)
    outreach_plan.plan(ctx, BOTH)
    assert lines(ctx, row) == [("", "sms", "failed"), ("", "email", "failed")]
    assert [case.reason for case in open_cases(ctx)] == [CaseReason.NOT_DELIVERED]


def test_what_is_not_set_up_is_not_waited_for(ctx: Context, clock: Clock) -> None:
    row = a_referral(ctx.database)
    with ctx.database.writing() as session:
        outreach.welcome(session, ctx, lock_one(session, Referral, row.id))
    outreach_post.drop_unsendable(ctx, ())
    outreach_plan.plan(ctx, ())
    assert lines(ctx, row) == [("", "sms", "failed")] and len(open_cases(ctx)) == 1


def test_sample_people_get_no_text_message_and_no_e_mail(ctx: Context, clock: Clock) -> None:
    a_setting(ctx.database, "sample_programme", "true")
    new, (held, _) = a_referral(ctx.database), booked(ctx, None)
    with ctx.database.writing() as session:
        outreach.welcome(session, ctx, lock_one(session, Referral, new.id))
    walk(clock, STARTS, lambda: outreach_plan.plan(ctx, BOTH), lambda: post(ctx), minutes=120)
    assert lines(ctx, new)[0] == ("", "sms", "dropped")
    assert not {state for row in (new, held) for _, _, state in lines(ctx, row)} & {"sent", "delivered"}
    assert open_cases(ctx) == []


def test_receipts_may_come_twice_late_and_out_of_order(ctx: Context, clock: Clock) -> None:
    row = a_referral(ctx.database)
    with ctx.database.writing() as session:
        outreach.welcome(session, ctx, lock_one(session, Referral, row.id))
    (letter,) = outreach_post.claim(ctx, Way.SMS, AT)
    assert outreach_post.receipt(ctx, letter.id, "delivered")
    outreach_post.sent(ctx, letter, "late")
    for status in ("permanent-failure", "delivered"):
        assert outreach_post.receipt(ctx, letter.id, status)
    assert lines(ctx, row) == [("", "sms", "delivered")]
    assert not outreach_post.receipt(ctx, "nobody's", "delivered")
    assert not outreach_post.receipt(ctx, letter.id, "something new")


def test_the_settings_decide(ctx: Context, clock: Clock) -> None:
    a_setting(ctx.database, "reminder_days", "2")
    a_setting(ctx.database, "reminder_hours", "0")
    a_setting(ctx.database, "quiet_from_hour", "18")
    a_setting(ctx.database, "quiet_until_hour", "9")
    row, _ = booked(ctx)
    times = []

    def act() -> None:
        if outreach_plan.plan(ctx, BOTH):
            times.append(london.local(clock()))
        deliver(ctx)

    walk(clock, STARTS, act)
    assert [f"{each:%a %H:%M}" for each in times] == ["Thu 09:00"], (
        "due on Wednesday at six in the evening, when it is quiet"
    )
    assert [step for step, _, _ in lines(ctx, row)] == ["2d"]


def test_a_course_that_we_called_off_is_not_reminded_of(ctx: Context, clock: Clock) -> None:
    row, held = booked(ctx)
    clock.now = STARTS - timedelta(days=3)
    outreach_plan.plan(ctx, BOTH)
    change(ctx, Course, held.course_id, state=CourseState.CANCELLED)
    outreach_plan.plan(ctx, BOTH)
    assert lines(ctx, row) == [("3d", "telegram", "dropped")]


def test_who_writes_from_another_chat_meanwhile_is_reached_there(ctx: Context, clock: Clock) -> None:
    row, _ = booked(ctx)
    web = a_conversation(
        ctx.database, Channel.WEB, referral_id=row.id, verified_at=NOW, last_in_at=NOW + timedelta(days=2)
    )
    clock.now = STARTS - timedelta(days=3)
    assert outreach_plan.plan(ctx, BOTH) == [web.id]


def test_what_was_on_its_way_when_it_was_taken_back_is_told_as_it_was(ctx: Context, clock: Clock) -> None:
    texted, held = booked(ctx, None)
    chatted, other = booked(ctx)
    clock.now = STARTS - timedelta(days=3)
    outreach_plan.plan(ctx, BOTH)
    (letter,) = outreach_post.claim(ctx, Way.SMS, AT)
    (parcel,) = outbox.claim(ctx, Channel.TELEGRAM)
    with ctx.database.writing() as session:
        for each in (held, other):
            outreach.withdraw_for_booking(session, each)
    outreach_post.sent(ctx, letter, "external")
    outbox.delivered(ctx, parcel.id, "1")
    assert lines(ctx, texted) == [("3d", "sms", "sent")] and lines(ctx, chatted) == [("3d", "telegram", "delivered")]
    for _ in range(3):
        outreach_plan.plan(ctx, BOTH)
        clock.forward(minutes=5)
    assert len(said(ctx)) == 1, "and it is not said again"


@pytest.mark.parametrize(("hours", "told"), [("48", "until Wednesday 9 December at 6pm"), ("96", "cannot move it")])
def test_a_reminder_says_until_when_the_place_can_be_moved_and_offers_no_move_that_would_be_refused(
    ctx: Context, clock: Clock, hours: str, told: str
) -> None:
    booked(ctx)
    a_setting(ctx.database, "change_cutoff_hours", hours)
    a_setting(ctx.database, "most_moves", "2")
    clock.now = STARTS - timedelta(days=3)
    outreach_plan.plan(ctx, BOTH)
    with ctx.database.reading() as session:
        assert told in session.exec(select(MessageOut)).one().text


@pytest.mark.parametrize(("is_booked", "lost"), [(True, "before your session"), (False, "time to book runs out")])
def test_stop_says_what_is_lost_by_it(ctx: Context, is_booked: bool, lost: str) -> None:
    situation = Situation(verified=True, booked=is_booked)
    said_so = ctx.answers.render("utter_reminders_stopped", {}, situation, {}, NOW.date())
    assert lost in said_so.text and "I still answer" in said_so.text
    assert [button.intent for button in said_so.buttons] == ["start_reminders"]


@pytest.mark.parametrize("answer", ["notice_reminder", "notice_reminder_online", "notice_text_reminder",
                                    "notice_text_reminder_online", "notice_mail_reminder",
                                    "notice_mail_reminder_online"])  # fmt: skip
def test_a_reminder_says_what_when_what_a_missed_place_means_and_how_to_change_it(answer: str) -> None:
    for each in ANSWERS.variations(answer):
        text = str(each["text"])
        assert "session" in text and "{starts_at:when}" in text and "place that is missed" in text and "move it" in text
        assert "{link}" in text or {"/reschedule_booking", "/confirm_attendance", "/stop_reminders"} <= {
            button["payload"] for button in each["buttons"]
        }
        assert "bring" in text or answer not in ("notice_text_reminder",)
