"""The second chance: who a list has as not there is told kindly, once, by day, asked why and offered the next dates."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from programme import attendance, attention, booking, messages, offers, outbox, outreach_plan, outreach_post
from programme import attendance_sheet as sheet
from programme import person as persons
from programme import second_chance as chance
from programme.concern import Said
from programme.context import Context
from programme.outcome import Done
from programme.rules.attendance import WHYS
from storage.absence import Absence, absence_of
from storage.booking import Booking, active_booking
from storage.conversation import Conversation
from storage.database import Database
from storage.enums import BookingState, CaseReason, Channel, Mark, ReferralState, Way
from storage.message import ButtonToken, MessageOut
from storage.outreach import Outreach
from storage.person import Person
from storage.referral import Referral
from storage.row import lock_one
from tests.builders import (
    NOW,
    a_booking,
    a_case,
    a_conversation,
    a_course,
    a_referral,
    a_setting,
    an_account,
)
from tests.conftest import Clock
from tests.programme.desk import a_context, open_cases
from tests.programme.test_attendance_sheet import Place

AT = "https://chat.example.org"
BOTH = (Way.SMS, Way.EMAIL)


@pytest.fixture
def ctx(database: Database, clock: Clock) -> Context:
    a_setting(database, "second_chances", "1")
    a_setting(database, "second_chance_days", "14")
    return a_context(database, clock)


def missed(ctx: Context, clock: Clock, mark: Mark = Mark.ABSENT, channel: Channel | None = Channel.TELEGRAM) -> Place:
    """Somebody whom the list has as not there: the session is over, and nobody has put it right for a while."""
    place = Place(ctx)
    if channel is not None:
        a_conversation(ctx.database, channel, referral_id=place.referral.id, verified_at=NOW)
    clock.forward(hours=3)
    place.mark(mark)
    clock.forward(minutes=2)
    return place


def go(ctx: Context) -> None:
    """All that the clock does."""
    chance.tick(ctx)
    outreach_plan.plan(ctx, BOTH)


def told(ctx: Context) -> list[str]:
    with ctx.database.reading() as session:
        rows = session.exec(select(MessageOut).order_by(MessageOut.created_at, MessageOut.seq)).all()
        return [row.answer or "" for row in rows if row.state.value != "dropped"]


def taps(ctx: Context, answer: str) -> list[ButtonToken]:
    """The buttons beneath it, as they stand there."""
    with ctx.database.reading() as session:
        shown = session.exec(select(MessageOut.buttons).where(MessageOut.answer == answer)).all()
        return [session.get_one(ButtonToken, each["payload"]) for buttons in shown for each in json.loads(buttons)]


def absence(ctx: Context, place: Place) -> Absence | None:
    with ctx.database.reading() as session:
        return absence_of(session, place.booking.id)


def soon(ctx: Context, days: float = 7) -> str:
    return a_course(ctx.database, starts_at=NOW + timedelta(days=days, hours=8)).id


@pytest.mark.parametrize(("mark", "first"), [(Mark.ABSENT, "notice_missed"), (Mark.LATE, "notice_missed_late")])
def test_they_are_asked_why_and_offered_the_next_dates_once(ctx: Context, clock: Clock, mark: Mark, first: str) -> None:
    wanted = soon(ctx)
    place = missed(ctx, clock, mark)
    for _ in range(3):
        go(ctx)
        clock.forward(hours=1)
    assert told(ctx) == [first, "notice_missed_dates"]
    whys = [each.choice for each in taps(ctx, first)]
    assert [each for why in WHYS for each in whys if f'"{why}"' in each] == whys[:-1]
    assert '"dispute_attendance"' in whys[-1]
    assert "choose_session" in taps(ctx, "notice_missed_dates")[0].choice
    assert place.state == ReferralState.SECOND_CHANCE
    row = absence(ctx, place)
    assert row is not None and (row.late, row.until) == (mark is Mark.LATE, date(2026, 12, 15))
    assert open_cases(ctx) == []
    with ctx.database.reading() as session:
        assert session.exec(select(Outreach.occasion)).all() == [f"missed:{row.id}"]
        assert offers.open_to(session, place.referral, clock())[0].course.id == wanted


def test_many_processes_tell_it_once(ctx: Context, clock: Clock) -> None:
    soon(ctx)
    places = [Place(ctx) for _ in range(4)]
    for place in places:
        a_conversation(ctx.database, Channel.TELEGRAM, referral_id=place.referral.id, verified_at=NOW)
    clock.forward(hours=3)
    for place in places:
        place.mark(Mark.ABSENT)
    clock.forward(minutes=2)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: go(ctx), range(4)))
    go(ctx)
    assert sorted(told(ctx)) == sorted(["notice_missed", "notice_missed_dates"] * 4)
    assert {place.state for place in places} == {ReferralState.SECOND_CHANCE}


def test_a_wrong_tap_that_is_put_right_tells_nobody(ctx: Context, clock: Clock) -> None:
    soon(ctx)
    place = Place(ctx)
    clock.forward(hours=3)
    place.mark(Mark.ABSENT)
    clock.forward(seconds=119)
    go(ctx)
    place.mark(Mark.ATTENDED)
    clock.forward(minutes=5)
    go(ctx)
    assert told(ctx) == [] and absence(ctx, place) is None


def test_who_may_still_come_is_not_told_that_they_were_not_there(ctx: Context, clock: Clock) -> None:
    soon(ctx)
    place = Place(ctx)
    place.mark(Mark.ABSENT)
    clock.forward(hours=2)
    go(ctx)
    assert absence(ctx, place) is None
    clock.forward(hours=1)
    go(ctx)
    assert absence(ctx, place) is not None


def test_nothing_is_said_at_night_and_what_was_written_then_is_taken_back(ctx: Context, clock: Clock) -> None:
    soon(ctx)
    place = missed(ctx, clock)
    clock.now = datetime(2026, 12, 1, 21, 30, tzinfo=clock.now.tzinfo)
    go(ctx)
    assert told(ctx) == [] and place.state == ReferralState.SECOND_CHANCE
    clock.now = datetime(2026, 12, 2, 8, 0, tzinfo=clock.now.tzinfo)
    go(ctx)
    assert told(ctx) == ["notice_missed", "notice_missed_dates"]
    clock.now = datetime(2026, 12, 2, 21, 30, tzinfo=clock.now.tzinfo)  # Telegram was down all day
    outreach_plan.plan(ctx, BOTH)
    assert told(ctx) == []
    clock.now = datetime(2026, 12, 3, 8, 0, tzinfo=clock.now.tzinfo)
    go(ctx)
    assert [each for each in told(ctx) if "missed" in each] == ["notice_missed", "notice_missed_dates"]


def test_nobody_in_danger_is_told(ctx: Context, clock: Clock) -> None:
    soon(ctx)
    place = missed(ctx, clock)
    danger = a_case(ctx.database, reason=CaseReason.RISK_OF_SUICIDE, referral_id=place.referral.id)
    go(ctx)
    assert told(ctx) == [] and absence(ctx, place) is None
    with ctx.database.writing() as session:
        row = lock_one(session, type(danger), danger.id)
        row.closed_at = clock()
        session.add(row)
    go(ctx)
    assert told(ctx)[0] == "notice_missed"


@pytest.mark.parametrize("setting", ["second_chances", "second_chance_days"])
def test_without_the_setting_a_worker_decides_and_no_date_is_offered(
    database: Database, clock: Clock, setting: str
) -> None:
    ctx = a_context(database, clock)
    a_setting(database, setting, "14")
    soon(ctx)
    place = missed(ctx, clock)
    go(ctx)
    assert told(ctx) == ["notice_missed", "notice_missed_worker"]
    assert place.state == ReferralState.MISSED
    assert [case.reason for case in open_cases(ctx)] == [CaseReason.MISSED_SESSION]


def test_where_there_is_no_session_in_the_window_a_worker_looks(ctx: Context, clock: Clock) -> None:
    soon(ctx, days=15)
    missed(ctx, clock)
    go(ctx)
    assert told(ctx) == ["notice_missed", "notice_missed_none"]
    assert [case.reason for case in open_cases(ctx)] == [CaseReason.NO_SESSION]


def test_a_second_time_is_a_workers(ctx: Context, clock: Clock) -> None:
    soon(ctx)
    place = missed(ctx, clock)
    a_booking(ctx.database, place.referral, a_course(ctx.database, starts_at=NOW), state=BookingState.MISSED)
    go(ctx)
    assert place.state == ReferralState.MISSED and told(ctx)[-1] == "notice_missed_worker"


@pytest.mark.parametrize("way", BOTH)
def test_who_has_no_chat_is_told_by_text_message_or_e_mail(ctx: Context, clock: Clock, way: Way) -> None:
    soon(ctx)
    place = missed(ctx, clock, channel=None)
    if way is Way.EMAIL:
        with ctx.database.writing() as session:
            person = lock_one(session, Person, place.referral.person_id)
            person.phone = None
            session.add(person)
    go(ctx)
    (letter,) = outreach_post.claim(ctx, way, AT)
    assert "1 December at 10am" in letter.text and "/r/" in letter.text
    assert outreach_post.claim(ctx, way, AT) == []


def test_who_wants_no_messages_gets_none_and_a_worker_hears_of_it(ctx: Context, clock: Clock) -> None:
    soon(ctx)
    place = missed(ctx, clock)
    messages.stop(ctx, _chat(ctx, place))
    go(ctx)
    assert told(ctx) == []
    assert [case.reason for case in open_cases(ctx)] == [CaseReason.MISSED_SESSION]
    with ctx.database.reading() as session:
        (shown,) = persons.cases(session, None, place.referral.id)
    assert (shown.silent, shown.referral_id) == (True, place.referral.id)


def test_who_stops_messages_before_they_could_be_told_is_a_workers_too(ctx: Context, clock: Clock) -> None:
    soon(ctx)
    place = missed(ctx, clock)
    chance.tick(ctx)  # noted, and not told yet
    assert open_cases(ctx) == []
    messages.stop(ctx, _chat(ctx, place))
    go(ctx)
    assert told(ctx) == []
    (case,) = open_cases(ctx)
    assert (case.reason, "silent" in (case.detail or "")) == (CaseReason.MISSED_SESSION, True)


def test_who_was_told_and_stops_reminders_then_is_no_case(ctx: Context, clock: Clock) -> None:
    soon(ctx)
    place = missed(ctx, clock)
    go(ctx)
    for parcel in outbox.claim(ctx, Channel.TELEGRAM, limit=9):
        outbox.delivered(ctx, parcel.id, "1")
    assert told(ctx)
    messages.stop(ctx, _chat(ctx, place))
    assert open_cases(ctx) == []


def _chat(ctx: Context, place: Place) -> str:
    with ctx.database.reading() as session:
        return session.exec(select(Conversation.id).where(Conversation.referral_id == place.referral.id)).one()


def test_why_is_kept_and_shown_to_who_must_look(ctx: Context, clock: Clock) -> None:
    place = missed(ctx, clock)
    go(ctx)
    attendance.tell_why(ctx, _chat(ctx, place), Said("t1", why="forgot"))
    attendance.tell_why(ctx, _chat(ctx, place), Said("t2", why="fear"))
    row = absence(ctx, place)
    assert row is not None and (row.why, row.why_at) == ("fear", clock())
    clock.forward(days=4)
    (shown,) = [each for each in attention.read(ctx).rows if each.referral_id == place.referral.id]
    assert shown.missed_why == "fear"


def test_the_next_place_is_taken_with_one_tap(ctx: Context, clock: Clock) -> None:
    wanted = soon(ctx)
    place = missed(ctx, clock)
    go(ctx)
    token = taps(ctx, "notice_missed_dates")[0].choice.split('"offer": "')[1].split('"')[0]
    assert booking.book(ctx, _chat(ctx, place), None, token).done is Done.BOOKED
    with ctx.database.reading() as session:
        held = active_booking(session, place.referral.id)
        assert held is not None and held.course_id == wanted
    clock.forward(minutes=5)
    go(ctx)
    assert told(ctx) == ["notice_booked"]  # what was not out yet is not wanted any more


def test_i_was_there_opens_a_case_against_the_list_and_the_list_can_be_put_right(ctx: Context, clock: Clock) -> None:
    soon(ctx)
    place = missed(ctx, clock)
    go(ctx)
    attendance.dispute(ctx, _chat(ctx, place), Said("t1"))
    (case,) = open_cases(ctx)
    assert case.reason is CaseReason.ATTENDANCE_DISPUTED
    detail: dict[str, Any] = json.loads(case.detail or "{}")
    assert (detail["session"], detail["mark"]) == (place.sessions[0].id, "absent")
    assert place.mark(Mark.ATTENDED) == "completed" == place.state
    row = absence(ctx, place)
    assert row is not None and row.put_right_at == clock()
    with ctx.database.reading() as session:
        assert session.get_one(Booking, place.booking.id).state is BookingState.ACTIVE


def test_who_has_taken_the_next_place_keeps_it_when_the_list_is_put_right(ctx: Context, clock: Clock) -> None:
    soon(ctx)
    place = missed(ctx, clock)
    go(ctx)
    token = taps(ctx, "notice_missed_dates")[0].choice.split('"offer": "')[1].split('"')[0]
    booking.book(ctx, _chat(ctx, place), None, token)
    assert place.mark(Mark.ATTENDED) == "booked"


def test_who_has_told_us_before_the_list_did_is_not_told_again(ctx: Context, clock: Clock) -> None:
    soon(ctx)
    place = Place(ctx)
    chat = a_conversation(ctx.database, Channel.TELEGRAM, referral_id=place.referral.id, verified_at=NOW)
    clock.forward(hours=4)
    attendance.tell_missed(ctx, chat.id, Said("t1"))
    sheet.mark(ctx, place.sessions[0].id, place.booking.id, Mark.ABSENT, an_account(ctx.database).id)
    clock.forward(minutes=5)
    go(ctx)
    assert told(ctx) == []
    with ctx.database.reading() as session:
        assert session.get_one(Referral, place.referral.id).state is ReferralState.SECOND_CHANCE
    assert a_referral(ctx.database) and outbox.claim(ctx, Channel.TELEGRAM) == []
