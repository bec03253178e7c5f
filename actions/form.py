"""The form's own action, and what every action that walks the journey has in common."""

import asyncio
from abc import ABC, abstractmethod
from typing import Any, ClassVar

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions import rating
from actions.journey import Journey
from actions.questions import answer_questions
from actions.speech import heard
from programme.context import Context

FORM = "journey_form"
REQUESTED = "requested_slot"
OWN_STEPS = frozenset({FORM, f"validate_{FORM}", "action_listen", "action_extract_slots", "action_session_start"})


def is_active(tracker: Tracker) -> bool:
    """Whether the form is under way."""
    return (tracker.active_loop or {}).get("name") == FORM


def was_interrupted(tracker: Tracker) -> bool:
    """Whether something else has answered this message already, so that the form only asks again."""
    for event in reversed(tracker.events):
        if event.get("event") == "user":
            return False
        if event.get("event") == "action" and event.get("name") not in OWN_STEPS:
            return True
    return False


def slots_of(journey: Journey) -> list[EventType]:
    """The slots that were changed, as events."""
    return [SlotSet(name, value) for name, value in journey.changed.items()]


class JourneyAction(Action, ABC):
    """An action of the journey. Its work is synchronous and runs in a thread, so that the server's loop goes on."""

    title: ClassVar[str]

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    def name(self) -> str:
        return self.title

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[dict[str, Any]]:
        return await asyncio.to_thread(self._run, dispatcher, tracker)

    def _run(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        journey = Journey(self._ctx, tracker.sender_id, tracker.slots, heard(tracker), dispatcher)
        return self.act(journey, tracker)

    @abstractmethod
    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        """What it does; the events for Rasa."""

    def enter(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        """Goes on with the journey: inside the form by letting it ask again, outside by asking and beginning it."""
        answer_questions(journey, besides=journey.heard.intent)
        if is_active(tracker) and not journey.over:
            return slots_of(journey)  # the form asks by itself when this action is done
        step = journey.ask()
        if step is None:
            return self.leave(journey)
        return [*slots_of(journey), ActiveLoop(FORM), SlotSet(REQUESTED, step), FollowupAction("action_listen")]

    def leave(self, journey: Journey) -> list[EventType]:
        """Out of the form, with whatever slots stand. A line of feedback is not asked for again."""
        if journey.slots["goal"] == rating.GOAL:
            journey.resume()
        return [*slots_of(journey), ActiveLoop(None), SlotSet(REQUESTED, None)]


class ValidateJourneyForm(JourneyAction):
    """Takes the answer to the open step, if it is one, and asks for the next."""

    title = f"validate_{FORM}"

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        step = tracker.slots.get(REQUESTED)
        if is_active(tracker) and step and not was_interrupted(tracker):
            if not journey.take(step):
                return []  # not an answer: the message's own rule speaks, then the form asks again
            journey.put(**{name: value for name, value in journey.slots.items() if name == "goal"})
            answer_questions(journey)
        asked = journey.ask()
        return [*slots_of(journey), SlotSet("goal", journey.slots["goal"]), SlotSet(REQUESTED, asked)]
