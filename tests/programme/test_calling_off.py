"""A course that we cancel: everybody is told at once, can choose again, and nothing of it counts against them."""

import json
from datetime import timedelta

import pytest
from sqlmodel import select

from programme import (
    attendance_sheet,
    booked,
    booking,
    calling_off,
    failing,
    outbox,
    outreach,
    outreach_plan,
    outreach_post,
    timers,
)
from programme import session as sessions
from programme.calling_off import OverError
from programme.context import Context
from programme.outcome import Done
from storage import message as messages
from storage.booking import Booking, active_booking
from storage.database import Database
from storage.enums import BookingState, CaseReason, Channel, CourseState, Mark, ReferralState, Way
from storage.message import ButtonToken, MessageOut
from storage.referral import Referral
from storage.referral_change import changes_of
from storage.session import Course, whole_course
from tests.builders import NOW, a_booking, a_conversation, a_course, a_referral, an_account
from tests.conftest import Clock
from tests.programme.desk import a_context, open_cases, opened, proved, rules, text, told
from tests.programme.reaching import BOTH, post


@pytest.fixture
def ctx(database: Database, clock: Clock) -> Context:
    rules(database)
    return a_context(database, clock)


def with_place(ctx: Context, course: Course, **given: object) -> Referral:
    referral = a_referral(ctx.database, **{"state": ReferralState.BOOKED} | given)
    a_booking(ctx.database, referral, course, moves=2)
    return referral


def taps(ctx: Context, chat: str) -> dict[str, dict[str, str]]:
    """What the buttons of the last message mean, by title."""
    with ctx.database.reading() as session:
        last = messages.after(session, chat, 0)[-1]
        found = session.exec(select(ButtonToken).where(ButtonToken.message_id == last.id))
        return {row.title: json.loads(row.choice) for row in found}


def test_everybody_is_told_with_new_dates_and_one_tap_books(ctx: Context) -> None:
    course, other = a_course(ctx.database), a_course(ctx.database, starts_at=NOW + timedelta(days=9))
    people = [with_place(ctx, course) for _ in range(3)]
    chats = [proved(ctx, row) for row in people]
    done = calling_off.call_off(ctx, course.id, an_account(ctx.database).id, "the tutor is ill")
    assert (done.people, done.told) == (3, 3)
    for chat in chats:
        assert told(ctx, chat) == ["notice_called_off"]
        assert "our doing, not yours" in text(ctx, chat) and "tutor" not in text(ctx, chat)
    offered = [each["values"]["offer"] for each in taps(ctx, chats[0]).values() if each["intent"] == "choose_session"]
    assert len(offered) == 1
    result = booking.book(ctx, chats[0], None, offered[0])
    assert result.done is Done.BOOKED and result.booking is not None and result.booking.course_id == other.id
    with ctx.database.reading() as session:
        held = active_booking(session, people[0].id)
        assert held is not None and held.moves == 0, "ours: it is none of their moves"


def test_it_is_recorded_as_ours_and_takes_nobody_their_way(ctx: Context) -> None:
    course = a_course(ctx.database)
    row = with_place(ctx, course)
    proved(ctx, row)
    account = an_account(ctx.database).id
    calling_off.call_off(ctx, course.id, account, "flood")
    with ctx.database.reading() as session:
        booked = session.exec(select(Booking).where(Booking.referral_id == row.id)).one()
        assert (booked.state, booked.called_off_at) == (BookingState.CANCELLED, NOW)
        assert session.get_one(Referral, row.id).state == ReferralState.VERIFIED
        gone = session.get_one(Course, course.id)
        assert (gone.state, gone.cancelled_at, gone.cancelled_why) == (CourseState.CANCELLED, NOW, "flood")
    with pytest.raises(OverError):
        calling_off.call_off(ctx, course.id, account, "again")


def test_where_there_is_no_other_date_a_worker_looks(ctx: Context) -> None:
    course = a_course(ctx.database)
    chat = proved(ctx, with_place(ctx, course))
    calling_off.call_off(ctx, course.id, an_account(ctx.database).id, "")
    assert told(ctx, chat) == ["notice_called_off_none"]
    (case,) = open_cases(ctx)
    assert (case.reason, json.loads(case.detail or "")["why"]) == (CaseReason.NO_SESSION, "called_off")


