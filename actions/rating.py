"""A line for the team, after a tap that says how the help was: taken as it is written, asked for once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actions.calling import carry_on
from programme import feedback
from programme.rules.step import yes_no

if TYPE_CHECKING:
    from actions.journey import Journey

GOAL = "feedback"


def ask(journey: Journey) -> None:
    """Asks for the line, the first time; after that nobody is asked again, and what was under way goes on."""
    if journey.slots["feedback_asked"]:
        journey.resume()
        return
    journey.put(feedback_asked=True)
    journey.say("utter_step_feedback_words")


def take(journey: Journey) -> bool:
    """What was written is the line, unless it is a tap, or asks something."""
    if journey.heard.tapped or ("?" in journey.heard.text and journey.is_question()):
        return False
    request = str(journey.slots["feedback_request"])
    refused = yes_no(journey.heard.text) is False
    kept = not refused and feedback.add_words(journey.ctx, journey.conversation_id, request, journey.heard.text)
    journey.resume()
    journey.say("utter_feedback_words_kept" if kept else "utter_feedback_no_words", {}, *carry_on(journey))
    return True
