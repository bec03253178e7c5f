"""The last step: a yes books, moves or cancels; anything else is a change of mind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actions import offering
from programme import booking, offers
from programme import turn as turns
from programme.outcome import Done
from programme.rules import choice, preference, step

if TYPE_CHECKING:
    from actions.journey import Journey

ENDED = {
    Done.BOOKED: "action_begin_checking",  # a second "yes" is told what is booked
    Done.MOVED: "action_begin_checking",
    Done.CANCELLED: "action_begin_booking",
}
SHORT = 5  # words; what is longer is not a bare yes or no, whatever the classifier takes it for
OTHER_DATES = ("ask_available_sessions", "reschedule_booking")


class Confirming:
    """What was said at "shall I?"."""

    def __init__(self, journey: Journey) -> None:
        self._journey = journey
        self._goal = journey.slots["goal"]

    def take(self) -> bool:
        """Whether it was an answer."""
        journey = self._journey
        token = journey.heard.entities.get("offer")
        if token and token != journey.slots["choice"] and self._goal != "cancel":
            journey.put(choice=token)  # from an older list, or the yes to an older question: asked again
            return True
        said = self._yes_or_no()
        if said is True:
            return self._do()
        if self._goal == "cancel":
            return self._keep() if said is False else self._explain()
        if token:
            return True
        if journey.heard.intent == "show_more" or "option" in journey.heard.entities:
            journey.put(choice=None)
            return offering.take_choice(journey)
        if said is None and self._change():
            return True
        if said is False or (journey.heard.intent in OTHER_DATES and not journey.is_question()):
            journey.put(choice=None)
            return True
        return self._explain()

    def _yes_or_no(self) -> bool | None:
        heard = self._journey.heard
        if heard.tapped:
            to_this = heard.entities.get("option") == "cancel" if self._goal == "cancel" else "offer" in heard.entities
            return {"affirm": True if to_this or not heard.entities else None, "deny": False}.get(heard.intent)
        plain = step.yes_no(heard.text)
        if plain is not None:
            return plain
        if "?" in heard.text or len(heard.text.split()) > SHORT or self._names_another():
            return None
        # "book it then": the goal said again is a yes to it.
        said_again = {"book": "book_course", "move": "book_course", "cancel": "cancel_booking"}[str(self._goal)]
        return {"affirm": True, "deny": False, said_again: True}.get(heard.intent)

    def _names_another(self) -> bool:
        """Whether another date or another wish stands in what was said: then it is neither a yes nor a no."""
        if self._goal == "cancel":
            return False
        picked, wish = self._read()
        return picked.kind != "unread" or (wish is not None and not wish.anything)

    def _read(self) -> tuple[choice.Choice, preference.Preference | None]:
        return offering.read_choice(self._journey, self._table()), offering.read_wish(self._journey)

    def _table(self) -> tuple[offers.OfferView, ...]:
        return offers.latest(self._journey.ctx, self._journey.conversation_id)

    def _change(self) -> bool:
        """Another one of the list, or another wish altogether."""
        journey = self._journey
        if journey.heard.tapped or journey.is_question():
            return False
        picked, wish = self._read()
        if picked.kind == "index" and picked.index is not None:
            journey.put(choice=self._table()[picked.index].token)
            return True
        if picked.kind == "none":
            journey.put(choice=None)
            return True
        if wish is not None and not wish.anything:
            return offering.show(journey, preference.merge(offering.unpacked(journey), wish))
        return False

    def _explain(self) -> bool:
        unclear = ("unsure",) if self._goal == "cancel" else ("unsure", "choose_session", "affirm")
        if self._journey.heard.intent not in unclear:
            return False
        self._journey.say("utter_explain_cancel" if self._goal == "cancel" else "utter_explain_confirmation")
        return True

    def _keep(self) -> bool:
        self._journey.end()
        self._journey.say("utter_kept")
        return True

    def _do(self) -> bool:
        journey = self._journey
        turn = journey.heard.turn or None
        if self._goal == "cancel":
            result = booking.cancel(journey.ctx, journey.conversation_id, turn, str(journey.slots["choice"]))
        else:
            act = booking.move if self._goal == "move" else booking.book
            result = act(journey.ctx, journey.conversation_id, turn, str(journey.slots["choice"]))
        if result.done in ENDED:
            journey.end(pending=ENDED[result.done])
        elif result.done is Done.SAME:
            journey.end()
            if turn is None or not turns.was_answered(journey.ctx, turn):  # else this very turn, tried again
                journey.say("utter_already_done", result.booking.values() if result.booking else {})
        elif result.done is Done.CHANGED:  # in another chat, after it was asked: the question again, as things are now
            journey.put(choice=None)
        elif result.done in (Done.TAKEN, Done.EXPIRED, Done.STARTED):
            journey.say("utter_taken" if result.done is Done.TAKEN else "utter_offer_expired")
            offering.show(journey, offering.unpacked(journey))
        else:
            journey.refuse(result)
        return True