def test_who_has_no_chat_has_a_case(ctx: Context) -> None:
    course = a_course(ctx.database)
    row = with_place(ctx, course)
    opened(ctx)  # somebody else's
    account = an_account(ctx.database)
    with ctx.database.writing() as session:  # it was known already that nothing reaches them
        outreach.open_unreached(session, ctx, row, outreach.NOT_ARRIVED)
    done = calling_off.call_off(ctx, course.id, account.id, "")
    assert (done.people, done.told) == (1, 0)
    (case,) = open_cases(ctx)
    assert (case.reason, case.referral_id) == (CaseReason.NOT_DELIVERED, row.id)
    told_of = json.loads(case.detail or "")
    assert (told_of["why"], told_of["unreached"]) == ("called_off", outreach.NOT_ARRIVED)
    with ctx.database.reading() as session:  # each change has who did it
        assert changes_of(session, row.id)[-1].actor == f"worker:{account.id}"


def test_who_has_no_chat_is_told_by_text_message_and_who_has_one_is_not_told_twice(ctx: Context, clock: Clock) -> None:
    course = a_course(ctx.database)
    with_place(ctx, course)
    chat = proved(ctx, with_place(ctx, course))
    calling_off.call_off(ctx, course.id, an_account(ctx.database).id, "")
    clock.forward(minutes=1)
    outreach_plan.plan(ctx, (Way.SMS,))
    (letter,) = outreach_post.claim(ctx, Way.SMS, "https://chat.example.org")
    assert "is cancelled" in letter.text and "does not count against you" in letter.text and "/r/" in letter.text
    assert told(ctx, chat) == ["notice_called_off_none"]  # there is no other date


def test_who_does_not_look_at_their_page_is_told_by_text_message_and_who_looks_is_not(
    ctx: Context, clock: Clock
) -> None:
    course = a_course(ctx.database)
    looks, away = proved(ctx, with_place(ctx, course)), with_place(ctx, course, reference="TVP1A2C35")
    chat = proved(ctx, away)
    calling_off.call_off(ctx, course.id, an_account(ctx.database).id, "")
    with ctx.database.reading() as session:
        shown = messages.after(session, looks, 0)[-1]
    outbox.mark_seen(ctx, looks, shown.id)
    clock.forward(minutes=4)
    assert post(ctx) == []
    clock.forward(minutes=1)
    outreach_plan.plan(ctx, BOTH)
    (letter,) = post(ctx)
    assert letter.way is Way.SMS and "is cancelled" in letter.text
    outreach_plan.plan(ctx, BOTH)
    assert post(ctx) == [], "once"
    assert told(ctx, chat) == ["notice_called_off_none"], "and not again in the chat"
    assert outreach_post.receipt(ctx, letter.id, "delivered")
    clock.forward(hours=2)
    timers.tick(ctx)
    reasons = [case.reason for case in open_cases(ctx) if case.referral_id == away.id]
    assert reasons == [CaseReason.NO_SESSION], "they know: nobody has to ring them about it"


def test_where_no_text_message_of_it_arrives_a_worker_hears_of_it(ctx: Context, clock: Clock) -> None:
    course = a_course(ctx.database)
    row = with_place(ctx, course)
    proved(ctx, row)
    calling_off.call_off(ctx, course.id, an_account(ctx.database).id, "")
    for _ in range(3):
        clock.forward(hours=1)
        outreach_plan.plan(ctx, (Way.SMS,))
        for letter in post(ctx, Way.SMS):
            outreach_post.receipt(ctx, letter.id, "permanent-failure")
        timers.tick(ctx)
    assert [case.reason for case in open_cases(ctx)] == [CaseReason.NO_SESSION, CaseReason.NOT_DELIVERED]


def test_a_telegram_chat_that_is_blocked_is_no_end_of_it(ctx: Context, clock: Clock) -> None:
    course = a_course(ctx.database)
    row = with_place(ctx, course)
    a_conversation(ctx.database, Channel.TELEGRAM, referral_id=row.id, verified_at=NOW)
    calling_off.call_off(ctx, course.id, an_account(ctx.database).id, "")
    clock.forward(minutes=10)
    outreach_plan.plan(ctx, BOTH)
    assert post(ctx) == [], "it is on its way"
    (parcel,) = outbox.claim(ctx, Channel.TELEGRAM)
    outbox.blocked(ctx, parcel)
    outreach_plan.plan(ctx, BOTH)
    assert [letter.way for letter in post(ctx)] == [Way.SMS]


