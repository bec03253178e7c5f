"""Whole walks over the real servers: what somebody in a hurry goes through, from the first word to the proof."""

import json
from datetime import timedelta

import pytest

from actions.speech import FALLBACK
from programme import verification
from programme.rules import deadline, london
from storage.enums import CaseReason
from tests import builders
from tests.dialogue.desk import Desk, Person, answers
from tests.dialogue.steps import at_the_offers, at_the_yes, walk

NONSENSE = (
    "zxcvbn", "qwpoeiru", "sort it", "and the rest of it", "hgjfkd", "abc xyz", "xkq zzt", "bnmvc", "dfgdfg hjkl",
    "wqe rty", "jklm", "qaz wsx edc", "lkjhg poiuy", "vbnm rtyu", "the rest of that", "sort that for me", "mnbv lkj",
    "zaq wsx", "all of the rest", "it is the rest", "poiu ytre", "cvb nm",
)  # fmt: skip


def test_books_checks_moves_and_cancels_with_typos_and_questions_in_the_middle(desk: Desk) -> None:
    person = desk.person()
    walk(
        person,
        ("i wnat to book a place", ["utter_step_reference"]),
        ("how long does it take?", ["utter_ask_duration", "utter_step_reference"]),
        (f"its {person.referral.reference.lower()}", ["utter_step_date_of_birth"]),
        ("why do you need that?? who sees what i write here", ["utter_ask_privacy", "utter_step_date_of_birth"]),
        ("14/3/90", ["utter_verified", "utter_step_preference"]),
        ("evenings in readng", ["utter_offers"]),
        ("what do i need to bring with me?", ["utter_ask_what_to_bring", "utter_offers"]),
        ("the second one", ["utter_ask_book"]),
        ("yeah go on", ["notice_booked"]),
    )
    booked = person.booking
    assert booked is not None
    walk(
        person,
        ("when is my course", ["utter_booking"]),
        ("can i change the date", ["utter_step_preference"]),
        ("oxford", ["utter_offers"]),
        ("first", ["utter_ask_move"]),
        ("yes please", ["notice_moved"]),
    )
    moved = person.booking
    assert moved is not None
    assert moved.course_id != booked.course_id
    walk(person, ("cancel my place", ["utter_ask_cancel"]), ("no", ["utter_kept"]))
    assert person.booking == moved
    walk(person, ("cancel my place", ["utter_ask_cancel"]), ("yes cancel it", ["notice_cancelled"]))
    assert person.booking is None


def test_six_taps_from_identity_to_the_proof(desk: Desk) -> None:
    person = desk.person(verified=True)
    person.intent("book_course")
    taps = ["Any time", "", "Yes"]
    for title in taps:
        said = person.tap(title) if title else person.press(person.heard[-1].buttons[0][1])
    assert answers(said) == ["notice_booked"]
    assert len(taps) <= 6


def test_a_reference_and_a_date_in_one_message(desk: Desk) -> None:
    person = desk.person()
    person.intent("book_course")
    walk(person, (f"{person.referral.reference} 14th march 1990", ["utter_verified", "utter_step_preference"]))


def test_a_personal_link_asks_only_for_the_date_of_birth(desk: Desk) -> None:
    referral = desk.referral()
    with desk.ctx.database.writing() as session:
        link = verification.make_link(session, desk.ctx, referral.id)
    person = Person(desk, referral, link)
    assert answers(person.say("book me a place please")) == ["utter_step_date_of_birth"]
    walk(person, ("14 march 1990", ["utter_verified", "utter_step_preference"]))


def test_who_cannot_prove_it_is_slowed_and_offered_a_worker_and_the_owner_is_not_locked_out(desk: Desk) -> None:
    owner, stranger = desk.person(), None
    stranger = Person(desk, owner.referral)
    stranger.intent("book_course")
    seen = []
    for _ in range(5):
        stranger.say(owner.referral.reference)
        seen.append(answers(stranger.say("1 april 1980"))[0])
    assert seen == [
        "utter_no_match",
        "utter_no_match",
        "utter_no_match_worker",
        "utter_no_match_worker",
        "utter_slowed",
    ]
    walk(stranger, ("yes please", ["utter_handoff_open"]))
    assert len(stranger.requests()) == 1
    assert answers(stranger.intent("carry_on")) == ["utter_step_reference"]
    owner.intent("book_course")
    owner.say(owner.referral.reference)
    walk(owner, ("14 march 1990", ["utter_verified", "utter_step_preference"]))


