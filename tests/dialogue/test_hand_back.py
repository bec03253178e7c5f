"""A worker takes a conversation in the middle of a journey and gives it back: the assistant is in step."""

import uuid

from programme import handoff, reply
from storage.enums import HandoffState, Owner, Urgency
from tests import builders
from tests.dialogue.desk import Desk, answers
from tests.dialogue.steps import at_the_offers, at_the_yes
from tests.programme.workers import at_work


def test_what_the_worker_booked_is_known_and_an_old_yes_books_nothing_more(desk: Desk) -> None:
    person, worker = desk.person(verified=True), at_work(desk.ctx)
    at_the_yes(person)
    old_yes = person.button("Yes")
    assert answers(person.intent("request_human"))
    assert person.owner is Owner.QUEUED
    handoff.take(desk.ctx, person.id, worker)
    assert person.say("yes")[-1].answer == "notice_worker_here"
    assert len(person.say("yes please book it")) == 0  # left to the worker
    booked = builders.a_booking(desk.ctx.database, person.referral, desk.held_course, made_at=desk.ctx.clock())
    reply.say(desk.ctx, person.id, worker, "I booked Oxford for you.", uuid.uuid4().hex)
    handoff.hand_back(desk.ctx, person.id, worker, "booked")
    said = person.say("yes")
    assert person.booking is not None
    assert person.booking.id == booked.id
    assert "notice_assistant_back" in answers(person.heard)
    assert "notice_booked" not in answers(said)
    assert answers(person.intent("check_booking")) == ["utter_booking"]
    assert "notice_booked" not in answers(person.press(old_yes))  # a button of long ago asks, at the most
    assert person.booking.id == booked.id


def test_a_form_that_was_left_to_a_worker_is_not_asked_again_by_itself(desk: Desk) -> None:
    person, worker = desk.person(verified=True), at_work(desk.ctx)
    at_the_offers(person)
    handoff.take(desk.ctx, person.id, worker)
    person.say("which one is step free")
    reply.say(desk.ctx, person.id, worker, "All but Slough.", uuid.uuid4().hex)
    handoff.hand_back(desk.ctx, person.id, worker, "answered")
    said = person.intent("ask_cost")
    assert answers(said)[-1:] == [desk.sayable("utter_ask_cost", person)]
    assert answers(person.intent("book_course")) == ["utter_step_preference"]


def test_taken_and_given_back_without_a_word_the_form_goes_on(desk: Desk) -> None:
    person, worker = desk.person(verified=True), at_work(desk.ctx)
    first = at_the_offers(person)[0]
    handoff.take(desk.ctx, person.id, worker)
    handoff.pass_on(desk.ctx, person.id, worker)
    assert person.owner is Owner.QUEUED
    assert answers(person.tap(first))[-1:] == ["utter_ask_book"]


def test_while_it_waits_the_assistant_goes_on_booking(desk: Desk) -> None:
    person = desk.person(verified=True)
    person.intent("request_human")
    at_the_yes(person)
    assert person.owner is Owner.QUEUED
    assert answers(person.tap("Yes")) == ["notice_booked"]
    assert person.booking is not None
    assert person.owner is Owner.QUEUED


def test_danger_is_in_the_queue_and_cannot_be_withdrawn(desk: Desk) -> None:
    person = desk.person(verified=True)
    assert answers(person.say("i want to kill myself"))[0] == "utter_danger_risk_of_suicide"
    (request,) = person.requests()
    assert (request.urgency, request.state) == (Urgency.DANGER, HandoffState.WAITING)
    assert answers(person.intent("withdraw_human")) == ["utter_handoff_stays"]
    assert person.owner is Owner.QUEUED
    assert answers(person.intent("request_human"))[-1].startswith("utter_handoff")
    assert len(person.requests()) == 1
