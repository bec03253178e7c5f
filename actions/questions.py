"""The questions of a message that says several things: answered beside what was done about the rest of it."""

from actions.journey import Journey
from actions.speech import Tap

MOST = 2  # more than two answers at once are not read
# Their rules do more than say a fixed answer, so they are offered as a tap.
ACTING = frozenset({"ask_deadline", "ask_my_case", "ask_for_someone_else", "ask_young_people", "ask_eligibility"})


def answer_questions(journey: Journey, besides: str = "") -> None:
    """Answers what the message asks, but for `besides`, which has been answered."""
    for name in [name for name in journey.heard.questions if name != besides][:MOST]:
        if name not in ACTING and f"utter_{name}" in journey.ctx.answers:
            journey.say(f"utter_{name}")
        elif f"label_intent_{name}" in journey.ctx.answers.labels:
            journey.say("utter_also_asked", {}, Tap(name, f"label_intent_{name}"))
