"""Asking for a call: a number, a good time, and a yes. What was under way before goes on afterwards."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from actions.speech import FALLBACK, Tap
from programme import callback, dates, phone, promise
from programme.rules import good_time
from programme.rules.good_time import GoodTime
from programme.rules.step import yes_no

if TYPE_CHECKING:
    from actions.journey import Journey

GOAL = "callback"
KNOWN = "known"  # in the slot: the number on the referral, which never stands in the dialogue
SAME = re.compile(r"\b(?:same|usual|that|this) (?:one|number)\b|\bthe (?:one|number) (?:that )?you(?:'ve| have| got)\b")
ANOTHER = r"\b(?:another|other|different|wrong|new|change)\b.{0,12}"
CHANGED = {
    "callback_number": re.compile(ANOTHER + r"\b(?:number|phone)\b"),
    "callback_time": re.compile(ANOTHER + r"\b(?:time|day)\b"),
}
FEW = 6  # words; in more of them something else may be meant
OPTION = "option"
NO_CALL = Tap("withdraw_callback", "label_no_call")
ANY = ("affirm", "unsure")
ANYTHING = GoodTime(good_time.ANYTHING)
ABOUT_TIME = (FALLBACK, *ANY, "ask_available_sessions", "choose_session", "book_course", "out_of_scope")
SURE = 0.7  # of anything else
TIMES = {"any": None, "morning": "morning", "afternoon": "afternoon"}  # what a tapped time says in words


def taps_of_time() -> list[Tap]:
    """The buttons under the question for a good time."""
    labels = {"any": "label_any_time_call", "morning": "label_mornings", "afternoon": "label_afternoons"}
    return [Tap("ask_callback", label, carries={OPTION: option}) for option, label in labels.items()]


def ask(journey: Journey, step: str) -> None:
    """Says the question of a step."""
    match step:
        case "callback_number":
            ending = callback.known_ending(journey.ctx, journey.conversation_id)
            if ending is None:
                journey.say("utter_step_callback_number")
            else:
                yes = Tap("affirm", "label_yes", carries={OPTION: GOAL})
                another = Tap("ask_callback", "label_another_number", carries={OPTION: "another"})
                journey.say("utter_step_callback_known", {"ending": ending}, yes, another, NO_CALL)
        case "callback_time":
            journey.say("utter_step_callback_time", {}, *taps_of_time(), NO_CALL)
        case _ if _is_gone(journey):
            journey.put(callback_number=None)
            ask(journey, "callback_number")
        case _:
            taps = (Tap("affirm", "label_yes", carries={OPTION: GOAL}), Tap("deny", "label_no"))
            due = _due(journey)
            answer = "utter_step_callback_yes" if "due" in due else "utter_step_callback_yes_unknown"
            journey.say(answer, {"number": _number(journey), **due}, *taps)


def _is_gone(journey: Journey) -> bool:
    """Whether the number on the referral was to be used, and there is none any more."""
    known = callback.known_ending(journey.ctx, journey.conversation_id)
    return journey.slots["callback_number"] == KNOWN and known is None


def _number(journey: Journey) -> str:
    """The number as it is said: what they typed, or its last digits where it is the one on their referral."""
    number = str(journey.slots["callback_number"])
    if number != KNOWN:
        return phone.written(number)
    ending = callback.known_ending(journey.ctx, journey.conversation_id)
    return journey.ctx.answers.label("label_number_ending", {"ending": ending})


def _due(journey: Journey) -> dict[str, str]:
    """`due`: when somebody rings, in words; nothing where nobody knows."""
    at = _time(journey).get("at")
    return {"due": promise.since(journey.ctx, datetime.fromisoformat(at))} if at else {}


def _time(journey: Journey) -> Mapping[str, Any]:
    return dict(journey.slots["callback_time"] or {})


def take(journey: Journey, step: str) -> bool:
    """What was said at one of the three steps."""
    option = journey.heard.entities.get(OPTION)
    if journey.heard.tapped and not _is_ours(journey, option):
        return False
    match step:
        case "callback_number":
            return _take_number(journey, option)
        case "callback_time":
            return _take_time(journey, option)
        case _:
            return _take_yes(journey, option)


def _is_ours(journey: Journey, option: str | None) -> bool:
    """Whether a tap answers a step here. A yes of an older question is none."""
    if journey.heard.intent in ("affirm", "deny", "unsure"):
        return not journey.heard.entities or option == GOAL
    return journey.heard.intent == "ask_callback" and option is not None


def _take_number(journey: Journey, option: str | None) -> bool:
    known = callback.known_ending(journey.ctx, journey.conversation_id) is not None
    if option == "another":
        return _say(journey, "utter_step_callback_number")
    if journey.heard.tapped and option in TIMES:
        return True
    found = phone.find(journey.heard.text) if not journey.heard.tapped else None
    if found is not None and found.number is not None:
        journey.put(callback_number=found.number)
        return True
    if found is not None:
        return _say(journey, f"utter_number_{found.problem}")
    said = _yes_or_no(journey)
    if known and (said is True or (not journey.heard.tapped and SAME.search(journey.heard.text.casefold()))):
        journey.put(callback_number=KNOWN)
        return True
    if said is False:
        return _say(journey, "utter_step_callback_number") if known else _no_call(journey)
    if said is True or journey.heard.intent == "unsure":
        journey.say("utter_explain_callback_number")
        return True
    return False


def _say(journey: Journey, answer: str) -> bool:
    """Says what asks the step again by itself."""
    journey.say(answer)
    journey.asked = True
    return True


def _no_call(journey: Journey) -> bool:
    journey.resume()
    journey.say("utter_callback_not_wanted", {}, *carry_on(journey))
    return True


def _yes_or_no(journey: Journey) -> bool | None:
    if not journey.heard.tapped and (plain := yes_no(journey.heard.text)) is not None:
        return plain
    return {"affirm": True, "deny": False}.get(journey.heard.intent)


def _take_time(journey: Journey, option: str | None) -> bool:
    if journey.heard.tapped and option is not None:
        return option not in TIMES or _keep_time(journey, TIMES[option])
    if not journey.heard.tapped and _read_time(journey):
        return True
    if journey.heard.intent in ANY or _yes_or_no(journey) is True:
        return _keep_time(journey, None)
    if _yes_or_no(journey) is False:
        journey.say("utter_explain_callback_time")
        return True
    return False


def _read_time(journey: Journey) -> bool:
    """Whether a time stands in the words; then it is kept. "Now" or "whatever" in a message about something else is
    none."""
    heard = journey.heard
    if journey.is_question() or heard.intent in ("greet", "goodbye", "thank"):
        return False
    now = journey.ctx.clock()
    said = good_time.read(dates.plainly(heard.text, now), now)
    if said is None:
        return False
    if said == ANYTHING and heard.intent not in ABOUT_TIME and heard.confidence > SURE:
        return False
    return _keep_time(journey, heard.text)


def _keep_time(journey: Journey, words: str | None) -> bool:
    due = callback.when(journey.ctx, words)
    at = due.at if due is not None else None
    journey.put(callback_time={"words": words, "at": at.isoformat() if at else None})
    if due is not None and at is not None and not due.suits:
        journey.say("utter_callback_not_then")
    return True


def _take_yes(journey: Journey, option: str | None) -> bool:
    if option in ("number", "time"):
        journey.put(**{f"callback_{option}": None})
        return True
    said = _yes_or_no(journey)
    if not journey.heard.tapped and yes_no(journey.heard.text) is None and _correct(journey):
        return True
    if said is True:
        return _do(journey)
    if said is False:
        _ask_change(journey)
    elif journey.heard.intent == "unsure":
        journey.say("utter_explain_callback_yes")
    else:
        return False
    return True


def _correct(journey: Journey) -> bool:
    """Another number or another time, named where a yes or a no was asked for."""
    found = phone.find(journey.heard.text)
    if found is not None and found.number is not None:
        journey.put(callback_number=found.number)
        return True
    slot = changed(journey.heard.text)
    if slot is not None:
        journey.put(**{slot: None})
        return True
    return _read_time(journey)


def changed(text: str) -> str | None:
    """The slot that shall be asked for again: "another number", "wrong time"."""
    if len(text.split()) > FEW:
        return None
    return next((slot for slot, words in CHANGED.items() if words.search(text.casefold())), None)


def _ask_change(journey: Journey) -> None:
    options = (("number", "label_another_number"), ("time", "label_another_time"))
    taps = [Tap("ask_callback", label, carries={OPTION: option}) for option, label in options]
    journey.say("utter_callback_change", {}, *taps, NO_CALL)
    journey.asked = True


def _do(journey: Journey) -> bool:
    number, time, due = str(journey.slots["callback_number"]), _time(journey), _due(journey)
    at = datetime.fromisoformat(time["at"]) if time.get("at") else None
    typed = None if number == KNOWN else number
    if _is_gone(journey):
        journey.put(callback_number=None)
        return True
    said = {"number": _number(journey), **due}
    callback.ask(journey.ctx, journey.conversation_id, typed, time.get("words"), at)
    journey.resume()
    journey.say("utter_callback_done" if due else "utter_callback_done_unknown", said, *carry_on(journey))
    return True


def carry_on(journey: Journey) -> list[Tap]:
    """A button back to what was under way, where something was."""
    return [Tap("carry_on", "label_carry_on")] if journey.slots["goal"] else []
