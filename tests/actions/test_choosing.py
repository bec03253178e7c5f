"""Choosing by what is typed: days, hours and places in people's own words; and never what only a button may carry."""

from datetime import timedelta
from typing import Any

import pytest

from programme import offers
from programme.context import Context
from tests.actions.calls import call
from tests.builders import NOW, a_course, a_referral, a_venue
from tests.programme.desk import opened, proved

FORM = "validate_journey_form"
BOOK = {"goal": "book"}
# NOW is Tuesday 1 December 2026, 10:00.
EVENING_8, MORNING_10, NEXT_MONTH = timedelta(days=7, hours=8), timedelta(days=9), timedelta(days=38, hours=4.5)


@pytest.fixture
def chat(ctx: Context) -> str:
    """A person who has proved who they are, and three courses: 8 December 18:00 and 10 December 10:00 in Reading,
    8 January 14:30 in Slough."""
    reading = a_venue(ctx.database)
    slough = a_venue(ctx.database, name="Slough Hub", place="Slough", address="2 High Street, Slough")
    a_course(ctx.database, venue=reading, starts_at=NOW + EVENING_8)
    a_course(ctx.database, venue=reading, starts_at=NOW + MORNING_10)
    a_course(ctx.database, venue=slough, starts_at=NOW + NEXT_MONTH)
    return proved(ctx, a_referral(ctx.database))


def table(ctx: Context, chat: str) -> list[str]:
    return [f"{offer.starts[0]:%d %H:%M}" for offer in offers.latest(ctx, chat)]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("next tues evening", ["08 18:00"]), ("a week today", ["08 18:00"]), ("the 10th", ["10 10:00"]),
        ("10/12", ["10 10:00"]), ("thurs week or the thursday before... first thing", ["10 10:00"]),
        ("sometime next week", ["08 18:00", "10 10:00"]), ("after work", ["08 18:00"]),
        ("not before xmas", ["08 14:30"]), ("jan in slough", ["08 14:30"]), ("half 2", ["08 14:30"]),
        ("cant do the 8th", ["10 10:00", "08 14:30"]), ("im on roofs till 5", ["08 18:00"]),
        ("before lunch pls", ["10 10:00"]), ("any time this month but not tuesdays", ["10 10:00"]),
    ],
)  # fmt: skip
def test_a_wish_in_peoples_own_words_is_met(ctx: Context, chat: str, text: str, shown: list[str]) -> None:
    said, slots = call(ctx, chat, FORM, text=text, intent="choose_session", step="preference", slots=BOOK)
    assert said == ["utter_offers_one" if len(shown) == 1 else "utter_offers"]
    assert table(ctx, chat) == shown
    assert slots["requested_slot"] == "choice"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("tomorrow", ["08 18:00", "10 10:00", "08 14:30"]),  # nothing then: what comes nearest, from then on
        ("the 20th", ["08 14:30"]), ("before the 5th", ["08 18:00", "10 10:00", "08 14:30"]),
        ("in slough this week", ["08 14:30"]),
    ],
)  # fmt: skip
def test_where_nothing_is_free_then_the_nearest_is_shown_and_said_to_be(
    ctx: Context, chat: str, text: str, shown: list[str]
) -> None:
    said, slots = call(ctx, chat, FORM, text=text, intent="choose_session", step="preference", slots=BOOK)
    assert said == ["utter_offers_near"]
    assert table(ctx, chat) == shown
    assert slots["preference"]["dates"] == []


def test_a_weekday_that_no_course_is_on_is_still_said_not_to_fit(ctx: Context, chat: str) -> None:
    said, slots = call(ctx, chat, FORM, text="sundays", intent="choose_session", step="preference", slots=BOOK)
    assert said == ["utter_none_fits", "utter_step_preference"]
    assert slots["preference"] is None


def on_the_table(ctx: Context, chat: str) -> dict[str, Any]:
    return call(ctx, chat, FORM, text="any", intent="choose_session", step="preference", slots=BOOK)[1] | BOOK


@pytest.mark.parametrize(
    ("text", "picked"),
    [
        ("the 10th", 1), ("thurs", 1), ("next tuesday", 0), ("this thursday", 1), ("half 2 one", 2), ("the 6pm", 0),
        ("slough one", 2), ("second one", 1), ("not reading", 2), ("8 jan", 2), ("8/1", 2), ("option c", 2),
        ("the 8th of december", 0), ("the morning one cos i start work at 2", 1), ("last one on ur list", 2),
    ],
)  # fmt: skip
def test_one_of_the_list_is_picked_in_peoples_own_words(ctx: Context, chat: str, text: str, picked: int) -> None:
    slots = on_the_table(ctx, chat)
    _, put = call(ctx, chat, FORM, text=text, intent="choose_session", step="choice", slots=slots)
    assert put["choice"] == offers.latest(ctx, chat)[picked].token
    assert put["requested_slot"] == "confirmation"


