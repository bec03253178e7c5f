"""A call, and how the help was, over the real servers: beside a booking that goes on afterwards."""

import uuid
from datetime import timedelta

from programme import callback, feedback, handoff, shift
from programme.rules import london
from storage.conversation import Conversation
from storage.enums import HandoffState, Owner, Rating
from storage.handoff import open_request_of
from storage.row import lock_one
from tests.builders import an_account
from tests.dialogue.desk import Desk, Person, answers
from tests.dialogue.steps import at_the_yes, walk


def test_a_call_in_the_middle_of_a_booking(desk: Desk) -> None:
    person = desk.person(verified=True)
    at_the_yes(person)
    asked = person.say("can i talk to a person please")
    assert answers(asked) == ["utter_handoff_open"]
    assert person.owner is Owner.QUEUED
    assert answers(person.tap("Ask for a call")) == ["utter_step_callback_known"]
    assert answers(person.tap("Another number")) == ["utter_step_callback_number"]
    walk(
        person,
        ("01632 960", ["utter_number_short"]),
        ("01632 960123", ["utter_step_callback_time"]),
        ("how much does it cost", ["utter_ask_cost", "utter_step_callback_time"]),
        ("tomorrow afternoon", ["utter_step_callback_yes"]),
    )
    assert "01632 960123, tomorrow from 12pm" in person.heard[-1].text
    assert answers(person.tap("Yes")) == ["utter_callback_done"]
    (row,) = callback.of_conversation(desk.ctx, person.id)
    tomorrow = london.today(desk.ctx.clock()) + timedelta(days=1)
    assert (row.number, row.good_time, london.today(row.due_at)) == ("+441632960123", "tomorrow afternoon", tomorrow)
    assert answers(person.tap("Carry on")) == ["utter_ask_book"]
    assert answers(person.tap("Yes")) == ["notice_booked"]
    assert person.owner is Owner.QUEUED, "the place in the queue is kept"


def test_a_call_is_changed_before_the_yes_and_taken_back_after_it(desk: Desk) -> None:
    person = desk.person()
    person.intent("ask_callback")
    walk(
        person,
        ("07700 900123", ["utter_step_callback_time"]),
        ("whenever", ["utter_step_callback_yes"]),
        ("no", ["utter_callback_change"]),
    )
    assert answers(person.tap("Another time")) == ["utter_step_callback_time"]
    assert answers(person.tap("Morning")) == ["utter_step_callback_yes"]
    walk(person, ("yes please", ["utter_callback_done"]))
    assert answers(person.intent("ask_callback")) == ["utter_callback_there"]
    assert answers(person.tap("I don't need a call")) == ["utter_callback_withdrawn"]
    assert callback.current(desk.ctx, person.id) is None
    assert answers(person.intent("ask_callback")) == ["utter_step_callback_number"]
    assert answers(person.tap("No call")) == ["utter_callback_not_wanted"]


def test_danger_leaves_the_form_of_a_call_and_nobody_is_pushed_on(desk: Desk) -> None:
    person = desk.person()
    person.intent("ask_callback")
    assert answers(person.say("i want to kill myself")) == ["utter_danger_risk_of_suicide"]
    assert callback.of_conversation(desk.ctx, person.id) == []
    assert answers(person.tap("I'm safe")) == ["utter_im_safe", "utter_step_callback_number"]


def test_a_late_yes_to_a_call_is_no_yes_to_a_place(desk: Desk) -> None:
    person = desk.person(verified=True)
    person.intent("ask_callback")
    yes = person.button("Yes")
    person.tap("No call")
    at_the_yes(person)
    person.press(yes)
    assert person.booking is None


def test_no_longer_wanting_a_person(desk: Desk) -> None:
    person = desk.person()
    person.intent("request_human")
    assert answers(person.tap("I don't need a person now")) == ["utter_handoff_withdrawn"]
    assert person.owner is Owner.BOT


def test_the_place_is_told_while_somebody_is_on_shift(desk: Desk) -> None:
    worker = an_account(desk.ctx.database)
    shift.begin(desk.ctx, worker.id)
    try:
        person = desk.person()
        assert answers(person.intent("request_human")) == ["utter_handoff_place"]
        assert answers(person.intent("request_human")) == ["utter_handoff_still_place"]
    finally:
        shift.end(desk.ctx, worker.id)


def helped(person: Person) -> None:
    """A worker has taken, written, and handed back; the person is asked how it was."""
    ctx, worker = person.ctx, an_account(person.ctx.database)
    shift.begin(ctx, worker.id)
    try:
        handoff.take(ctx, person.id, worker.id)
        with ctx.database.writing() as session:
            request = open_request_of(session, person.id)
            assert request is not None
            request.first_reply_at = ctx.clock()
            session.add(request)
        handoff.hand_back(ctx, person.id, worker.id)
        with ctx.database.writing() as session:
            conversation = lock_one(session, Conversation, person.id)
            row = session.get_one(type(request), request.id)
            assert row.state is HandoffState.HANDED_BACK
            feedback.invite(session, ctx, conversation, row)
    finally:
        shift.end(ctx, worker.id)
    assert answers(person.look())[-1] == "notice_feedback"


def test_how_the_help_was(desk: Desk) -> None:
    person = desk.person(verified=True)
    at_the_yes(person)
    helped(person)
    assert answers(person.tap("So-so")) == ["utter_feedback_kept", "utter_ask_book"]
    assert answers(person.tap("Add a line")) == ["utter_step_feedback_words"]
    line = f"kind but slow {uuid.uuid4().hex[:4]}"
    assert answers(person.say(line)) == ["utter_feedback_words_kept"]
    (view,) = feedback.of_conversation(desk.ctx, person.id)
    assert (view.rating, view.words) == (Rating.MIXED, line)
    assert answers(person.tap("Carry on")) == ["utter_ask_book"]


def test_nobody_need_say_how_it_was(desk: Desk) -> None:
    person = desk.person(verified=True)
    person.intent("book_course")
    helped(person)
    assert answers(person.intent("ask_cost")) == [desk.sayable("utter_ask_cost", person), "utter_step_preference"]
    assert feedback.of_conversation(desk.ctx, person.id) == []
