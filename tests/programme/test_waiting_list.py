"""The waiting list: a place that frees is offered in order, looked at again, kept for a set time, and passed on."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest
from sqlmodel import select

from programme import booking, calling_off, kept_place, offers, on_behalf, waiting_list
from programme.concern import Said
from programme.context import Context
from programme.on_behalf import By
from programme.outcome import Done
from programme.rules.preference import Preference
from programme.waiting_list import Joined
from storage import message as messages
from storage.booking import Booking
from storage.conversation import Conversation
from storage.database import Database
from storage.enums import BookingState, CaseReason, HoldEnd, ReferralState, WaitingState
from storage.message import ButtonToken
from storage.referral import Referral
from storage.session import Course, courses_from
from storage.waiting import Hold, Waiting, hold_of
from tests.actions.calls import call
from tests.builders import NOW, a_booking, a_course, a_person, a_referral, a_setting, a_venue, an_account
from tests.conftest import Clock
from tests.programme.desk import a_context, open_cases, opened, proved, rules, text, told

_order = count()


@pytest.fixture
def ctx(database: Database, clock: Clock) -> Context:
    rules(database)
    return a_context(database, clock)


@pytest.fixture
def full(ctx: Context) -> Course:
    """A course with one place, which is taken."""
    course = a_course(ctx.database, capacity=1)
    a_booking(ctx.database, course=course)
    return course


def joined(ctx: Context, wanted: Preference | None = None, **given: object) -> str:
    """Somebody on the list; their chat."""
    chat = proved(ctx, a_referral(ctx.database, **{"state": ReferralState.VERIFIED} | given))
    assert waiting_list.join(ctx, chat, Said("t"), wanted) is Joined.JOINED
    with ctx.database.writing() as session:  # each a second after the one before
        row = session.exec(select(Waiting).where(Waiting.conversation_id == chat)).one()
        row.joined_at = NOW - timedelta(hours=1) + timedelta(seconds=next(_order))
        session.add(row)
    return chat


def whose(ctx: Context, chat: str) -> str:
    with ctx.database.reading() as session:
        return session.get_one(Conversation, chat).referral_id or ""


def free(ctx: Context, course: Course) -> None:
    """Somebody gives their place up."""
    with ctx.database.writing() as session:
        for row in session.exec(select(Booking).where(Booking.course_id == course.id)):
            row.state = BookingState.CANCELLED
            session.add(row)


def hold(ctx: Context, chat: str) -> Hold | None:
    referral = whose(ctx, chat)
    with ctx.database.reading() as session:
        return hold_of(session, referral)


def taps(ctx: Context, chat: str) -> dict[str, dict[str, str]]:
    with ctx.database.reading() as session:
        last = messages.after(session, chat, 0)[-1]
        rows = session.exec(select(ButtonToken).where(ButtonToken.message_id == last.id))
        return {row.title: json.loads(row.choice)["values"] for row in rows}


def test_the_first_on_the_list_is_offered_it_and_one_tap_takes_it(ctx: Context, clock: Clock, full: Course) -> None:
    first = joined(ctx)
    clock.forward(minutes=1)
    second = joined(ctx)
    assert kept_place.tick(ctx) == []
    free(ctx, full)
    assert kept_place.tick(ctx) == [first]
    assert told(ctx, first) == ["notice_place_kept"] and told(ctx, second) == []
    assert "kept for you until" in text(ctx, first)
    assert kept_place.tick(ctx) == [], "said once"
    referral = whose(ctx, first)
    with ctx.database.reading() as session:
        assert courses_from(session, clock())[0].free == 0, "for everybody else it is taken"
        assert courses_from(session, clock(), referral)[0].free == 1
    result = booking.book(ctx, first, None, taps(ctx, first)["Yes, take it"]["offer"])
    assert result.done is Done.BOOKED
    with ctx.database.reading() as session:
        assert session.exec(select(Hold)).one().outcome is HoldEnd.TAKEN
        states = {row.conversation_id: row.state for row in session.exec(select(Waiting))}
    assert states == {first: WaitingState.PLACED, second: WaitingState.WAITING}


def test_nobody_else_can_have_what_is_kept(ctx: Context, full: Course) -> None:
    joined(ctx)
    free(ctx, full)
    kept_place.tick(ctx)
    other = a_referral(ctx.database, state=ReferralState.VERIFIED)
    by = By(an_account(ctx.database).id, born="1990-03-14")
    assert on_behalf.book(ctx, other.id, full.id, by).done is Done.TAKEN


def test_what_is_not_taken_in_time_goes_to_the_next_and_never_back(ctx: Context, clock: Clock, full: Course) -> None:
    first, second = joined(ctx), joined(ctx)
    free(ctx, full)
    kept_place.tick(ctx)
    late = taps(ctx, first)["Yes, take it"]["offer"]
    clock.forward(hours=23, minutes=59)
    assert kept_place.tick(ctx) == []
    clock.forward(minutes=1)
    assert kept_place.tick(ctx) == [first, second]
    assert told(ctx, first) == ["notice_place_kept", "notice_place_gone"]
    assert told(ctx, second) == ["notice_place_kept"]
    assert booking.book(ctx, first, None, late).done is Done.EXPIRED
    clock.forward(hours=24)
    assert kept_place.tick(ctx) == [second], "both have let it go: it is free for everybody"
    with ctx.database.reading() as session:
        assert courses_from(session, clock())[0].free == 1


def test_the_time_is_a_setting_and_ends_with_the_start_and_the_last_day_to_book(ctx: Context, clock: Clock) -> None:
    towns = ("Slough", "Oxford", "Reading")
    last = [date(2026, 12, 31), date(2026, 12, 2), date(2026, 12, 31)]
    chats = [joined(ctx, Preference(place=town), book_by=day) for town, day in zip(towns, last, strict=True)]
    a_setting(ctx.database, "waiting_hold_hours", "40")
    for town, hours in zip(towns, (3, 99, 99), strict=True):
        a_course(ctx.database, venue=a_venue(ctx.database, place=town), starts_at=NOW + timedelta(hours=hours))
    assert sorted(kept_place.tick(ctx)) == sorted(chats)
    held = [hold(ctx, chat) for chat in chats]
    until = [row.expires_at for row in held if row is not None]
    assert until == [NOW + timedelta(hours=3), datetime(2026, 12, 3, tzinfo=UTC), NOW + timedelta(hours=40)]


def test_nobody_is_offered_anything_at_night(ctx: Context, clock: Clock, full: Course) -> None:
    chat = joined(ctx)
    free(ctx, full)
    a_setting(ctx.database, "quiet_from_hour", "20")  # as for all that is sent unasked
    clock.now = NOW.replace(hour=20)
    assert kept_place.tick(ctx) == []
    clock.now = (NOW + timedelta(days=1)).replace(hour=8)
    assert kept_place.tick(ctx) == [chat]


def test_no_is_heard_and_the_next_one_is_asked(ctx: Context, full: Course) -> None:
    first, second = joined(ctx), joined(ctx)
    free(ctx, full)
    kept_place.tick(ctx)
    no = taps(ctx, first)["Not this one"]
    said = call(ctx, first, "action_waiting_list", text="/join_waiting_list", intent="join_waiting_list", entities=no)
    assert said[0] == ["utter_waiting_list_declined"]
    assert kept_place.tick(ctx) == [second]
    gone = taps(ctx, second)["Leave the waiting list"]
    said = call(
        ctx, second, "action_waiting_list", text="/join_waiting_list", intent="join_waiting_list", entities=gone
    )
    assert said[0] == ["utter_waiting_list_left"]
    with ctx.database.reading() as session:
        rows = {row.conversation_id: row.state for row in session.exec(select(Waiting))}
        assert courses_from(session, NOW)[0].free == 1
    assert rows == {first: WaitingState.WAITING, second: WaitingState.LEFT}


def test_who_joins(ctx: Context, full: Course) -> None:
    def join(chat: str) -> str:
        return str(call(ctx, chat, "action_waiting_list", text="put me on the list", intent="join_waiting_list")[0][0])

    assert join(opened(ctx)) == "utter_join_waiting_list"
    chat = proved(ctx, a_referral(ctx.database, state=ReferralState.VERIFIED))
    assert [join(chat), join(chat)] == ["utter_waiting_list_joined", "utter_waiting_list_already"]
    with_place = proved(ctx, a_referral(ctx.database, state=ReferralState.BOOKED))
    a_booking(ctx.database, Referral(id=whose(ctx, with_place)), a_course(ctx.database, capacity=1))
    assert join(with_place) == "utter_join_waiting_list"
    over = proved(ctx, a_referral(ctx.database, book_by=date(2026, 11, 30)))
    assert join(over) == "utter_join_waiting_list"
    assert {case.reason for case in open_cases(ctx)} == {CaseReason.WAITING_LIST}
    assert len(open_cases(ctx)) == 3


def test_where_there_are_places_now_there_is_nothing_to_wait_for(ctx: Context) -> None:
    a_course(ctx.database)
    chat = proved(ctx, a_referral(ctx.database))
    assert waiting_list.join(ctx, chat, Said("t"), None) is Joined.WORKER
    assert waiting_list.join(ctx, chat, Said("t"), Preference(place="Slough")) is Joined.JOINED
    assert kept_place.tick(ctx) == [], "only what they asked for"
    a_course(ctx.database, venue=a_venue(ctx.database, place="Slough"))
    assert kept_place.tick(ctx) == [chat]


def test_a_worker_looks_when_time_runs_out_and_once_it_is_over(ctx: Context, clock: Clock, full: Course) -> None:
    chat = joined(ctx, book_by=date(2026, 12, 10))
    kept_place.tick(ctx)
    assert open_cases(ctx) == []
    clock.now = NOW + timedelta(days=6)
    kept_place.tick(ctx)
    kept_place.tick(ctx)
    (case,) = open_cases(ctx)
    assert (case.reason, case.referral_id) == (CaseReason.WAITING_LIST, whose(ctx, chat))
    clock.now = NOW + timedelta(days=10)
    free(ctx, full)
    assert kept_place.tick(ctx) == []
    with ctx.database.reading() as session:
        assert session.exec(select(Waiting)).one().state is WaitingState.ENDED


def test_what_we_cancel_is_not_kept_for_anybody(ctx: Context, full: Course) -> None:
    chat = joined(ctx)
    free(ctx, full)
    kept_place.tick(ctx)
    offer = taps(ctx, chat)["Yes, take it"]["offer"]
    calling_off.call_off(ctx, full.id, an_account(ctx.database).id, "")
    assert hold(ctx, chat) is None
    assert booking.book(ctx, chat, None, offer).done is Done.TAKEN
    a_course(ctx.database)
    assert kept_place.tick(ctx) == [chat], "they are still on the list"


def test_many_clocks_and_people_at_once_give_one_place_once(ctx: Context, full: Course) -> None:
    chats = [joined(ctx) for _ in range(4)]
    free(ctx, full)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: kept_place.tick(ctx), range(4)))
    with ctx.database.reading() as session:
        assert len(session.exec(select(Hold)).all()) == 1
    assert sum(told(ctx, chat) == ["notice_place_kept"] for chat in chats) == 1


def test_a_course_in_another_language_is_for_who_speaks_it(ctx: Context) -> None:
    english, polish = (
        joined(ctx, person=a_person(ctx.database, language=language), state=ReferralState.VERIFIED)
        for language in ("en", "pl")
    )
    a_course(ctx.database, language="pl")
    for chat, found in ((english, 0), (polish, 1)):
        assert len(offers.make(ctx, chat, None).offers) == found
    assert kept_place.tick(ctx) == [polish]
