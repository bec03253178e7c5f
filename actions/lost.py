"""No reference at hand: a name, a date of birth and a phone number for a worker, and the same reply always."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from actions.speech import FALLBACK
from programme import dates, verification
from programme.rules import reference

if TYPE_CHECKING:
    from actions.journey import Journey

LONGEST_NAME, MOST_WORDS = 80, 5
PHONE = re.compile(r"\+?\d[\d\s().-]{7,18}\d")
LEAD = re.compile(
    r"^(?:(?:hi|hello|hiya|ok|yes|yeah)[,.! ]+)?"
    r"(?:(?:my )?(?:full )?names?(?:'s| is|:)? |i am |i'?m |its |it'?s |this is )(?:under )?",
    re.IGNORECASE,
)
NAME = re.compile(r"[^\W\d_]+(?:[-'’. ]+[^\W\d_]+)*\.?")
AS_NAME = re.compile(r"[^\W\d_a-z][\w'’-]+(?: [^\W\d_a-z][\w'’.-]*){1,3}")
# What a name may be taken for: the classifier has never seen most names.
MAYBE_NAME = (FALLBACK, "give_details", "out_of_scope")
NO_ANSWER = ("affirm", "deny", "unsure")
SURE = 0.7  # of anything else, before it is no name


def take(journey: Journey, step: str) -> bool:
    """What was said at one of the three steps."""
    pattern = verification.pattern(journey.ctx)
    found = None if journey.heard.tapped else reference.read(journey.heard.text, pattern)
    if found is not None:  # they found it after all
        journey.put(goal="book", reference=found, lost_name=None, lost_birth=None, lost_phone=None)
        return True
    if journey.heard.intent in NO_ANSWER and not any(map(str.isdigit, journey.heard.text)):
        return _without_answer(journey, step)
    if journey.heard.tapped or journey.is_question():
        return False
    return {"lost_name": _name, "lost_birth": _birth, "lost_phone": _phone}[step](journey)


def _without_answer(journey: Journey, step: str) -> bool:
    if step == "lost_phone" and journey.heard.intent == "deny":
        journey.say("utter_phone_unreadable")
        journey.asked = True
    else:
        journey.say(f"utter_explain_{step}")
    return True


def _name(journey: Journey) -> bool:
    text = " ".join(journey.heard.text.split())
    name = LEAD.sub("", text).strip(" .,!")
    plainly = bool(AS_NAME.fullmatch(name))
    sure_of_other = journey.heard.intent not in MAYBE_NAME and journey.heard.confidence > SURE
    if sure_of_other and not plainly:
        return False
    if len(text) > LONGEST_NAME or not NAME.fullmatch(name) or len(name.split()) > MOST_WORDS:
        if journey.heard.intent != "give_details" and not any(map(str.isdigit, text)):
            return False  # not a name: the message's own rule, or an example, then likely meanings, then a person
        journey.say("utter_name_unreadable")
        journey.asked = True
        return True
    journey.put(lost_name=name)
    return True


def _birth(journey: Journey) -> bool:
    born = dates.born(journey.heard.text, verification.today(journey.ctx))
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
        if not any(map(str.isdigit, journey.heard.text)):
            return False
        journey.say("utter_phone_unreadable")
        journey.asked = True
        return True
    name, born = str(journey.slots["lost_name"]), date.fromisoformat(str(journey.slots["lost_birth"]))
    verification.claim_without_reference(journey.ctx, journey.conversation_id, name, born, found.group())
    journey.end()
    journey.say("utter_lost_reference_done")
    return True