def test_unknown_and_wrong_are_told_the_same(desk: Desk) -> None:
    told = []
    for reference, born in ((None, "1 april 1980"), ("TVP9Z9Z99", "14 march 1990")):
        person = desk.person()
        person.intent("book_course")
        person.say(reference or person.referral.reference)
        told.append([(one.answer, one.text, one.titles) for one in person.say(born)])
    assert told[0] == told[1]
    assert told[0][0][0] == "utter_no_match"


@pytest.mark.parametrize("name", ["alex green", "My name is Terry Oakes"])
def test_a_lost_reference_gets_the_same_reply_whether_or_not_something_matches(desk: Desk, name: str) -> None:
    person = desk.person()  # called Alex Green
    walk(
        person,
        ("ive lost my letter", ["utter_step_lost_name"]),
        (name, ["utter_step_lost_birth"]),
        ("14/3/1990", ["utter_step_lost_phone"]),
        ("it's 07700 900123", ["utter_lost_reference_done"]),
    )
    (case,) = person.open_cases()
    detail = json.loads(case.detail or "{}")
    assert case.reason is CaseReason.NO_REFERENCE
    assert (person.referral.id in detail["matches"]) is (name == "alex green")
    slots = desk.slots(person.id)
    assert not any(slots.get(name) for name in ("lost_name", "lost_birth", "lost_phone"))


def test_a_reference_found_after_all(desk: Desk) -> None:
    person = desk.person()
    walk(
        person,
        ("ive lost my letter", ["utter_step_lost_name"]),
        (person.referral.reference, ["utter_step_date_of_birth"]),
        ("14/3/1990", ["utter_verified", "utter_step_preference"]),
    )


def test_nothing_personal_stays_in_the_slots(desk: Desk) -> None:
    person = desk.person()
    person.intent("book_course")
    person.say(person.referral.reference)
    assert desk.slots(person.id)["reference"]
    person.say("14 march 1990")
    slots = desk.slots(person.id)
    assert (slots["reference"], slots.get("date_of_birth")) == (None, None)
    assert slots["goal"] == "book"


def test_nothing_free_is_a_dated_receipt_and_a_case_in_time(desk: Desk) -> None:
    today = london.today(desk.ctx.clock())
    person = desk.person(desk.referral(book_by=today, finish_by=today), verified=True)
    person.intent("book_course")
    said = person.tap("Any time")
    assert answers(said) == ["utter_none_free"]
    assert str(today.year) not in said[0].text
    assert f"{today:%A} {today.day} {today:%B}" in said[0].text
    (case,) = person.cases(CaseReason.NO_SESSION)
    assert case.due_at <= deadline.case_due(deadline.Deadlines(today, today), desk.ctx.clock())


@pytest.mark.parametrize(
    ("days", "answer", "reason"),
    [
        (None, "utter_deadline_unknown", CaseReason.DEADLINE_UNKNOWN),
        (-1, "utter_deadline_past", CaseReason.DEADLINE_PAST),
    ],
)
def test_without_a_deadline_ahead_a_worker_must_check(
    desk: Desk, days: int | None, answer: str, reason: CaseReason
) -> None:
    today = london.today(desk.ctx.clock())
    book_by = None if days is None else today + timedelta(days=days)
    person = desk.person(desk.referral(book_by=book_by), verified=True)
    person.intent("book_course")
    assert answers(person.tap("Any time")) == [answer]
    assert len(person.cases(reason)) == 1
    walk(person, ("can i talk to a person please", ["utter_handoff_open"]))


