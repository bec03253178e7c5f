"""Around the journey: repeating, stopping, a person, danger, more time, the deadline, and what was not understood."""

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet

from actions import rating
from actions.form import REQUESTED, JourneyAction, is_active
from actions.journey import Journey
from actions.speech import FALLBACK, Tap
from programme import booked, handoff, messages, promise, referral
from programme.context import Context
from programme.miss import GUESS
from programme.rules import reminder_words
from programme.rules.danger import DANGERS

GUESSES = 3
# What the dialogue can begin by itself, when a guess at what was meant is tapped.
NEVER_GUESSED = frozenset(DANGERS) | {
    "out_of_scope",
    "affirm",
    "deny",
    "unsure",
    "ask_repeat",
    "go_back",
    "greet",
    "goodbye",
    "thank",
    "insult",
    "disclose_offence",
}


class Repeat(JourneyAction):
    """The question again, in other words and with an example."""

    title = "action_repeat"

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        step = tracker.slots.get(REQUESTED) if is_active(tracker) else None
        if step == "confirmation" and journey.slots["goal"] == "cancel":
            step = "cancel"
        journey.say(f"utter_explain_{step}" if step else "utter_explain_nothing")
        return []


class Fallback(JourneyAction):
    """Not understood: an example, then likely meanings, then a person."""

    title = "action_fallback"

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        misses = _misses_in_a_row(tracker)
        step = tracker.slots.get(REQUESTED) if is_active(tracker) else None
        if misses == 1 and step:
            journey.say(f"utter_example_{step}")
        elif misses <= 2 and (guesses := self._guesses(journey)):
            journey.say("utter_did_you_mean", {}, *guesses, Tap("request_human", "label_talk_to_person"))
        elif misses == 1:
            journey.say("utter_fallback")
        else:
            journey.say("utter_fallback_person")
            return [SlotSet("pending", "action_request_human")]
        return []

    def _guesses(self, journey: Journey) -> list[Tap]:
        likely = [name for name in journey.heard.ranking if name not in NEVER_GUESSED]
        known = [name for name in likely if f"label_intent_{name}" in self._ctx.answers.labels]
        missed = {GUESS: journey.heard.turn}  # so that a tap tells the trainers what was meant
        return [Tap(name, f"label_intent_{name}", carries=missed) for name in known[:GUESSES]]


def _misses_in_a_row(tracker: Tracker) -> int:
    """This message and those before it that nothing took: a name that the form took was no miss, however it reads."""
    misses, fell = 0, True
    for event in reversed(tracker.events):
        if event.get("event") == "action" and event.get("name") == Fallback.title:
            fell = True
        if event.get("event") != "user":
            continue
        if not fell or (event.get("parse_data", {}).get("intent") or {}).get("name") != FALLBACK:
            break
        misses, fell = misses + 1, False
    return misses


class Stop(JourneyAction):
    """In the form: out of it, the place is kept, and what next? Outside: no more reminders."""

    title = "action_stop"

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        if is_active(tracker):
            journey.say("utter_stopped_in_form")
            return self.leave(journey)
        _set_reminders(journey, self._ctx)
        return []


class StopReminders(JourneyAction):
    title = "action_stop_reminders"

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        _set_reminders(journey, self._ctx)
        return []


def _set_reminders(journey: Journey, ctx: Context) -> None:
    """None any more; but who asks for them again is not told that they are stopped, however alike the two read."""
    if reminder_words.asks_again(journey.heard.text):
        messages.start(ctx, journey.conversation_id)
        journey.say("utter_reminders_started")
        return
    messages.stop(ctx, journey.conversation_id)
    journey.say("utter_reminders_stopped")


class StartReminders(JourneyAction):
    title = "action_start_reminders"

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        messages.start(self._ctx, journey.conversation_id)
        journey.say("utter_reminders_started")
        return []


class RequestHuman(JourneyAction):
    """A person is asked for: recorded, and told truthfully. The form is left with its slots kept."""

    title = "action_request_human"

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        words = journey.heard.words
        asked = handoff.ask(self._ctx, journey.conversation_id, "request_human", last_words=words)
        reply = promise.reply(self._ctx, asked)
        carry_on = [Tap("carry_on", "label_carry_on")] if journey.slots["goal"] not in (None, rating.GOAL) else []
        journey.say(reply.answer, reply.values, *carry_on)
        return self.leave(journey)


class WithdrawHuman(JourneyAction):
    title = "action_withdraw_human"

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        try:
            done = handoff.withdraw(self._ctx, journey.conversation_id)
        except handoff.MustStayError:
            journey.say("utter_handoff_stays")
            return []
        journey.say("utter_handoff_withdrawn" if done else "utter_handoff_none")
        return []


class Danger(JourneyAction):
    """Leaves the form with its slots kept. The card itself, and the case, are the app's: they work without us."""

    title = "action_danger"

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        journey.say(f"utter_danger_{journey.heard.intent}")
        return self.leave(journey)


class Goodbye(JourneyAction):
    title = "action_goodbye"

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        journey.say("utter_goodbye_unfinished" if is_active(tracker) else "utter_goodbye")
        return self.leave(journey)


class MoreTime(JourneyAction):
    """Only a worker can change a deadline: a case, and the truth."""

    title = "action_more_time"

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        referral.ask_more_time(self._ctx, journey.conversation_id, journey.said())
        journey.say("utter_more_time")
        return []


class Deadline(JourneyAction):
    """The person's own dates, with their place where they have one, once it is known who asks."""

    title = "action_deadline"

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        days = referral.deadlines(self._ctx, journey.conversation_id)
        if days is None:
            journey.say("utter_ask_deadline")
        elif days.book_by is None or days.finish_by is None:
            journey.say("utter_deadline_unknown")
        else:
            dates = {"book_by": days.book_by.isoformat(), "finish_by": days.finish_by.isoformat()}
            held = booked.current(self._ctx, journey.conversation_id)
            journey.say("utter_deadline", {**(held.values() if held else {}), **dates})
        return []
