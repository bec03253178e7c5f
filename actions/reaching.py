"""Beside the journey: a call from the team, and how the help of a worker was."""

from datetime import timedelta

from rasa_sdk import Tracker
from rasa_sdk.events import EventType

from actions import calling, rating
from actions.form import JourneyAction, is_active, slots_of
from actions.journey import Journey
from actions.speech import Tap
from programme import callback, feedback, phone, promise

LATE = timedelta(minutes=1)


class AskCallback(JourneyAction):
    """A call is wanted: the form asks for what is missing. Where one has been asked for already, that is told."""

    title = "action_ask_callback"

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        if journey.slots["goal"] == calling.GOAL:
            return self.enter(journey, tracker)
        there = callback.current(self._ctx, journey.conversation_id)
        if there is not None:
            self._tell(journey, there)
            return slots_of(journey)
        journey.set_aside(calling.GOAL)
        return self.enter(journey, tracker)

    def _tell(self, journey: Journey, there: callback.CallbackView) -> None:
        ending = phone.ending(there.number)
        if there.due_at + LATE < self._ctx.clock():
            journey.say("utter_callback_there_late", {"ending": ending})
        else:
            due = promise.since(self._ctx, there.due_at)
            journey.say("utter_callback_there", {"ending": ending, "due": due})


class WithdrawCallback(JourneyAction):
    """No call is wanted any more, asked for or about to be."""

    title = "action_withdraw_callback"

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        done = callback.withdraw(self._ctx, journey.conversation_id)
        if journey.slots["goal"] != calling.GOAL:
            journey.say("utter_callback_withdrawn" if done else "utter_callback_none")
            return slots_of(journey)
        journey.resume()
        journey.say("utter_callback_not_wanted", {}, *calling.carry_on(journey))
        return self.leave(journey)


class Rate(JourneyAction):
    """A tap on how the help was; a second tap offers a line."""

    title = "action_rate"

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        carried = journey.heard.entities
        request = carried.get("request", "")
        if carried.get("option") == "write" and request:
            journey.set_aside(rating.GOAL)
            journey.put(feedback_request=request)
            return self.enter(journey, tracker)
        if not feedback.rate(self._ctx, journey.conversation_id, request, carried.get("rating", "")):
            journey.say("utter_feedback_nothing")
            return slots_of(journey)
        write = Tap("rate", "label_feedback_write", carries={"option": "write", "request": request})
        carry_on = calling.carry_on(journey) if not is_active(tracker) else []
        journey.say("utter_feedback_kept", {}, write, *carry_on)
        return slots_of(journey)
