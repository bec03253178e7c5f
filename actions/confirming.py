"""The last step: a yes books, moves or cancels; anything else is a change of mind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actions import offering
from programme import booking, offers, verification
from programme.booking import Done
from programme.rules import choice, preference, step

if TYPE_CHECKING:
    from actions.journey import Journey

ENDED = (Done.BOOKED, Done.MOVED, Done.CANCELLED)


class Confirming:
    """What was said at "shall I?"."""

    def __init__(self, journey: Journey) -> None:
        self._journey = journey
        self._goal = journey.slots["goal"]

    def take(self) -> bool:
        """Whether it was an answer."""
        journey = self._journey
        said = self._yes_or_no()
        if said is True:
            return self._do()
        if self._goal == "cancel":
            return self._keep() if said is False else self._explain()
        token = journey.heard.entities.get("offer")
        if token:
            journey.put(choice=token)
            return True
        if journey.heard.intent == "show_more" or "option" in journey.heard.entities:
            journey.put(choice=None)
            return offering.take_choice(journey)
        if said is None and self._change():
            return True
        if said is False:
            journey.put(choice=None)
            return True
        return self._explain()

    def _yes_or_no(self) -> bool | None:
        heard = self._journey.heard
        if heard.tapped or self._journey.is_question():
            return {"affirm": True, "deny": False}.get(heard.intent)
        if self._goal == "cancel" and heard.intent == "cancel_booking":
            return True
        plain = step.yes_no(heard.text)
        if plain is not None:
            return plain
        if len(heard.text.split()) <= 6:
            return {"affirm": True, "deny": False}.get(heard.intent)
        return None

    def _change(self) -> bool:
        """Another one of the list, or another wish altogether."""
        journey = self._journey
        if journey.heard.tapped or journey.is_question():
            return False
        table = offers.latest(journey.ctx, journey.conversation_id)
        picked = choice.read(journey.heard.text, [offer.slot for offer in table])
        if picked.kind == "index" and picked.index is not None:
            journey.put(choice=table[picked.index].token)
            return True
        wish = preference.read(journey.heard.text, offers.places(journey.ctx), verification.today(journey.ctx))
        if wish is not None and not wish.anything:
            return offering.show(journey, preference.merge(offering.unpacked(journey), wish))
        return False

    def _explain(self) -> bool:
        if self._journey.heard.intent not in ("unsure", "choose_session"):
            return False
        self._journey.say("utter_explain_confirmation")
        return True

    def _keep(self) -> bool:
        self._journey.end()
        self._journey.say("utter_kept")
        return True

    def _do(self) -> bool:
        journey = self._journey
        turn = journey.heard.turn or None
        if self._goal == "cancel":
            result = booking.cancel(journey.ctx, journey.conversation_id, turn)
        else:
            act = booking.move if self._goal == "move" else booking.book
            result = act(journey.ctx, journey.conversation_id, turn, str(journey.slots["choice"]))
        if result.done in ENDED:
            journey.end(pending="action_begin_booking" if result.done is Done.CANCELLED else None)
        elif result.done is Done.SAME:
            journey.end()
            journey.say("utter_already_done", result.booking.values() if result.booking else {})
        elif result.done in (Done.TAKEN, Done.EXPIRED, Done.STARTED):
            journey.say("utter_taken" if result.done is Done.TAKEN else "utter_offer_expired")
            offering.show(journey, offering.unpacked(journey))
        else:
            journey.refuse(result)
        return True
