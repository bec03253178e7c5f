"""Walks to the right place: who missed it, was there, refuses, complains, is somebody else, or told too much."""

import json
from datetime import timedelta

import pytest

from programme import transcript
from storage.conversation import Conversation
from storage.enums import CaseReason, ReferralState
from storage.message import MessageIn
from storage.referral import Referral
from tests import builders
from tests.dialogue.desk import Desk, Person, answers
from tests.dialogue.steps import at_the_offers, at_the_yes, walk


def with_session(desk: Desk, begins_in: timedelta, venue: str = "reading") -> Person:
    """Somebody known whose session of three hours begins then."""
    person = desk.person(desk.referral(state=ReferralState.BOOKED), verified=True)
    course = builders.a_course(desk.ctx.database, venue_id=venue, starts_at=desk.ctx.clock() + begins_in)
    builders.a_booking(desk.ctx.database, person.referral, course)
    return person


def state_of(person: Person) -> ReferralState:
    with person.ctx.database.reading() as session:
        return session.get_one(Referral, person.referral.id).state


def reasons(person: Person) -> list[CaseReason]:
    return [case.reason for case in person.open_cases()]


def test_missed_said_before_they_are_known_then_the_next_one_is_booked_at_once(desk: Desk) -> None:
    referral = with_session(desk, timedelta(days=-1)).referral
    person = Person(desk, referral)
    assert answers(person.intent("missed_session")) == ["utter_missed_first", "utter_step_reference"]
    walk(
        person,
        ("how long does it take?", ["utter_ask_duration", "utter_step_reference"]),
        (referral.reference, ["utter_step_date_of_birth"]),
        ("14 march 1990", ["utter_verified", "utter_missed_again", "utter_step_preference"]),
    )
    assert state_of(person) is ReferralState.SECOND_CHANCE
    again, wishes = person.heard[-2:]
    assert again.titles[0] == "I was not well" and {"I could not get there", "I forgot"} < set(again.titles)
    assert answers(person.tap("I could not get there", [again])) == ["utter_told_missed", "utter_step_preference"]
    (case,) = person.cases(CaseReason.MISSED_SESSION)
    assert json.loads(case.detail or "{}")["said"][-1]["why"] == "travel"
    person.tap("Reading", [wishes])
    person.press(person.heard[-1].buttons[0][1])
    assert answers(person.tap("Yes")) == ["notice_booked"]
    assert state_of(person) is ReferralState.BOOKED
    card = person.intent("ask_my_case")
    assert answers(card) == ["utter_booking", "utter_case_otherwise"]
    assert "the session that you missed" in card[1].text


def test_a_second_miss_waits_for_a_worker_and_a_yes_asks_for_one(desk: Desk) -> None:
    person = with_session(desk, timedelta(days=-1))
    person.intent("missed_session")
    person.tap("Reading")
    person.press(person.heard[-1].buttons[0][1])
    person.tap("Yes")
    held = person.booking
    assert held is not None
    over = builders.a_course(desk.ctx.database, venue_id="reading", starts_at=desk.ctx.clock() - timedelta(hours=5))
    with desk.ctx.database.writing() as session:
        row = session.get_one(type(held), held.id)
        row.course_id = over.id
        session.add(row)
    assert answers(person.intent("missed_session")) == ["utter_missed_worker"]
    assert person.booking is not None
    walk(person, ("yes please", ["utter_handoff_open"]))


def test_the_case_card_comes_as_soon_as_it_is_known_who_asks(desk: Desk) -> None:
    person = desk.person()
    assert answers(person.intent("ask_my_case")) == ["utter_case_first", "utter_step_reference"]
    walk(
        person,
        (person.referral.reference, ["utter_step_date_of_birth"]),
        ("14 march 1990", ["utter_case_not_booked", "utter_case_otherwise"]),
        ("yes", ["utter_step_preference"]),  # to the place that is still to be booked
    )


def test_coming_is_noted_and_the_dialogue_goes_on(desk: Desk) -> None:
    person = desk.person(desk.referral())
    builders.a_booking(desk.ctx.database, person.referral, desk.held_course)
    assert answers(person.intent("confirm_attendance")) == ["utter_confirm_first", "utter_step_reference"]
    walk(
        person,
        (person.referral.reference, ["utter_step_date_of_birth"]),
        ("14 march 1990", ["utter_verified", "utter_confirmed"]),
    )
    assert person.booking is not None
    assert person.booking.confirmed_at is not None
    walk(person, ("thanks", ["utter_thank"]))


@pytest.mark.parametrize(
    ("venue", "late", "trouble"),
    [
        ("reading", "utter_late_today", "utter_trouble_today"),
        ("online", "utter_late_today_online", "utter_trouble_today_online"),
    ],
)
def test_on_the_day_late_or_stuck(desk: Desk, venue: str, late: str, trouble: str) -> None:
    person = with_session(desk, timedelta(minutes=-20), venue)
    said = person.intent("running_late")
    assert answers(said) == [late]
    assert "01923 271 783" in said[0].text
    assert ("https://meet.example.org/sample" in said[0].text) == (venue == "online")
    assert answers(person.intent("technical_problem")) == [trouble]
    cases = person.open_cases()
    assert {case.reason for case in cases} == {CaseReason.RUNNING_LATE, CaseReason.TECHNICAL_PROBLEM}
    assert all(case.due_at <= desk.ctx.clock() for case in cases)


