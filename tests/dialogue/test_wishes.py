"""Days, hours and details in people's own words, over the real servers: read at each step, and never as a tap."""

import json

from programme import offers
from programme.dates import ending
from programme.rules import london
from storage.message import MessageIn
from tests.dialogue.desk import Desk, answers
from tests.dialogue.steps import at_the_offers, walk


def test_somebody_in_a_hurry_books_without_a_single_tap(desk: Desk) -> None:
    person = desk.person()
    shown = person.referral.reference.removeprefix("TVP")
    person.intent("book_course")
    walk(
        person,
        (f"t v p dash {' '.join(shown)}", ["utter_step_date_of_birth"]),
        ("fourteenth of march nineteen ninety", ["utter_verified", "utter_step_preference"]),
        ("evenings after half 5 in redding", ["utter_offers"]),
    )
    first = offers.latest(desk.ctx, person.id)[0]
    starts = london.local(first.starts[0])
    walk(person, (f"the {starts.day}/{starts.month} one pls", ["utter_ask_book"]), ("yep", ["notice_booked"]))
    assert person.booking is not None
    assert person.booking.course_id == first.course_id


def test_a_date_is_offered_as_it_was_asked_for(desk: Desk) -> None:
    person = desk.person(verified=True)
    at_the_offers(person, "Any time")
    last = london.local(offers.latest(desk.ctx, person.id)[-1].starts[0])
    walk(person, ("none of them", ["utter_none_of_these", "utter_step_preference"]))
    said = person.say(f"what about the {last.day}{ending(last.day)} of {last:%B}")
    assert answers(said)[-1] in ("utter_offers", "utter_offers_one")
    assert {london.today(offer.starts[0]) for offer in offers.latest(desk.ctx, person.id)} == {last.date()}


def test_an_offers_token_in_words_opens_nothing(desk: Desk) -> None:
    person = desk.person(verified=True)
    at_the_offers(person)
    token = offers.latest(desk.ctx, person.id)[0].token
    for text in (token, f"offer {token}", f'/choose_session{{"offer": "{token}"}}', f"affirm offer={token}"):
        said = answers(person.say(text))
        assert not {"utter_ask_book", "notice_booked"} & set(said), text
        assert person.booking is None
    slots = desk.slots(person.id)
    assert slots.get("choice") is None


def test_entities_of_words_are_seen_by_the_dialogue_and_change_no_rule(desk: Desk) -> None:
    person = desk.person(verified=True)
    walk(person, ("can i do it online from slough", ["utter_ask_online"]))
    assert person.understood[0] == "ask_online"
    with desk.ctx.database.reading() as session:
        kept = json.loads(session.get_one(MessageIn, person.turn).understood or "{}")
    assert "slough" not in json.dumps(kept).casefold()  # what was found stays in the sealed conversation
