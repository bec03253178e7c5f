"""What counts as a name where one is asked for."""

import pytest

from programme.context import Context
from tests.actions.calls import call
from tests.programme.desk import opened


def said_at_the_name(ctx: Context, text: str, intent: str, confidence: float = 0.9) -> tuple[list[str], object]:
    said, slots = call(
        ctx,
        opened(ctx),
        "validate_journey_form",
        text=text,
        intent=intent,
        confidence=confidence,
        slots={"goal": "lost"},
        step="lost_name",
    )
    return said, slots.get("lost_name")


@pytest.mark.parametrize(("text", "intent", "name"), [
    ("Sam Jones", "nlu_fallback", "Sam Jones"), ("sam jones", "nlu_fallback", "sam jones"),
    ("my name is Sam O'Neill-Jones", "give_details", "Sam O'Neill-Jones"), ("it's sam", "give_details", "sam"),
    ("Zoë Żółć", "nlu_fallback", "Zoë Żółć"), ("Will Grant", "greet", "Will Grant"),
    ("April May", "ask_available_sessions", "April May"), ("Dr. J. P. Smith", "nlu_fallback", "Dr. J. P. Smith"),
])  # fmt: skip
def test_a_name(ctx: Context, text: str, intent: str, name: str) -> None:
    said, kept = said_at_the_name(ctx, text, intent)
    assert (kept, said) == (name, ["utter_step_lost_birth"])


@pytest.mark.parametrize(("text", "intent"), [
    ("thanks", "thank"), ("how much does it cost", "ask_cost"), ("what", "ask_repeat"), ("third", "choose_session"),
    ("what happens if i dont go to it", "ask_non_attendance"), ("im dead tired off to bed bye", "goodbye"),
    ("why on earth would you ever want to know that", "nlu_fallback"),
    ("i am going to hurt somebody", "risk_to_others"), ("Kill Me", "risk_of_suicide"),
])  # fmt: skip
def test_not_a_name_and_left_to_its_own_rule(ctx: Context, text: str, intent: str) -> None:
    assert said_at_the_name(ctx, text, intent) == ([], None)


@pytest.mark.parametrize(("text", "intent", "said"), [
    ("07700 900123", "give_details", ["utter_name_unreadable"]),
    ("no", "deny", ["utter_explain_lost_name", "utter_step_lost_name"]),
])  # fmt: skip
def test_no_answer_is_asked_again(ctx: Context, text: str, intent: str, said: list[str]) -> None:
    assert said_at_the_name(ctx, text, intent) == (said, None)