def test_a_course_with_several_sessions_tells_all_dates(desk: Desk) -> None:
    today = london.today(desk.ctx.clock())
    venue = builders.a_venue(desk.ctx.database, place="Banbury", name="Several Hall")
    starts = desk.days_ahead(5)
    builders.a_course(desk.ctx.database, venue=venue, sessions=3, starts_at=starts)
    too_long = desk.referral(finish_by=today + timedelta(days=12))  # the third is after that
    person = desk.person(desk.referral(), verified=True)
    person.intent("book_course")
    said = person.tap("Banbury")
    said = person.press(said[-1].buttons[0][1])
    assert answers(said) == ["utter_ask_book_several"]
    days = [london.local(starts + timedelta(weeks=number)) for number in range(3)]
    for text in (said[0].text, person.tap("Yes")[0].text):
        assert all(f"{day.day} {day:%B}" in text for day in days)
    other = desk.person(too_long, verified=True)
    other.intent("book_course")
    assert answers(other.tap("Banbury")) == ["utter_none_fits", "utter_step_preference"]


def test_thirty_questions_in_the_middle_keep_the_step(desk: Desk) -> None:
    """The dialogue's session is renewed twice on the way."""
    person = desk.person(verified=True)
    at_the_yes(person)
    asked = person.heard[-1].text
    for number in range(30):
        said = person.intent(("ask_cost", "ask_location", "thank")[number % 3])
        assert said[-1].text == asked
    assert answers(person.tap("Yes")) == ["notice_booked"]


def not_understood(desk: Desk, count: int) -> list[str]:
    """Texts that the model makes nothing of."""
    scratch, found = desk.person(), []
    for text in NONSENSE:
        scratch.say(text)
        if scratch.understood[0] == FALLBACK:
            found.append(text)
    assert len(found) >= count, found
    return found[:count]


def test_misses_in_a_row_get_an_example_then_guesses_then_a_person(desk: Desk) -> None:
    person = desk.person()
    person.intent("book_course")
    words = not_understood(desk, 3)
    seen = [answers(person.say(text))[0] for text in words]
    assert seen == ["utter_example_reference", "utter_did_you_mean", "utter_fallback_person"]
    outside = desk.person()
    seen = [answers(outside.say(text))[0] for text in words]
    assert seen[2] == "utter_fallback_person"
    walk(outside, ("yes please", ["utter_handoff_open"]))


def test_danger_in_words_from_the_middle_and_back(desk: Desk) -> None:
    person = desk.person(verified=True)
    at_the_yes(person)
    asked = person.heard[-1]
    said = person.say("i want to kill myself")
    assert answers(said) == ["utter_danger_risk_of_suicide"]
    back = person.tap("I'm safe, carry on")
    assert (answers(back), back[-1].text) == (["utter_im_safe", "utter_ask_book"], asked.text)
    assert [case.reason for case in person.open_cases()] == [CaseReason.RISK_OF_SUICIDE]
    walk(person, ("yes", ["notice_booked"]))


@pytest.mark.parametrize("way_out", ["request_human", "stop_messages", "goodbye", "mental_health_crisis"])
def test_an_answer_after_coming_back_counts(desk: Desk, way_out: str) -> None:
    person = desk.person(verified=True)
    at_the_offers(person)
    person.intent(way_out)
    assert answers(person.intent("carry_on")) == ["utter_offers"]
    walk(person, ("the second one", ["utter_ask_book"]), ("yes", ["notice_booked"]))


def test_while_a_person_is_waited_for_the_assistant_goes_on_helping(desk: Desk) -> None:
    person = desk.person()
    walk(person, ("can i speak to a human", ["utter_handoff_open"]))
    person.intent("book_course")
    walk(
        person,
        (person.referral.reference, ["utter_step_date_of_birth"]),
        ("14 march 1990", ["utter_verified", "utter_step_preference"]),
    )
    assert len(person.requests()) == 1
    assert answers(person.intent("withdraw_human")) == ["utter_handoff_withdrawn", "utter_step_preference"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("no the second one", ["utter_ask_book"]),
        ("another day please", ["utter_offers"]),
        ("can i do oxford instead", ["utter_offers"]),
        ("book it please", ["notice_booked"]),
        ("nah", ["utter_offers"]),
        ("hmm not sure", ["utter_explain_confirmation", "utter_ask_book"]),
    ],
)
def test_what_is_said_to_shall_i_book_it(desk: Desk, text: str, wanted: list[str]) -> None:
    person = desk.person(verified=True)
    at_the_yes(person)
    walk(person, (text, wanted))
    assert (person.booking is not None) == (wanted == ["notice_booked"])
