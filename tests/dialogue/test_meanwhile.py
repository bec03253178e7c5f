"""What happens between an offer and its yes: places go, offers grow old, buttons are tapped twice or late."""

from datetime import timedelta

import pytest

from storage.booking import Booking, Offer
from storage.enums import CaseReason
from tests import builders
from tests.dialogue.desk import Desk, Person, answers
from tests.dialogue.steps import at_the_offers, at_the_yes, walk


def test_a_place_taken_between_offer_and_yes(desk: Desk) -> None:
    venue = builders.a_venue(desk.ctx.database, place="Thame", name="Last Hall")
    for days in (6, 8):
        builders.a_course(desk.ctx.database, venue=venue, capacity=1, starts_at=desk.days_ahead(days))
    slow, quick = desk.person(verified=True), desk.person(verified=True)
    at_the_yes(slow, "Thame")
    at_the_yes(quick, "Thame")
    assert answers(quick.tap("Yes")) == ["notice_booked"]
    assert answers(slow.tap("Yes")) == ["utter_taken", "utter_offers_one"]
    assert slow.booking is None
    walk(slow, ("yes", ["utter_ask_book"]), ("yes", ["notice_booked"]))


def test_an_offer_that_is_too_old(desk: Desk) -> None:
    person = desk.person(verified=True)
    at_the_yes(person)
    with desk.ctx.database.writing() as session:
        for offer in session.query(Offer).where(Offer.conversation_id == person.id):  # type: ignore[attr-defined]
            offer.expires_at = desk.ctx.clock()
            session.add(offer)
    assert answers(person.tap("Yes")) == ["utter_offer_expired", "utter_offers"]
    assert person.booking is None


def test_a_double_yes_books_once_and_says_what_is_booked(desk: Desk) -> None:
    person = desk.person(verified=True)
    at_the_yes(person)
    yes = person.button("Yes")
    assert answers(person.press(yes)) == ["notice_booked"]
    assert answers(person.press(yes)) == ["utter_already_done"]
    person = desk.person(verified=True)
    at_the_yes(person)
    walk(person, ("yes", ["notice_booked"]), ("yes", ["utter_booking"]))


def test_a_double_yes_to_cancelling_does_not_begin_a_booking(desk: Desk) -> None:
    person = desk.person(booked=True)
    person.intent("cancel_booking")
    yes = person.button("Yes")
    assert answers(person.press(yes)) == ["notice_cancelled"]
    assert answers(person.press(yes)) == ["utter_no_booking"]
    walk(person, ("yes ok", ["utter_step_preference"]))  # "Shall we find you one?"


def test_the_yes_of_an_older_question_is_asked_again(desk: Desk) -> None:
    person = desk.person(verified=True)
    first, second = at_the_offers(person)[:2]
    offers = person.heard[-1]
    asked = person.tap(first, [offers])
    person.tap("No")
    person.tap(second, [offers])
    again = person.press(person.button("Yes", asked))
    assert (answers(again), again[0].text) == (["utter_ask_book"], asked[0].text)
    assert person.booking is None


def test_a_button_of_an_older_list_is_a_choice(desk: Desk) -> None:
    person = desk.person(verified=True)
    first = at_the_offers(person)[0]
    older = person.heard[-1]
    person.tap("None of these")
    assert answers(person.tap(first, [older])) == ["utter_ask_book"]
    person.say("stop")
    assert answers(person.tap(first, [older])) == ["utter_ask_book"]


def test_more_offers_and_none_of_them(desk: Desk) -> None:
    person = desk.person(verified=True)
    shown = set(at_the_offers(person))
    more = {title for title in person.tap("Show more")[-1].titles if title not in ("Show more", "None of these")}
    assert more
    assert not shown & more
    walk(person, ("neither", ["utter_none_of_these", "utter_step_preference"]))


def test_booked_on_another_channel_meanwhile(desk: Desk) -> None:
    here = desk.person(verified=True)
    there = Person(desk, here.referral)
    there.prove()
    at_the_yes(here)
    at_the_yes(there, "Oxford")
    there.tap("Yes")
    assert answers(here.tap("Yes")) == ["utter_already_booked"]
    walk(here, ("yes", ["utter_step_preference"]))  # "Would you like to move it?"


def test_moved_on_another_channel_before_the_yes_to_cancel(desk: Desk) -> None:
    here = desk.person(booked=True)
    there = Person(desk, here.referral)
    there.prove()
    asked = here.intent("cancel_booking")
    there.intent("reschedule_booking")
    there.press(there.tap("Reading")[-1].buttons[0][1])
    there.tap("Yes")
    again = here.tap("Yes")
    assert answers(again) == ["utter_ask_cancel"]
    assert again[0].text != asked[0].text
    assert here.booking is not None
    assert answers(here.tap("Yes")) == ["notice_cancelled"]


@pytest.mark.parametrize("wish", ["reschedule_booking", "cancel_booking", "ask_available_sessions"])
def test_after_the_cut_off_a_worker_is_offered(desk: Desk, wish: str) -> None:
    person = desk.person(verified=True)
    soon = builders.a_course(
        desk.ctx.database, venue_id="reading", starts_at=desk.ctx.clock() + timedelta(hours=3), capacity=0
    )
    held = builders.a_booking(desk.ctx.database, person.referral, soon)
    assert answers(person.intent(wish)) == ["utter_too_late_to_change"]
    assert len(person.cases(CaseReason.CUT_OFF)) == 1
    walk(person, ("yes", ["utter_handoff_open"]))
    assert person.booking is not None
    assert person.booking.id == held.id


def test_too_many_moves(desk: Desk) -> None:
    person = desk.person(booked=True)
    booked = person.booking
    assert booked is not None
    with desk.ctx.database.writing() as session:
        held = session.get_one(Booking, booked.id)
        held.moves = 2
        session.add(held)
    assert answers(person.intent("reschedule_booking")) == ["utter_too_many_moves"]
    assert len(person.cases(CaseReason.CUT_OFF)) == 1
