"""The steps that prove who somebody is: the reference and the date of birth."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from programme import dates, verification
from programme.rules import reference
from programme.verification import Outcome

if TYPE_CHECKING:
    from actions.journey import Journey

NO_ANSWER = ("affirm", "deny", "unsure")  # to a question that asks for a fact


def take_reference(journey: Journey) -> bool:
    """A reference, and a date of birth where one stands beside it."""
    text, pattern = _typed(journey), verification.pattern(journey.ctx)
    found = reference.read(text, pattern)
    if found is not None:
        journey.put(reference=found)
        born = dates.born(reference.take_out(text, pattern), verification.today(journey.ctx))
        if born.value is not None:
            _check(journey, born.value)
        return True
    if journey.heard.intent in NO_ANSWER:
        journey.say("utter_explain_reference")
        journey.asked = True
        return True
    if journey.heard.tapped:
        return False
    if _tried(journey):
        journey.say("utter_reference_unreadable")
        journey.asked = True
        return True
    return False


def take_birth_date(journey: Journey) -> bool:
    """A date of birth, which is checked at once; a reference typed again takes the place of the first."""
    text, pattern = _typed(journey), verification.pattern(journey.ctx)
    again = None if journey.linked else reference.read(text, pattern)
    if again is not None:
        journey.put(reference=again)
        text = reference.take_out(text, pattern)
    born = dates.born(text, verification.today(journey.ctx))
    if born.value is not None:
        _check(journey, born.value)
        return True
    if again is not None:
        return True
    if born.problem and born.problem != "unreadable":
        journey.say(f"utter_birth_{born.problem}")
        journey.asked = True
        return True
    if journey.heard.intent in NO_ANSWER:
        journey.say("utter_explain_date_of_birth")
        return True
    if not journey.heard.tapped and _tried(journey):
        journey.say("utter_birth_unreadable")
        journey.asked = True
        return True
    return False


def _typed(journey: Journey) -> str:
    """The words of the message; a button's payload is none."""
    return "" if journey.heard.tapped else journey.heard.text


def _tried(journey: Journey) -> bool:
    """Whether this looks like the answer, gone wrong: digits, or what the classifier takes for details."""
    if journey.is_question():
        return False
    return journey.heard.intent == "give_details" or any(map(str.isdigit, journey.heard.text))


def _check(journey: Journey, born: date) -> None:
    typed = journey.slots.get("reference")
    checked = verification.check(journey.ctx, journey.conversation_id, typed, born)
    journey.put(reference=None, date_of_birth=None)  # not kept in the dialogue for longer than needed
    match checked.outcome:
        case Outcome.VERIFIED:
            journey.verified = True
            if journey.slots["goal"] not in ("check", "case"):
                journey.say("utter_verified")
        case Outcome.SLOWED:
            retry_at = checked.retry_at.isoformat() if checked.retry_at else None
            goal = journey.slots["goal"]
            journey.end(pending="action_request_human")
            journey.put(goal=goal)
            journey.say("utter_slowed", {"retry_at": retry_at})
        case _:
            journey.say("utter_no_match_worker" if checked.offer_worker else "utter_no_match")
            journey.asked = True
