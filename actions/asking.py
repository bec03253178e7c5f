"""How each step is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actions import calling, offering, rating
from actions.speech import Tap
from programme import booked, offers

if TYPE_CHECKING:
    from actions.journey import Journey

NO = Tap("deny", "label_no")


def yes(**carries: str) -> Tap:
    """A yes that carries what it is said to, so that one tapped late or twice cannot be taken for another."""
    return Tap("affirm", "label_yes", carries=carries)


def ask(journey: Journey, step: str) -> None:
    """Says the question of a step, with its buttons."""
    match step:
        case "preference":
            journey.say("utter_step_preference", {}, *offering.places_to_tap(journey))
        case "choice":
            _ask_choice(journey)
        case "confirmation":
            _ask_confirmation(journey)
        case "callback_number" | "callback_time" | "callback_yes":
            calling.ask(journey, step)
        case "feedback_words":
            rating.ask(journey)
        case _:
            journey.say(f"utter_step_{step}")  # named otherwise than a form of Rasa would look for


def _ask_choice(journey: Journey) -> None:
    """The list again: a fresh one, since places go while people think."""
    offering.show(journey, offering.unpacked(journey))
    if not journey.asked and not journey.over:
        ask(journey, "preference")


def _ask_confirmation(journey: Journey) -> None:
    if journey.slots["goal"] == "cancel":
        held = booked.current(journey.ctx, journey.conversation_id)
        if held is not None:  # else _may_go_on has ended the journey
            journey.put(choice=held.id)
            journey.say("utter_ask_cancel", held.values(), yes(option="cancel"), NO)
        return
    offer = offers.find(journey.ctx, journey.conversation_id, str(journey.slots["choice"]))
    if offer is None:
        journey.put(choice=None)
        journey.say("utter_offer_expired")
        _ask_choice(journey)
        return
    answer = "utter_ask_move" if journey.slots["goal"] == "move" else "utter_ask_book"
    several = "_several" if len(offer.starts) > 1 else ""
    journey.say(
        answer + several + ("_online" if offer.online else ""), offering.facts(offer), yes(offer=offer.token), NO
    )
