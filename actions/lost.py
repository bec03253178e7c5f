"""No reference at hand: a name, a date of birth and a phone number for a worker, and the same reply always."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from programme import verification
from programme.rules import birth_date, reference

if TYPE_CHECKING:
    from actions.journey import Journey

LONGEST_NAME = 80
PHONE = re.compile(r"\+?\d[\d\s().-]{7,18}\d")
ELSEWHERE = ("book_course", "check_booking", "reschedule_booking", "cancel_booking", "lost_reference")


def take(journey: Journey, step: str) -> bool:
    """What was said at one of the three steps."""
    if journey.heard.tapped or journey.is_question():
        return False
    found = reference.read(journey.heard.text)
    if found is not None:  # they found it after all
        journey.put(goal="book", reference=found, lost_name=None, lost_birth=None, lost_phone=None)
        return True
    return {"lost_name": _name, "lost_birth": _birth, "lost_phone": _phone}[step](journey)


def _name(journey: Journey) -> bool:
    text = " ".join(journey.heard.text.split())
    sure_of_other = journey.heard.intent in ELSEWHERE or journey.heard.intent in ("affirm", "deny", "unsure")
    if sure_of_other and journey.heard.confidence > 0.8:
        return False
    if not text or len(text) > LONGEST_NAME or any(map(str.isdigit, text)) or "?" in text:
        journey.say("utter_name_unreadable")
        journey.asked = True
        return True
    journey.put(lost_name=text)
    return True


def _birth(journey: Journey) -> bool:
    born = birth_date.read(journey.heard.text, verification.today(journey.ctx))
    if born.value is not None:
        journey.put(lost_birth=born.value.isoformat())
        return True
    if born.problem == "unreadable" and not any(map(str.isdigit, journey.heard.text)):
        return False
    journey.say(f"utter_birth_{born.problem}")
    journey.asked = True
    return True


def _phone(journey: Journey) -> bool:
    found = PHONE.search(journey.heard.text)
    if found is None:
        if not any(map(str.isdigit, journey.heard.text)) and journey.heard.intent not in ("deny", "unsure"):
            return False
        journey.say("utter_phone_unreadable")
        journey.asked = True
        return True
    name, born = str(journey.slots["lost_name"]), date.fromisoformat(str(journey.slots["lost_birth"]))
    verification.claim_without_reference(journey.ctx, journey.conversation_id, name, born, found.group())
    journey.end()
    journey.say("utter_lost_reference_done")
    return True
