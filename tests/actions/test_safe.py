"""After a crisis card: who is safe is heard first, and then goes on where they were."""

from programme.context import Context
from tests.actions.calls import call
from tests.builders import a_referral
from tests.programme.desk import opened, proved


def test_in_the_middle_of_a_booking_the_same_step_is_asked(ctx: Context) -> None:
    chat = proved(ctx, a_referral(ctx.database))
    said, slots = call(
        ctx, chat, "action_im_safe", text="/im_safe", intent="im_safe", slots={"goal": "book"}
    )  # fmt: skip
    assert said == ["utter_im_safe", "utter_step_preference"]
    assert slots["requested_slot"] == "preference"


def test_outside_a_booking_they_are_heard_too(ctx: Context) -> None:
    said, _ = call(ctx, opened(ctx), "action_im_safe", text="/im_safe", intent="im_safe")
    assert said == ["utter_im_safe", "utter_start_over"]
