"""What a referral's own state and dates mean in a chat: over, unknown, written in another form."""

import pytest

from programme.context import Context
from tests.actions.calls import VALUES, call
from tests.builders import a_booking, a_referral, a_setting
from tests.programme.desk import open_cases, opened, proved


def test_a_deadline_that_nobody_knows_is_said_and_given_to_a_worker(ctx: Context) -> None:
    chat = proved(ctx, a_referral(ctx.database, book_by=None))
    assert call(ctx, chat, "action_deadline", intent="ask_deadline")[0] == ["utter_deadline_unknown"]
    assert [case.reason.value for case in open_cases(ctx)] == ["deadline_unknown"]


FORM = "validate_journey_form"


@pytest.mark.parametrize("state", ["withdrawn", "completed", "returned", "closed"])
def test_who_proves_a_referral_that_is_over_is_told_that_a_worker_must_check(ctx: Context, state: str) -> None:
    a_referral(ctx.database, reference="TVP4F7K92", state=state)
    chat, words = opened(ctx), "TVP-4F7K-92, 14/3/1990"
    said, slots = call(ctx, chat, FORM, text=words, step="reference", slots={"goal": "book"})
    assert said == ["utter_verified", "utter_not_open"]
    assert slots["goal"] is None
    assert [case.reason.value for case in open_cases(ctx)] == ["not_open"]


def test_references_of_another_form_are_read_in_a_chat(ctx: Context) -> None:
    a_setting(ctx.database, "reference_pattern", "HC 3 3")
    a_referral(ctx.database, reference="HC1A2B3C")
    words = "hc 1a2 b3c, 14/3/1990"
    said, _ = call(ctx, opened(ctx), FORM, text=words, step="reference", slots={"goal": "book"})
    assert said == ["utter_verified", "utter_step_preference"]
    _, slots = call(ctx, opened(ctx), FORM, text="hc-1a2-b3c", step="lost_name", slots={"goal": "lost"})
    assert slots["reference"] == "HC1A2B3C"
    _, slots = call(ctx, opened(ctx), FORM, text="no, hc 1a2 b3c", step="date_of_birth", slots={"goal": "book"})
    assert slots["reference"] == "HC1A2B3C"


def test_who_has_a_place_hears_it_beside_their_last_day(ctx: Context) -> None:
    referral = a_referral(ctx.database)
    chat = proved(ctx, referral)
    a_booking(ctx.database, referral)
    assert call(ctx, chat, "action_deadline", intent="ask_deadline")[0] == ["utter_deadline"]
    assert {"starts_at", "place", "book_by", "finish_by"} <= set(VALUES[0])