def test_who_was_there_is_believed_and_a_worker_checks(desk: Desk) -> None:
    person = with_session(desk, timedelta(days=-1))
    assert answers(person.intent("ask_my_case"))[0] == "utter_session_over"
    assert answers(person.tap("I was there")) == ["utter_dispute_attendance"]
    assert reasons(person) == [CaseReason.ATTENDANCE_DISPUTED]
    assert state_of(person) is ReferralState.BOOKED


def test_who_refuses_keeps_their_place_and_can_come_back(desk: Desk) -> None:
    person = desk.person(verified=True)
    at_the_offers(person)
    said = person.intent("decline_programme")
    assert answers(said) == ["utter_decline_programme"]
    assert "an adult who does not attend is then reported for the offence" in said[0].text
    assert reasons(person) == []
    assert answers(person.tap("Tell a worker")) == ["utter_told_declined"]
    assert reasons(person) == [CaseReason.DECLINED]
    assert answers(person.tap("Carry on", said)) == ["utter_offers"]


def test_for_the_wrong_person_the_chat_forgets_who_they_were(desk: Desk) -> None:
    person = desk.person(booked=True)
    person.intent("reschedule_booking")
    assert answers(person.intent("wrong_person")) == ["utter_wrong_person"]
    assert reasons(person) == [CaseReason.WRONG_PERSON]
    with desk.ctx.database.reading() as session:
        row = session.get_one(Conversation, person.id)
    assert (row.referral_id, row.messages_stopped_at is None) == (None, False)
    for wish in ("check_booking", "ask_my_case"):
        assert answers(person.intent(wish))[-1] == "utter_step_reference"
    assert person.booking is not None  # it is somebody's all the same


def test_an_old_yes_means_nothing_after_the_wrong_person(desk: Desk) -> None:
    person = desk.person(verified=True)
    at_the_yes(person)
    asked = person.heard[-1]
    person.intent("wrong_person")
    assert answers(person.tap("Yes", [asked])) == ["utter_yes_to_what"]
    assert person.booking is None


def test_what_was_told_of_an_offence_is_stopped_and_hidden_in_the_middle_of_a_booking(desk: Desk) -> None:
    person = desk.person(verified=True)
    at_the_offers(person)
    said = person.say("i used to deal a bit and that night i was selling it")
    assert person.understood[0] == "disclose_offence"
    assert answers(said) == ["utter_disclose_offence", "utter_offers"]
    with desk.ctx.database.reading() as session:
        row = session.get_one(MessageIn, person.turn)
    assert transcript.words_of(desk.ctx, row) == "[Hidden: it may tell of an offence]"
    assert reasons(person) == [CaseReason.OFFENCE_TOLD]
    assert answers(person.press(said[-1].buttons[0][1])) == ["utter_ask_book"]


def test_a_complaint_and_a_request_for_data_take_no_more_than_saying_so(desk: Desk) -> None:
    person = desk.person()
    assert answers(person.say("i want to make a complaint about this service")) == ["utter_complain"]
    assert answers(person.intent("request_my_data")) == ["utter_request_my_data"]
    assert reasons(person) == [CaseReason.COMPLAINT, CaseReason.DATA_REQUEST]
    person.intent("book_course")
    person.say(person.referral.reference)
    person.say("14 march 1990")
    assert {case.referral_id for case in person.open_cases()} == {person.referral.id}
    card = person.intent("ask_my_case")
    assert "your complaint" in card[-2].text
    assert "your data, as you asked" in card[-2].text


@pytest.mark.parametrize(
    ("intent", "title", "reason"),
    [
        ("ask_accessibility", "Tell a worker", CaseReason.ACCESS_NEEDS),
        ("ask_interpreter", "Ask for an interpreter", CaseReason.LANGUAGE),
        ("ask_court_letter", "Tell a worker", CaseReason.COURT_LETTER),
        ("ask_eligibility", "Ask a worker to check", CaseReason.ELIGIBILITY),
        ("ask_for_someone_else", "Tell a worker", CaseReason.THIRD_PARTY),
        ("ask_young_people", "I am under 18", CaseReason.UNDER_18),
        ("dispute_offence", "Tell a worker", CaseReason.OFFENCE_DISPUTED),
    ],
)
def test_one_tap_after_the_answer_tells_a_worker_and_the_form_goes_on(
    desk: Desk, intent: str, title: str, reason: CaseReason
) -> None:
    person = desk.person()
    person.intent("book_course")
    said = person.intent(intent)
    assert answers(said) == [f"utter_{intent}", "utter_step_reference"]
    told = answers(person.tap(title, said[:1]))
    assert told[0].startswith("utter_told_")
    assert told[1:] == ["utter_step_reference"]
    assert reasons(person) == [reason]
