"""Beginning, going back, starting over and carrying on."""

from typing import ClassVar

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet

from actions import offering
from actions.form import REQUESTED, JourneyAction, is_active, slots_of
from actions.journey import SLOTS, Journey
from programme import booking


class BeginAction(JourneyAction):
    """Begins the journey to a goal, or turns the one that is under way towards it."""

    goal: ClassVar[str]

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        if journey.slots["goal"] != self.goal:
            kept = {"reference": journey.slots["reference"]}
            journey.put(**{**dict.fromkeys(SLOTS), **kept, "goal": self.goal, "pending": None})
        return self.enter(journey, tracker)


class BeginBooking(BeginAction):
    title = "action_begin_booking"
    goal = "book"


class BeginMoving(BeginAction):
    title = "action_begin_moving"
    goal = "move"


class BeginCancelling(BeginAction):
    title = "action_begin_cancelling"
    goal = "cancel"


class BeginChecking(BeginAction):
    """In the middle of a booking it only answers; the booking goes on."""

    title = "action_begin_checking"
    goal = "check"

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        if is_active(tracker) and journey.slots["goal"] in ("book", "move"):
            journey.say("utter_not_booked_yet" if journey.slots["goal"] == "book" else "utter_still_booked")
            return []
        return super().act(journey, tracker)


class BeginLostReference(BeginAction):
    """Whoever has proved who they are, or came by their link, needs no reference."""

    title = "action_begin_lost_reference"
    goal = "lost"

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        if journey.verified or journey.linked:
            journey.say("utter_no_reference_needed")
            return slots_of(journey)
        return super().act(journey, tracker)


class Details(JourneyAction):
    """A reference or a date of birth, given without being asked for."""

    title = "action_details"

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        if is_active(tracker):
            return []
        if journey.verified:
            journey.say("utter_details_known")
            return []
        journey.put(goal=journey.slots["goal"] or "book")
        step = journey.step()
        if step:
            journey.take(step)
        return self.enter(journey, tracker)


class Sessions(JourneyAction):
    """Which sessions are there? Shown once it is known who asks; a wish in the question is kept."""

    title = "action_sessions"

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        if is_active(tracker):
            if not journey.verified:
                journey.say("utter_sessions_after_identity")
            return slots_of(journey)
        held = journey.verified and booking.current(self._ctx, journey.conversation_id)
        journey.put(**dict.fromkeys(SLOTS), goal="move" if held else "book")
        if journey.step() == "preference":
            journey.take("preference")
        return self.enter(journey, tracker)


class Choose(Sessions):
    """A session is named, or an older button is tapped, while no list is on the table."""

    title = "action_choose"

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        offer = journey.heard.entities.get("offer")
        if not offer or not journey.verified:
            return super().act(journey, tracker)
        if not is_active(tracker):
            held = booking.current(self._ctx, journey.conversation_id)
            journey.put(**dict.fromkeys(SLOTS), goal="move" if held else "book")
        journey.put(preference=journey.slots["preference"] or {"anything": True}, choice=offer, confirmation=None)
        return self.enter(journey, tracker)


class ShowMore(JourneyAction):
    """More offers, asked for when the list is no longer on the table."""

    title = "action_show_more"

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        if is_active(tracker) or not journey.verified:
            return self.enter(journey, tracker)
        held = booking.current(self._ctx, journey.conversation_id)
        journey.put(goal="move" if held else "book")
        offering.show(journey, offering.unpacked(journey), more=True)
        return self.enter(journey, tracker)


class GoBack(JourneyAction):
    """One step back in the form."""

    title = "action_go_back"

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        step = tracker.slots.get(REQUESTED) if is_active(tracker) else None
        if step is None:
            journey.say("utter_nothing_to_undo")
            return []
        before = journey.before(step)
        if before is None or (journey.verified and before in ("reference", "date_of_birth")):
            journey.say("utter_first_step")
            return []
        journey.put(**{before: None, step: None})
        return slots_of(journey)


class StartOver(JourneyAction):
    """Out of the form with nothing kept but who they are and what is booked."""

    title = "action_start_over"

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        journey.end()
        journey.say("utter_start_over")
        return self.leave(journey)


class CarryOn(JourneyAction):
    """Back to the same step: after a crisis card, a question for a person, a stop."""

    title = "action_carry_on"

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        if not journey.slots["goal"]:
            journey.say("utter_start_over")
            return []
        return self.enter(journey, tracker)


class Affirm(JourneyAction):
    """A yes outside the form: to what was asked last."""

    title = "action_affirm"

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        pending = journey.slots["pending"]
        if is_active(tracker):
            journey.say("utter_yes_to_what")
            return []
        if not pending:
            journey.say("utter_yes_to_what")
            return []
        return [SlotSet("pending", None), FollowupAction(str(pending))]


class Deny(JourneyAction):
    """A no outside the form."""

    title = "action_deny"

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        journey.say("utter_no_problem")
        return [SlotSet("pending", None)]


class Unsure(JourneyAction):
    """Somebody who does not know what to do."""

    title = "action_unsure"

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        if is_active(tracker):
            journey.say("utter_no_hurry")
            return []
        journey.say("utter_unsure")
        return []
