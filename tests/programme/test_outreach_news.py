"""What people are told since something has happened: a place or a link that changed, a course that they completed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from programme import outreach_plan, outreach_post, paper, venue
from programme import session as sessions
from programme.context import Context
from programme.session import About
from programme.venue import Given
from storage.enums import Channel, Mark, ReferralState, Way
from storage.session import Venue
from tests.builders import NOW, a_booking, a_conversation, a_course, a_referral, a_venue, an_account
from tests.conftest import Clock
from tests.programme.desk import text
from tests.programme.test_attendance_sheet import Place
from tests.programme.test_second_chance import AT, BOTH, told


def plan(ctx: Context, clock: Clock, minutes: float = 3) -> list[str]:
    clock.forward(minutes=minutes)
    outreach_plan.plan(ctx, BOTH)
    return [each for each in told(ctx) if "reminder" not in each]


def given(row: Venue, **other: str) -> Given:
    values = {"name": row.name, "place": row.place, "address": row.address or "", "directions": row.directions or ""}
    return Given(**values | other)  # type: ignore[arg-type]


@pytest.mark.parametrize("sessions_of", [1, 3])
def test_who_has_a_place_is_told_that_it_is_elsewhere_now(ctx: Context, clock: Clock, sessions_of: int) -> None:
    hall, worker = a_venue(ctx.database), an_account(ctx.database).id
    referral = a_referral(ctx.database, state=ReferralState.BOOKED)
    a_booking(ctx.database, referral, a_course(ctx.database, venue=hall, sessions=sessions_of))
    a_conversation(ctx.database, Channel.WEB, referral_id=referral.id, verified_at=NOW)
    clock.forward(hours=1)
    venue.save(ctx, worker, hall.id, given(hall, directions="Up the stairs."))
    assert plan(ctx, clock) == []  # that is nothing to write to everybody about
    venue.save(ctx, worker, hall.id, given(hall, address="2 New Street"))
    assert plan(ctx, clock, minutes=1) == []  # it may be put right at once
    assert plan(ctx, clock) == ["notice_changed"]
    assert plan(ctx, clock, minutes=600) == ["notice_changed"]


def test_who_booked_after_the_change_and_who_has_been_is_told_nothing(ctx: Context, clock: Clock) -> None:
    hall, worker = a_venue(ctx.database), an_account(ctx.database).id
    over = a_course(ctx.database, venue=hall, starts_at=NOW - timedelta(days=1))
    ahead = a_course(ctx.database, venue=hall)
    venue.save(ctx, worker, hall.id, given(hall, address="2 New Street"))
    for course, made_at in ((over, NOW - timedelta(days=5)), (ahead, NOW)):
        referral = a_referral(ctx.database, state=ReferralState.BOOKED)
        a_booking(ctx.database, referral, course, made_at=made_at)
        a_conversation(ctx.database, Channel.WEB, referral_id=referral.id, verified_at=NOW)
    assert plan(ctx, clock) == []


def test_a_new_link_is_told_by_text_message_where_there_is_no_chat(ctx: Context, clock: Clock) -> None:
    online = a_venue(ctx.database, name="Online", place="online", online=True, join_link="https://one.example.org/a")
    course = a_course(ctx.database, venue=online)
    a_booking(ctx.database, a_referral(ctx.database, state=ReferralState.BOOKED), course)
    clock.forward(hours=1)
    sessions.change(ctx, an_account(ctx.database).id, course.id, About(15, join_link="https://two.example.org/b"))
    plan(ctx, clock)
    (letter,) = outreach_post.claim(ctx, Way.SMS, AT)
    assert "has changed" in letter.text and "/r/" in letter.text


def test_who_has_completed_it_gets_the_link_of_their_certificate_once(ctx: Context, clock: Clock) -> None:
    place = Place(ctx)
    chat = a_conversation(ctx.database, Channel.WEB, referral_id=place.referral.id, verified_at=NOW)
    place.mark(Mark.ATTENDED)
    assert plan(ctx, clock, minutes=1) == []
    assert plan(ctx, clock) == ["notice_completed"]

    link = text(ctx, chat.id).split("/proof/")[1].split(".pdf")[0]
    assert paper.issue_to_person(ctx, link).name == "Alex Green"
    place.undo()
    place.mark(Mark.ATTENDED)
    assert plan(ctx, clock, minutes=60) == ["notice_completed"]


def test_in_telegram_the_link_is_whole_or_there_is_none(ctx: Context, clock: Clock) -> None:

    for ctx_now, has_link in ((ctx, False), (replace(ctx, found_at="https://chat.example.org"), True)):
        place = Place(ctx_now)
        chat = a_conversation(ctx.database, Channel.TELEGRAM, referral_id=place.referral.id, verified_at=NOW)
        place.mark(Mark.ATTENDED)
        plan(ctx_now, clock)
        assert ("https://chat.example.org/proof/" in text(ctx, chat.id)) is has_link
        assert ("ask for a person" in text(ctx, chat.id)) is not has_link
