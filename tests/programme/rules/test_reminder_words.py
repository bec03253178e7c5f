"""Reminders again, or no more of them: the two are written in much the same words."""

import pytest

from programme.rules.reminder_words import asks_again


@pytest.mark.parametrize(
    "text",
    [
        "start reminders again",
        "Send reminders again",
        "can i have the reminders back please",
        "turn the reminders back on",
        "i want reminders",
        "Reminders on",
    ],
)
def test_who_wants_them_again_is_heard(text: str) -> None:
    assert asks_again(text)


@pytest.mark.parametrize(
    "text",
    [
        "stop",
        "stop reminders",
        "stop sending me reminders",
        "no more messages",
        "dont send reminders",
        "I don’t want your reminders again",
        "turn reminders off",
        "leave me alone with your reminders",
        "you send too many reminders",
        "can i have fewer messages",
        "reminders",
    ],
)
def test_who_wants_no_more_is_not_taken_for_them(text: str) -> None:
    assert not asks_again(text)