def test_the_8th_of_two_months_is_asked_about(ctx: Context, chat: str) -> None:
    slots = on_the_table(ctx, chat)
    said, put = call(ctx, chat, FORM, text="the 8th", intent="choose_session", step="choice", slots=slots)
    assert said == ["utter_which_one"]
    assert put.get("choice") is None


WAYS_TO_SAY_A_TOKEN = (
    "{token}", "offer {token}", "choose_session {token}", 'choose_session{{"offer": "{token}"}}', "[x](offer:{token})",
    '{{"entity": "offer", "value": "{token}"}}', "option cancel {token}", "affirm{{\"offer\": \"{token}\"}}",
)  # fmt: skip


@pytest.mark.parametrize("way", WAYS_TO_SAY_A_TOKEN)
@pytest.mark.parametrize("step", ["preference", "choice", "confirmation"])
@pytest.mark.parametrize("found", [{}, {"offer": "{token}"}, {"offer": "{token}", "option": "cancel"}])
def test_words_that_hold_an_offers_token_open_nothing(
    ctx: Context, chat: str, way: str, step: str, found: dict[str, str]
) -> None:
    """Even where a rule for entities were to find one in them: it counts only in what a button of ours carries."""
    slots = on_the_table(ctx, chat)
    first, last = offers.latest(ctx, chat)[0].token, offers.latest(ctx, chat)[2].token
    slots |= {"preference": None} if step == "preference" else {}
    slots |= {"choice": first} if step == "confirmation" else {}
    entities = {name: value.format(token=last) for name, value in found.items()}
    said, put = call(
        ctx, chat, FORM, text=way.format(token=last), intent="out_of_scope", step=step, slots=slots, entities=entities
    )
    assert put.get("choice") in (None, first)
    assert not any(answer.startswith(("utter_ask_book", "utter_booked")) for answer in said if step != "confirmation")
    with ctx.database.reading() as session:
        from storage.booking import active_booking
        from storage.conversation import Conversation

        assert active_booking(session, session.get_one(Conversation, chat).referral_id or "") is None


def test_a_tap_on_the_same_offer_is_taken(ctx: Context, chat: str) -> None:
    slots = on_the_table(ctx, chat)
    token = offers.latest(ctx, chat)[2].token
    _, put = call(
        ctx, chat, FORM, text=f'/choose_session{{"offer": "{token}"}}', intent="choose_session", step="choice",
        slots=slots, entities={"offer": token},
    )  # fmt: skip
    assert put["choice"] == token


@pytest.mark.parametrize(
    ("reference", "born"),
    [
        ("T V P dash four F seven K dash nine two", "fourteenth of march nineteen ninety"),
        ("tpv 4f7k-92 sorry", "14/3/90"), ("tvp then 4f7k then 92", "14 marca 1990"),
        ("TVP/4F7K/92", "the 14th of the 3rd 1990"), ("4f7k-92", "march 14 90"),
    ],
)  # fmt: skip
def test_who_they_are_is_read_however_it_is_put(ctx: Context, reference: str, born: str) -> None:
    a_referral(ctx.database, reference="TVP4F7K92")
    chat = opened(ctx)
    said, slots = call(ctx, chat, FORM, text=reference, intent="give_details", step="reference", slots=BOOK)
    assert (said, slots["reference"]) == (["utter_step_date_of_birth"], "TVP4F7K92")
    said, _ = call(ctx, chat, FORM, text=born, intent="give_details", step="date_of_birth", slots=BOOK | slots)
    assert said == ["utter_verified", "utter_step_preference"]


def test_a_tap_is_never_read_as_a_reference_or_a_date(ctx: Context) -> None:
    a_referral(ctx.database, reference="TVP4F7K92")
    payload = '/choose_session{"offer": "TVP-4F7K-92 14/3/1990"}'
    for step in ("reference", "date_of_birth"):
        _, slots = call(
            ctx, opened(ctx), FORM, text=payload, intent="choose_session", step=step, slots=BOOK,
            entities={"offer": "TVP-4F7K-92 14/3/1990"},
        )  # fmt: skip
        assert slots.get("reference") is None
