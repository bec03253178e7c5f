"""The personal link, what carries it, the settings, and what the words of a reminder say."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from sqlmodel import select

from programme import (
    outbox,
    outreach,
    outreach_plan,
    outreach_post,
    verification,
)
from programme.answers import Situation
from programme.context import Context
from programme.rules import london
from storage.enums import (
    CaseReason,
    Channel,
    CourseState,
    ReferralState,
    Way,
)
from storage.message import MessageOut
from storage.referral import Referral
from storage.row import lock_one
from storage.session import Course
from tests.builders import (
    NOW,
    a_conversation,
    a_person,
    a_referral,
    a_setting,
)
from tests.conftest import Clock
from tests.programme.desk import ANSWERS, open_cases
from tests.programme.reaching import AT, BOTH, STARTS, booked, change, deliver, lines, post, said, walk


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
