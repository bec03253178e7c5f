"""What is offered, to whom, and what is booked of it when things change between the offer and the yes."""

import json
from datetime import date, timedelta

import pytest
from sqlmodel import select

from programme import booked, booking, offers
from programme.context import Context
from programme.outcome import Done
from programme.rules import deadline, london
from storage.booking import Offer, active_booking
from storage.database import Database
from storage.enums import CaseReason, ReferralState
from storage.referral import Referral
from tests.builders import NOW, a_booking, a_referral, a_setting, a_venue
from tests.conftest import Clock
from tests.programme.desk import open_cases, proved, rules, text
from tests.programme.places import OVER, all_bookings, in_days, offered, put, state_of


@pytest.fixture
def referral(database: Database) -> Referral:
    rules(database)
    return a_referral(database)


@pytest.fixture
def chat(ctx: Context, referral: Referral) -> str:
    return proved(ctx, referral)


def test_offers_fit_the_deadlines_and_are_five_at_most(ctx: Context, chat: str, referral: Referral) -> None:
    for days in (7, 8, 9, 10, 11, 12, 13):
        in_days(ctx.database, days)
    in_days(ctx.database, 55, sessions=2)  # begins in time, ends after 31 January
    in_days(ctx.database, 60)
    in_days(ctx.database, 6, capacity=0)
    shown = offers.make(ctx, chat, None)
    assert [(offer.starts[0] - NOW).days for offer in shown.offers] == [7, 8, 9, 10, 11]
    assert shown.more
    more = offers.make(ctx, chat, None, more=True)
    assert [(offer.starts[0] - NOW).days for offer in more.offers] == [12, 13, 60]
    assert not more.more
    assert offers.make(ctx, chat, None, more=True).kind is offers.OffersKind.NO_MORE
    assert offers.latest(ctx, chat) == more.offers


def test_none_free_is_a_dated_receipt_and_a_case_before_the_deadline(
    ctx: Context, chat: str, referral: Referral
) -> None:
    none = offers.make(ctx, chat, None)
    assert (none.kind, none.asked_at) == (offers.OffersKind.NONE_FREE, NOW)
    again = offers.make(ctx, chat, None)
    assert again.kind is offers.OffersKind.NONE_FREE
    (case,) = open_cases(ctx)
    assert case.reason is CaseReason.NO_SESSION
    assert case.due_at == deadline.case_due(deadline.Deadlines(referral.book_by, referral.finish_by), NOW)
    assert london.today(case.due_at) < (referral.book_by or date.min)


@pytest.mark.parametrize(
    ("book_by", "reason"),
    [(None, CaseReason.DEADLINE_UNKNOWN), (date(2026, 11, 30), CaseReason.DEADLINE_PAST)],
)
def test_without_a_deadline_ahead_a_worker_must_check(ctx: Context, book_by: date | None, reason: CaseReason) -> None:
    chat = proved(ctx, a_referral(ctx.database, book_by=book_by))
    in_days(ctx.database, 7)
    assert offers.make(ctx, chat, None).kind.value == reason.value
    assert [case.reason for case in open_cases(ctx)] == [reason]
    with ctx.database.reading() as session:
        assert session.exec(select(Offer)).all() == []


def test_offers_are_for_those_who_proved_who_they_are(ctx: Context) -> None:
    from tests.programme.desk import opened

    with pytest.raises(offers.NotVerifiedError):
        offers.make(ctx, opened(ctx), None)


def test_the_place_that_is_held_is_not_offered(ctx: Context, chat: str, referral: Referral) -> None:
    held, other = in_days(ctx.database, 7), in_days(ctx.database, 8)
    a_booking(ctx.database, referral, held)
    assert [offer.course_id for offer in offers.make(ctx, chat, None).offers] == [other.id]


def test_one_venue_is_named_once(ctx: Context) -> None:
    for place in ("Slough", "Oxford", "Slough"):
        a_venue(ctx.database, place=place)
    assert offers.places(ctx) == ["Oxford", "Slough"]


def test_two_chats_of_one_person_hold_one_place(ctx: Context, chat: str, referral: Referral) -> None:
    in_days(ctx.database, 7)
    other_chat = proved(ctx, referral)
    booking.book(ctx, chat, None, offered(ctx, chat))
    assert booked.current(ctx, other_chat) == booked.current(ctx, chat)
    with ctx.database.reading() as session:
        assert active_booking(session, referral.id) is not None


@pytest.mark.parametrize("state", [*OVER, ReferralState.MISSED, ReferralState.ATTENDED])
def test_a_referral_that_is_over_is_offered_and_given_no_place(
    ctx: Context, chat: str, referral: Referral, state: ReferralState
) -> None:
    in_days(ctx.database, 7)
    token = offered(ctx, chat)
    put(ctx.database, referral, state=state)  # while the list was on the table
    assert booking.book(ctx, chat, None, token).done is Done.NOT_OPEN
    assert booking.may_book_now(ctx, chat).done is Done.NOT_OPEN
    assert offers.make(ctx, chat, None).kind is offers.OffersKind.NOT_OPEN
    assert [case.reason for case in open_cases(ctx)] == [CaseReason.NOT_OPEN]
    assert (all_bookings(ctx), state_of(ctx.database, referral)) == ([], state)


