"""Asking for a call: what counts as a number, a time and a yes; and that what was under way is kept."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from actions.journey import BESIDE_SLOTS
from programme import callback, feedback
from programme.context import Context
from storage.conversation import Conversation
from storage.database import Database
from storage.enums import HandoffState, Rating
from tests.actions.calls import VALUES, call
from tests.builders import NOW, a_handoff_request, a_person, a_referral, a_setting
from tests.conftest import Clock
from tests.programme.desk import a_context, opened, proved

FORM = "validate_journey_form"
MOBILE = "+447700900123"
SOON = {"words": None, "at": NOW.isoformat()}
WEEKDAYS = json.dumps({str(day): [["09:00", "16:00"]] for day in range(5)})


@pytest.fixture
def ctx(database: Database, clock: Clock) -> Context:
    a_setting(database, "opening_hours", WEEKDAYS)
    return a_context(database, clock)


def at_step(ctx: Context, chat: str, step: str, text: str, **given: Any) -> tuple[list[str], dict[str, Any]]:
    """What is said, and set, when `text` is said at a step of asking for a call."""
    answered: dict[str, Any] = {"callback_time": {"callback_number": MOBILE}}
    answered["callback_yes"] = {"callback_number": MOBILE, "callback_time": SOON}
    slots = {"goal": "callback", **answered.get(step, {}), **given.pop("slots", {})}
    return call(ctx, chat, FORM, text=text, step=step, slots=slots, **given)


def test_from_a_tap_to_a_call(ctx: Context, clock: Clock) -> None:
    chat = opened(ctx)
    said, slots = call(ctx, chat, "action_ask_callback", text="/ask_callback", intent="ask_callback")
    assert (said, slots["requested_slot"], slots["goal"]) == (
        ["utter_step_callback_number"],
        "callback_number",
        "callback",
    )
    said, slots = at_step(ctx, chat, "callback_number", "its 07700 900123 thanks")
    assert (said, slots["callback_number"]) == (["utter_step_callback_time"], MOBILE)
    said, slots = at_step(ctx, chat, "callback_time", "tomorrow after 2pm")
    due = datetime(2026, 12, 2, 14, tzinfo=UTC)
    assert said == ["utter_step_callback_yes"]
    assert slots["callback_time"] == {"words": "tomorrow after 2pm", "at": due.isoformat()}
    assert VALUES[-1] == {"number": "07700 900123", "due": "tomorrow from 2pm"}
    said, slots = at_step(
        ctx, chat, "callback_yes", "yes please", intent="affirm", slots={"callback_time": slots["callback_time"]}
    )
    assert (said, slots["requested_slot"], slots["goal"]) == (["utter_callback_done"], None, None)
    (row,) = callback.listing(ctx)
    assert (row.number, row.good_time, row.due_at) == (MOBILE, "tomorrow after 2pm", due)


def test_what_was_under_way_is_kept_and_goes_on(ctx: Context) -> None:
    chat = proved(ctx, a_referral(ctx.database))
    booking = {"goal": "book", "preference": {"anything": True}}
    said, slots = call(
        ctx, chat, "action_ask_callback", text="/ask_callback", intent="ask_callback", step="choice", slots=booking
    )
    assert (said, slots["goal"], slots["kept_goal"]) == ([], "callback", "book")  # the form asks by itself
    assert not {"preference", "choice"} & set(slots)
    said, slots = at_step(ctx, chat, "callback_yes", "ok", intent="affirm", slots={**booking, **slots,
        "callback_number": MOBILE, "callback_time": SOON})  # fmt: skip
    assert said == ["utter_callback_done"]
    assert slots["goal"] == "book" and slots["requested_slot"] is None
    assert all(slots[name] is None for name in BESIDE_SLOTS)


@pytest.mark.parametrize(("text", "said"), [
    ("07700 9001", "utter_number_short"), ("077009001234", "utter_number_long"),
    ("0909 879 0000", "utter_number_costly"), ("00000000000", "utter_number_unreadable"),
])  # fmt: skip
def test_a_number_that_cannot_be_rung_is_asked_again_with_the_reason(ctx: Context, text: str, said: str) -> None:
    answers, slots = at_step(ctx, opened(ctx), "callback_number", text)
    assert answers == [said] and slots.get("callback_number") is None


@pytest.mark.parametrize(("text", "intent"), [
    ("yes", "affirm"), ("yeah that one", "affirm"), ("the same number", "nlu_fallback"), ("/affirm", "affirm"),
])  # fmt: skip
def test_the_number_we_have_may_be_confirmed_by_its_last_two_digits(ctx: Context, text: str, intent: str) -> None:
    chat = proved(ctx, a_referral(ctx.database, person=a_person(ctx.database, phone="07700 900145")))
    said, _ = call(ctx, chat, "action_ask_callback", text="/ask_callback", intent="ask_callback")
    assert (said, VALUES[-1]) == (["utter_step_callback_known"], {"ending": "45"})
    said, slots = at_step(ctx, chat, "callback_number", text, intent=intent)
    assert (said, slots["callback_number"]) == (["utter_step_callback_time"], "known")
    known = {"callback_number": "known"}
    said, _ = at_step(ctx, chat, "callback_time", "any time", slots=known)
    assert "45" in VALUES[-1]["number"] and "900" not in VALUES[-1]["number"]
    at_step(ctx, chat, "callback_yes", "yes", intent="affirm", slots=known)
    assert [row.number for row in callback.listing(ctx)] == ["+447700900145"]


def test_to_a_stranger_nothing_is_said_of_the_number_we_have(ctx: Context) -> None:
    a_referral(ctx.database, person=a_person(ctx.database, phone="07700 900145"))
    chat = opened(ctx)
    assert call(ctx, chat, "action_ask_callback", text="/ask_callback")[0] == ["utter_step_callback_number"]
    said, slots = at_step(ctx, chat, "callback_number", "the same number", intent="nlu_fallback")
    assert (said, slots.get("callback_number")) == ([], None)


@pytest.mark.parametrize(("text", "intent", "at", "said"), [
    ("any time", "nlu_fallback", NOW, []), ("dont mind", "affirm", NOW, []),
    ("at 3", "nlu_fallback", datetime(2026, 12, 1, 15, tzinfo=UTC), []),
    ("monday", "ask_available_sessions", datetime(2026, 12, 7, 9, tzinfo=UTC), []),
    ("sunday", "nlu_fallback", datetime(2026, 12, 7, 9, tzinfo=UTC), ["utter_callback_not_then"]),
    ("after 6", "nlu_fallback", datetime(2026, 12, 1, 15, tzinfo=UTC), ["utter_callback_not_then"]),
])  # fmt: skip
def test_a_good_time_is_put_in_the_opening_hours(
    ctx: Context, text: str, intent: str, at: datetime, said: list[str]
) -> None:
    answers, slots = at_step(ctx, opened(ctx), "callback_time", text, intent=intent)
    assert (answers, slots["callback_time"]["at"]) == ([*said, "utter_step_callback_yes"], at.isoformat())


@pytest.mark.parametrize(("text", "intent"), [
    ("im in trouble now", "risk_of_suicide"), ("leave me alone now", "insult"),
    ("can i move it to tuesday?", "ask_online"),
    ("good morning", "greet"), ("what number will you ring me from today?", "ask_contact_details"),
])  # fmt: skip
def test_what_is_no_good_time_is_left_to_its_own_rule(ctx: Context, text: str, intent: str) -> None:
    said, slots = at_step(ctx, opened(ctx), "callback_time", text, intent=intent)
    assert (said, slots) == ([], {})


@pytest.mark.parametrize(("text", "slot", "value"), [
    ("no use 01632 960123", "callback_number", "+441632960123"), ("a different number", "callback_number", None),
    ("another time please", "callback_time", None),
    ("tomorrow is better", "callback_time", {"words": "tomorrow is better", "at": "2026-12-02T09:00:00+00:00"}),
])  # fmt: skip
def test_before_the_yes_it_can_be_corrected(ctx: Context, text: str, slot: str, value: object) -> None:
    said, slots = at_step(ctx, opened(ctx), "callback_yes", text)
    assert slots[slot] == value
    assert said == [f"utter_step_{slot}" if value is None else "utter_step_callback_yes"]
    assert callback.listing(ctx) == []


def test_a_wrong_number_is_a_number_here_and_no_wrong_person(ctx: Context) -> None:
    said, slots = at_step(ctx, opened(ctx), "callback_yes", "wrong number", intent="wrong_person")
    assert (said, slots["callback_number"]) == (["utter_step_callback_number"], None)
    for step, text in (
        ("callback_time", "wrong number"),
        ("callback_yes", "you have got the wrong number and i am not him"),
    ):
        assert at_step(ctx, opened(ctx), step, text, intent="wrong_person") == ([], {})


@pytest.mark.parametrize("carried", [{"offer": "abc"}, {"option": "cancel"}])
def test_the_yes_of_another_question_asks_for_no_call(ctx: Context, carried: dict[str, str]) -> None:
    said, _ = at_step(ctx, opened(ctx), "callback_yes", "/affirm", intent="affirm", entities=carried)
    assert said == [] and callback.listing(ctx) == []


def test_the_yes_to_a_call_books_and_cancels_nothing(ctx: Context) -> None:
    chat = proved(ctx, a_referral(ctx.database))
    late = {"text": "/affirm", "intent": "affirm", "entities": {"option": "callback"}}
    said, _ = call(ctx, chat, FORM, step="confirmation", slots={"goal": "book", "choice": "x"}, **late)
    assert not any(answer.startswith("notice_") for answer in said)
    assert call(ctx, chat, "action_affirm", **late)[0] == ["utter_step_callback_known"]
    callback.ask(ctx, chat, MOBILE, None, NOW + timedelta(hours=1))
    assert call(ctx, chat, "action_affirm", **late)[0] == ["utter_callback_there"]


def test_asked_for_already_is_told_with_no_more_than_two_digits(ctx: Context, clock: Clock) -> None:
    chat = opened(ctx)
    callback.ask(ctx, chat, MOBILE, None, NOW + timedelta(hours=1))
    assert call(ctx, chat, "action_ask_callback")[0] == ["utter_callback_there"]
    assert VALUES[-1] == {"ending": "23", "due": "today from 11am"}
    clock.forward(hours=2)
    assert call(ctx, chat, "action_ask_callback")[0] == ["utter_callback_there_late"]
    assert call(ctx, chat, "action_withdraw_callback")[0] == ["utter_callback_withdrawn"]
    assert call(ctx, chat, "action_withdraw_callback")[0] == ["utter_callback_none"]


def test_without_opening_hours_no_day_is_promised(database: Database, clock: Clock) -> None:
    ctx = a_context(database, clock)
    chat = opened(ctx)
    said, slots = at_step(ctx, chat, "callback_time", "tomorrow")
    assert said == ["utter_step_callback_yes_unknown"]
    said, _ = at_step(ctx, chat, "callback_yes", "yes", slots={"callback_time": slots["callback_time"]})
    assert said == ["utter_callback_done_unknown"]


def rated(ctx: Context, chat: str) -> str:
    with ctx.database.reading() as session:
        conversation = session.get_one(Conversation, chat)
    request = a_handoff_request(ctx.database, conversation, state=HandoffState.CLOSED, first_reply_at=NOW, ended_at=NOW)
    taps = {"rating": "mixed", "request": request.id}
    assert call(ctx, chat, "action_rate", text="/rate", intent="rate", entities=taps)[0] == ["utter_feedback_kept"]
    return request.id


def test_a_line_is_asked_for_once_and_kept(ctx: Context) -> None:
    chat = opened(ctx)
    request = rated(ctx, chat)
    write = {"text": "/rate", "intent": "rate", "entities": {"option": "write", "request": request}}
    said, slots = call(ctx, chat, "action_rate", **write)
    assert (said, slots["requested_slot"]) == (["utter_step_feedback_words"], "feedback_words")
    said, slots = call(ctx, chat, FORM, text="thanks she was kind", intent="thank", step="feedback_words", slots=slots)
    assert (said, slots["requested_slot"], slots["goal"]) == (["utter_feedback_words_kept"], None, None)
    (view,) = feedback.of_conversation(ctx, chat)
    assert (view.rating, view.words) == (Rating.MIXED, "thanks she was kind")


@pytest.mark.parametrize(("text", "intent"), [
    ("/ask_cost", "ask_cost"), ("how do i get to the place then?", "ask_location"),
    ("i want a person", "request_human"),
])  # fmt: skip
def test_something_else_is_no_line_and_nobody_is_asked_again(ctx: Context, text: str, intent: str) -> None:
    chat = opened(ctx)
    slots = {"goal": "feedback", "feedback_request": rated(ctx, chat), "feedback_asked": True, "kept_goal": "book"}
    said, _ = call(ctx, chat, FORM, text=text, intent=intent, step="feedback_words", slots=slots)
    assert said == []
    after = [{"event": "user", "text": text}, {"event": "action", "name": f"utter_{intent}"}]
    said, changed = call(ctx, chat, FORM, text=text, intent=intent, step="feedback_words", slots=slots, events=after)
    assert (said, changed["requested_slot"], changed["goal"]) == ([], None, "book")
    assert feedback.of_conversation(ctx, chat)[0].words is None


def test_a_rating_without_a_request_is_nothing(ctx: Context) -> None:
    assert call(ctx, opened(ctx), "action_rate", text="/rate", intent="rate")[0] == ["utter_feedback_nothing"]