def test_a_process_that_stops_in_the_middle_is_made_good_by_the_clock(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = a_course(ctx.database)
    chats = [proved(ctx, with_place(ctx, course)) for _ in range(3)]
    end_place, calls = calling_off._end_place, []

    def dies(*given: object) -> str | None:
        calls.append(1)
        if len(calls) == 2:
            raise RuntimeError
        return end_place(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(calling_off, "_end_place", dies)
    with pytest.raises(RuntimeError):
        calling_off.call_off(ctx, course.id, an_account(ctx.database).id, "")
    monkeypatch.undo()
    assert len(calling_off.tick(ctx)) == 2
    assert calling_off.tick(ctx) == []
    assert all(told(ctx, chat) == ["notice_called_off_none"] for chat in chats)
    with ctx.database.reading() as session:
        said = session.exec(select(MessageOut).where(MessageOut.answer == "notice_called_off_none")).all()
    assert len(said) == 3


def test_a_course_that_is_over_cannot_be_cancelled(ctx: Context, clock: Clock) -> None:
    course = a_course(ctx.database)
    clock.forward(days=8)
    with pytest.raises(OverError):
        calling_off.call_off(ctx, course.id, an_account(ctx.database).id, "")


def test_one_session_of_a_course_is_cancelled_alone_and_the_others_go_on(ctx: Context, clock: Clock) -> None:
    course = a_course(ctx.database, sessions=3)
    row = with_place(ctx, course)
    chat = proved(ctx, row)
    with ctx.database.reading() as session:
        whole = whole_course(session, course.id)
    assert whole is not None
    first, second, third = whole.sessions
    account = an_account(ctx.database).id
    clock.forward(hours=1)
    assert calling_off.call_off_one(ctx, first.id, account, "flood") == 1
    with pytest.raises(OverError):
        calling_off.call_off_one(ctx, first.id, account, "again")
    with ctx.database.reading() as session:
        held = session.exec(select(Booking).where(Booking.referral_id == row.id)).one()
        assert (held.state, held.calendar_sequence) == (BookingState.ACTIVE, 1)
        assert booked.view(session, held).starts == [second.starts_at, third.starts_at]
        assert session.get_one(Course, course.id).first_starts_at == second.starts_at
        assert session.get_one(Referral, row.id).state == ReferralState.BOOKED
        token = held.calendar_token
    file = booked.calendar_file(ctx, token) or ""
    assert file.count("STATUS:CANCELLED") == 1 and file.count("BEGIN:VEVENT") == 3
    clock.forward(minutes=3)
    outreach_plan.plan(ctx, ())
    assert told(ctx, chat) == ["notice_changed"]
    with ctx.database.reading() as session:
        found = failing.read(session, ctx, session.get_one(Referral, row.id), (chat,))
    assert ("session_cancelled", first.starts_at) in [(each.kind, each.at) for each in found]
    assert sessions.one(ctx, first.id).cancelled and not sessions.one(ctx, second.id).cancelled


def test_the_last_one_that_is_left_is_the_course(ctx: Context) -> None:
    course = a_course(ctx.database, sessions=2)
    with ctx.database.reading() as session:
        whole = whole_course(session, course.id)
    assert whole is not None
    account = an_account(ctx.database).id
    calling_off.call_off_one(ctx, whole.sessions[1].id, account, "ill")
    with pytest.raises(OverError):
        calling_off.call_off_one(ctx, whole.sessions[0].id, account, "ill")


def test_who_has_been_to_all_that_were_held_has_completed_it(ctx: Context, clock: Clock) -> None:
    course = a_course(ctx.database, sessions=2, starts_at=NOW)
    row = with_place(ctx, course)
    account = an_account(ctx.database).id
    with ctx.database.reading() as session:
        whole = whole_course(session, course.id)
        held = session.exec(select(Booking).where(Booking.referral_id == row.id)).one()
    assert whole is not None
    assert attendance_sheet.mark(ctx, whole.sessions[0].id, held.id, Mark.ATTENDED, account) == "attended"
    clock.forward(days=1)
    calling_off.call_off_one(ctx, whole.sessions[1].id, account, "ill")
    with ctx.database.reading() as session:
        assert session.get_one(Referral, row.id).state == ReferralState.COMPLETED
    with pytest.raises(attendance_sheet.NoPlaceError):
        attendance_sheet.mark(ctx, whole.sessions[1].id, held.id, Mark.ABSENT, account)