@pytest.mark.parametrize("state", OVER)
def test_a_place_of_a_referral_that_is_over_is_not_moved(
    ctx: Context, chat: str, referral: Referral, state: ReferralState
) -> None:
    in_days(ctx.database, 7)
    in_days(ctx.database, 9)
    booking.book(ctx, chat, None, offered(ctx, chat))
    token = offered(ctx, chat)
    put(ctx.database, referral, state=state)
    assert booking.may_move_now(ctx, chat).done is Done.NOT_OPEN
    assert booking.move(ctx, chat, None, token).done is Done.NOT_OPEN
    held = booked.current(ctx, chat)
    assert held is not None
    assert booking.cancel(ctx, chat, None, held.id).done is Done.CANCELLED  # a place nobody needs is given up
    assert state_of(ctx.database, referral) is state


def test_a_place_given_up_leaves_the_referral_to_be_booked_again(ctx: Context, chat: str, referral: Referral) -> None:
    in_days(ctx.database, 7)
    booking.book(ctx, chat, None, offered(ctx, chat))
    held = booked.current(ctx, chat)
    booking.cancel(ctx, chat, None, held.id if held else "")
    assert state_of(ctx.database, referral) is ReferralState.VERIFIED
    assert booking.may_book_now(ctx, chat).done is Done.BOOKED


def test_a_course_that_ends_too_late_by_now_is_an_offer_that_is_gone(
    ctx: Context, chat: str, referral: Referral
) -> None:
    in_days(ctx.database, 20)
    token = offered(ctx, chat)
    put(ctx.database, referral, finish_by=(NOW + timedelta(days=10)).date())
    assert booking.book(ctx, chat, None, token).done is Done.EXPIRED
    assert open_cases(ctx) == [], "their dates are neither past nor unknown: there is nothing for a worker to check"


def test_more_after_a_while_is_a_fresh_list(ctx: Context, chat: str, clock: Clock) -> None:
    in_days(ctx.database, 7)
    first = offers.make(ctx, chat, None)
    clock.forward(minutes=offers.OFFER_MINUTES)
    again = offers.make(ctx, chat, None, more=True)
    assert again.kind is offers.OffersKind.OFFERS
    assert [offer.course_id for offer in again.offers] == [offer.course_id for offer in first.offers]


def test_a_rule_that_is_not_filled_in_is_told_to_the_worker_as_such(database: Database, ctx: Context) -> None:
    referral = a_referral(database)
    chat = proved(ctx, referral)
    a_booking(database, referral, in_days(database, 7))
    assert booking.may_move_now(ctx, chat).done is Done.TOO_LATE
    (case,) = open_cases(ctx)
    assert (case.reason, json.loads(case.detail or "{}")) == (CaseReason.CUT_OFF, {"why": "rule_unknown"})


def test_a_confirmation_says_how_to_get_there(ctx: Context, chat: str) -> None:
    venue = a_venue(ctx.database, directions="Ten minutes' walk from the station.")
    in_days(ctx.database, 7, venue=venue)
    in_days(ctx.database, 9, venue=venue)
    for act, first_line in ((booking.book, "You are booked."), (booking.move, "Your place has been moved.")):
        act(ctx, chat, None, offered(ctx, chat))
        assert text(ctx, chat).startswith(first_line)
        assert "RG1 3BQ\nTen minutes' walk from the station.\n" in text(ctx, chat)
    held = booked.current(ctx, chat)
    assert held is not None
    assert "walk" not in (booked.calendar_file(ctx, held.calendar_token) or "")  # an address that a map can find


@pytest.mark.parametrize("link", ["https://meet.example.org/1", None])
def test_a_place_online_is_confirmed_with_all_that_is_known(ctx: Context, chat: str, link: str | None) -> None:
    venue = a_venue(ctx.database, name="Online", place="online", address=None, online=True, join_link=link)
    in_days(ctx.database, 7, venue=venue)
    in_days(ctx.database, 9, venue=venue)
    a_setting(ctx.database, "bring_text", "Bring your glasses.")
    a_setting(ctx.database, "change_rule_text", "You can move it twice.")
    for act in (booking.book, booking.move):
        act(ctx, chat, None, offered(ctx, chat))
        for said in ("Bring your glasses.", "You can move it twice.", "Put it in your calendar: /calendar/"):
            assert said in text(ctx, chat)
        assert (f"Join online: {link}" in text(ctx, chat)) is (link is not None)
        assert ("not here yet" in text(ctx, chat)) is (link is None)
