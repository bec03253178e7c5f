"""Beginning, going back, starting over and carrying on."""

from collections.abc import Mapping
from typing import ClassVar

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet

from actions import attending, calling, helping, offering, rating, reaching
from actions.form import REQUESTED, JourneyAction, is_active, slots_of
from actions.journey import BESIDE, SLOTS, Journey
from programme import booked
from programme.rules import preference


class BeginAction(JourneyAction):
    """Begins the journey to a goal, or turns the one that is under way towards it."""

    goal: ClassVar[str]

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        if journey.slots["goal"] != self.goal:
            kept = {"reference": journey.slots["reference"]}
            journey.put(**{**dict.fromkeys(SLOTS), **kept, "goal": self.goal, "pending": None})
        return self.enter(journey, tracker)


class BeginBooking(BeginAction):
    """Who moves a place and says "book it" goes on moving."""

    title = "action_begin_booking"
    goal = "book"

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        if is_active(tracker) and journey.slots["goal"] == "move":
            return []
        return super().act(journey, tracker)


class BeginMoving(BeginAction):
    """Who is only choosing, and has no place yet, wants other dates to choose from."""

    title = "action_begin_moving"
    goal = "move"

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        choosing = is_active(tracker) and journey.verified and journey.slots["goal"] in ("book", "move")
        if choosing and (journey.slots["goal"] == "move" or not booked.current(self._ctx, journey.conversation_id)):
            journey.put(preference=None, choice=None, confirmation=None)
            return slots_of(journey)
        return super().act(journey, tracker)


class BeginCancelling(BeginAction):
    title = "action_begin_cancelling"
    goal = "cancel"


class BeginChecking(BeginAction):
    """In the middle of a booking it only answers; the booking goes on. Before it is known who asks, nobody can say."""

    title = "action_begin_checking"
    goal = "check"

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        if not is_active(tracker) or not journey.verified:
            return super().act(journey, tracker)
        held = booked.current(self._ctx, journey.conversation_id)
        if held is None:
            journey.say("utter_not_booked_yet")
        elif journey.slots["goal"] == "move" and not attending.is_over(journey, held):
            journey.say("utter_still_booked")
        else:
            journey.tell(held)
        return []


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
        if journey.slots["goal"] == rating.GOAL:
            journey.go_on()
        elif is_active(tracker):
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
        aside = journey.slots["goal"] in BESIDE and journey.verified
        if is_active(tracker) and journey.slots["goal"] != "cancel" and not aside:
            if not journey.verified:
                journey.say("utter_sessions_after_identity")
            return slots_of(journey)
        if is_active(tracker) and not journey.verified:
            return self.enter(journey, tracker)
        wanted = offering.wish(journey)
        self.choose(journey)
        if is_active(tracker):  # the form shows the list when this action is done
            journey.put(preference=preference.pack(wanted or offering.ANYTHING))
            return slots_of(journey)
        if journey.may_go_on() and journey.step() == "preference":
            journey.take("preference")
        return self.enter(journey, tracker)

    def choose(self, journey: Journey) -> None:
        """The journey to a place from its first choice on: to another one, where one is held."""
        held = journey.verified and booked.current(self._ctx, journey.conversation_id)
        journey.put(**dict.fromkeys(SLOTS), goal="move" if held else "book")


class Choose(Sessions):
    """A session is named, or an older button is tapped, while no list is on the table."""

    title = "action_choose"

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        offer = journey.heard.entities.get("offer")
        if not offer or not journey.verified:
            return super().act(journey, tracker)
        if not is_active(tracker) or journey.slots["goal"] not in ("book", "move"):
            self.choose(journey)
        journey.put(preference=journey.slots["preference"] or {"anything": True}, choice=offer, confirmation=None)
        return self.enter(journey, tracker)


class ShowMore(Sessions):
    """More offers, asked for when the list is no longer on the table."""

    title = "action_show_more"

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        if is_active(tracker) or not journey.verified:
            return super().act(journey, tracker)
        kept = journey.slots["preference"]
        self.choose(journey)
        journey.put(preference=kept)
        if journey.may_go_on():
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
        if step == "lost_name":  # the button was tapped by mistake, or the letter has turned up
            journey.put(goal="book")
            return slots_of(journey)
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
        if journey.slots["goal"] == rating.GOAL:
            journey.go_on()
        if not journey.slots["goal"]:
            journey.say("utter_start_over")
            return self.leave(journey)
        return self.enter(journey, tracker)


class ImSafe(CarryOn):
    """Whoever says that they are safe is heard first; then the same step."""

    title = "action_im_safe"

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        journey.say("utter_im_safe")
        return super().act(journey, tracker)


class Affirm(Choose):
    """A yes outside the form: to the question whose button was tapped, else to what was asked just now."""

    title = "action_affirm"

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        carried = journey.heard.entities
        if carried.get("option") == calling.GOAL:  # of a call that has been agreed, or left half way
            return reaching.AskCallback(self._ctx).act(journey, tracker)
        if is_active(tracker) or not self._is_to_something(journey, tracker):
            journey.say("utter_yes_to_what")
            return []
        if token := carried.get("offer"):
            held = booked.held_by_offer(self._ctx, journey.conversation_id, token)
            if held is None:
                return super().act(journey, tracker)
            journey.say("utter_already_done", held.values())
            return []
        meant = "action_begin_cancelling" if "option" in carried else str(journey.slots["pending"])
        journey.put(pending=None)
        return MEANT_BY_YES[meant](self._ctx).act(journey, tracker)

    def _is_to_something(self, journey: Journey, tracker: Tracker) -> bool:
        if journey.heard.entities:
            return journey.verified
        return journey.slots["pending"] in MEANT_BY_YES and was_asked_just_now(tracker)


MEANT_BY_YES: Mapping[str, type[JourneyAction]] = {
    action.title: action for action in (BeginBooking, BeginMoving, BeginCancelling, BeginChecking, helping.RequestHuman)
}


def was_asked_just_now(tracker: Tracker) -> bool:
    """Whether the last thing that was said left a question open; what was asked long ago, a yes no longer answers."""
    messages = 0
    for event in reversed(tracker.events):
        if event.get("event") == "slot" and event.get("name") == "pending":
            return event.get("value") is not None
        messages += event.get("event") == "user"
        if messages > 1:
            return False
    return False


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
