"""The way to a place, step by step: who are you, what suits you, which one, shall I book it?

One form, `journey_form`, walks it for every goal. `Journey` decides what a message means at a step and what to ask
next, from the form's slots and the database; the Rasa actions around it only carry its events.
"""

from collections.abc import Callable, Mapping
from typing import Any

from rasa_sdk.executor import CollectingDispatcher

from actions import asking, attending, calling, lost, offering, proving, rating
from actions.confirming import Confirming
from actions.speech import FALLBACK, Heard, Tap, say
from programme import booked, booking, conversation
from programme.concern import Said
from programme.context import Context
from programme.outcome import Done, Result
from programme.rules.danger import DANGERS
from programme.rules.step import yes_no

IDENTITY = ("reference", "date_of_birth")
STEPS: Mapping[str, tuple[str, ...]] = {
    "book": ("preference", "choice", "confirmation"),
    "move": ("preference", "choice", "confirmation"),
    "cancel": ("confirmation",),
    "check": (),
    "case": (),
    "confirm": (),
    "missed": (),
    "lost": ("lost_name", "lost_birth", "lost_phone"),
    calling.GOAL: ("callback_number", "callback_time", "callback_yes"),
    rating.GOAL: ("feedback_words",),
}
# For these nobody need say who they are; what was under way is kept, and goes on afterwards.
BESIDE = (calling.GOAL, rating.GOAL)
BESIDE_SLOTS = (*STEPS[calling.GOAL], *STEPS[rating.GOAL], "feedback_request", "feedback_asked", "kept_goal")
SLOTS = (*IDENTITY, "preference", "choice", "confirmation", *STEPS["lost"], *BESIDE_SLOTS)
# Never the answer to a step, whatever the words: they have a way of their own.
ELSEWHERE = frozenset(DANGERS) | {
    "request_human",
    "start_over",
    "go_back",
    "stop_messages",
    "wrong_person",
    "decline_programme",
    "disclose_offence",
}
# Told rather than asked, and no more the answer to a step than a question is.
ASIDE = frozenset(
    {
        "missed_session",
        "dispute_attendance",
        "dispute_offence",
        "running_late",
        "join_waiting_list",
        "request_my_data",
        "technical_problem",
        "complain",
        "share_low_mood",
        "insult",
    }
)
SURE = 0.55  # of a question, before it counts as one although it also reads as an answer
SHORT = 4  # words; a short message at a step is an answer to it


class Journey:
    """One message's worth of the journey. `slots`: the form's, changed in place; `changed`: what to tell Rasa."""

    def __init__(
        self,
        ctx: Context,
        conversation_id: str,
        slots: Mapping[str, Any],
        heard: Heard,
        dispatcher: CollectingDispatcher,
    ) -> None:
        self.ctx = ctx
        self.conversation_id = conversation_id
        self.slots = {name: slots.get(name) for name in ("goal", "pending", *SLOTS)}
        self.heard = heard
        self.changed: dict[str, Any] = {}
        self.over = False
        self.asked = False
        self._dispatcher = dispatcher
        self.verified, self.linked = conversation.standing(ctx, conversation_id)

    def say(self, answer: str, values: Mapping[str, Any] | None = None, *taps: Tap) -> None:
        """Says an answer."""
        say(self._dispatcher, answer, values, taps)

    def put(self, **values: Any) -> None:
        """Sets slots."""
        self.slots.update(values)
        self.changed.update(values)

    def end(self, pending: str | None = None) -> None:
        """The journey is over, whichever way; `pending`: the action that a yes would mean now."""
        self.put(**dict.fromkeys(SLOTS), goal=None, pending=pending)
        self.over = True

    def begin(self, goal: str) -> None:
        """The journey to another goal, from its first step on."""
        self.put(**dict.fromkeys(SLOTS), goal=goal, pending=None)

    def set_aside(self, goal: str) -> None:
        """To a goal beside the way; what was under way keeps its slots."""
        kept = self.slots["kept_goal"] if self.slots["goal"] in BESIDE else self.slots["goal"]
        self.put(**{**dict.fromkeys(BESIDE_SLOTS), "goal": goal, "kept_goal": kept, "pending": None})

    def go_on(self) -> None:
        """A goal beside the way is over: back to what was kept."""
        self.put(goal=self.slots["kept_goal"], **dict.fromkeys(BESIDE_SLOTS), pending=None)

    def resume(self) -> None:
        """The same, but what was kept waits to be carried on."""
        self.go_on()
        self.over = True

    def settle(self, pending: str | None = None) -> None:
        """What was asked has been told; a goal that was no more than that is reached."""
        if self.slots["goal"] in TELLS:
            self.end(pending)
        else:
            self.put(pending=pending)

    def said(self, intent: str | None = None) -> Said:
        """What a case keeps of this message: its words, unless they were about something other than `intent`."""
        other = intent not in (None, self.heard.intent)
        return Said(self.heard.turn or None, None if other else self.heard.words)

    def step(self) -> str | None:
        """The step that is open now; None when nothing is left to ask."""
        for name in self._steps():
            if self.slots.get(name) is None:
                return name
        return None

    def _steps(self) -> tuple[str, ...]:
        goal = self.slots.get("goal") or "book"
        if goal in ("lost", *BESIDE) or self.verified:
            return STEPS[goal]
        identity = ("date_of_birth",) if self.linked else IDENTITY
        return identity + STEPS[goal]

    def before(self, step: str) -> str | None:
        """The step before this one, where one can go back to it."""
        steps = self._steps()
        place = steps.index(step) if step in steps else 0
        return steps[place - 1] if place else None

    def take(self, step: str) -> bool:
        """Whether the message answers this step; if so it has been acted on, and what must be said about it is said."""
        if self.heard.intent in ELSEWHERE and not self._is_answer_all_the_same(step):
            return False
        match step:
            case "reference":
                return proving.take_reference(self)
            case "date_of_birth":
                return proving.take_birth_date(self)
            case "preference":
                return offering.take_preference(self)
            case "choice":
                return offering.take_choice(self)
            case "confirmation":
                return Confirming(self).take()
            case "feedback_words":
                return rating.take(self)
            case _ if step in STEPS[calling.GOAL]:
                return calling.take(self, step)
            case _:
                return lost.take(self, step)

    def _is_answer_all_the_same(self, step: str) -> bool:
        """A reference or a date is one, whatever the classifier makes of it; "no thanks" refuses, "first" picks."""
        if self.heard.intent in DANGERS or self.heard.tapped:
            return False
        if step == "callback_yes" and calling.changed(self.heard.text):
            return True  # "wrong number" is said of a number here, not of a person
        if step in ("choice", "confirmation", "callback_yes"):
            return yes_no(self.heard.text) is not None or (step == "choice" and offering.names_one(self))
        numbers = (*IDENTITY, "lost_birth", "lost_phone", "callback_number")
        return step in numbers and any(map(str.isdigit, self.heard.text))

    def is_question(self) -> bool:
        """Whether the message asks or tells something else rather than answers."""
        asks = self.heard.intent.startswith("ask_") and self.heard.intent != "ask_available_sessions"
        if not (asks or self.heard.intent in ASIDE) or self.heard.confidence < SURE:
            return False
        return len(self.heard.text.split()) > SHORT or "?" in self.heard.text or self.heard.tapped

    def is_fallback(self) -> bool:
        """Whether the message was not understood."""
        return self.heard.intent == FALLBACK

    def ask(self) -> str | None:
        """Asks for the open step, unless it has just been asked; the step, or None where the journey is over."""
        if self.over:
            return None
        if not self.may_go_on():
            return None
        step = self.step()
        if step is None:
            self._arrive()
            return self.ask()  # where what was told leads on to a place
        if not self.asked:
            asking.ask(self, step)
        return None if self.over else self.step()

    def may_go_on(self) -> bool:
        """Once verified: is there a booking for what is wanted, or none in the way? If not, says so and ends."""
        goal = self.slots["goal"]
        if not self.verified or goal not in ("book", "move", "cancel"):
            return True
        held = booked.current(self.ctx, self.conversation_id)
        if goal == "book":
            if held is None:
                result = booking.may_book_now(self.ctx, self.conversation_id)
                if result.done is not Done.BOOKED:
                    self.refuse(result)
                return result.done is Done.BOOKED
            if attending.is_over(self, held):
                self.end()
                self.tell(held)
            else:
                self.end(pending="action_begin_moving")
                self.say("utter_already_booked", held.values())
            return False
        if held is None:
            self.end(pending="action_begin_booking")
            self.say("utter_no_booking")
            return False
        ask = booking.may_move_now if goal == "move" else booking.may_cancel_now
        result = ask(self.ctx, self.conversation_id)
        if result.done in (Done.MOVED, Done.CANCELLED):
            return True
        self.refuse(result)
        return False

    def _arrive(self) -> None:
        """Nothing is left to ask: it is known who asks, and what they wanted is told or done."""
        goal = str(self.slots["goal"])
        if goal in TELLS:
            TELLS[goal](self)
            self.over = self.over or self.slots["goal"] == goal
            return
        held = booked.current(self.ctx, self.conversation_id)
        if held is None:
            attending.tell_none(self)
            return
        self.end()
        self.tell(held)

    def tell(self, held: booked.BookingView) -> None:
        """Says what is booked; once it is over, what is known of it."""
        if attending.is_over(self, held):
            attending.tell_over(self, held)
            return
        several = "_several" if len(held.sessions) > 1 else ""
        self.say("utter_booking" + several + ("_online" if held.online else ""), held.values())

    def refuse(self, result: Result) -> None:
        """A rule said no: say which, offer a person, and end."""
        values = result.booking.values() if result.booking else {}
        pending = {Done.NOT_BOOKED: "action_begin_booking", Done.ALREADY_BOOKED: "action_begin_moving"}
        match result.done:
            case Done.TOO_MANY_MOVES:
                answer = "utter_too_many_moves"
            case Done.STARTED:
                answer = "utter_already_started"
            case Done.DEADLINE:
                answer = "utter_deadline_past"
            case Done.NOT_OPEN:
                answer = "utter_not_open"
            case Done.NOT_BOOKED:
                answer = "utter_no_booking"
            case Done.ALREADY_BOOKED:
                answer = "utter_already_booked"
            case _:
                answer = "utter_too_late_to_change"
        self.end(pending=pending.get(result.done, "action_request_human"))
        self.say(answer, values)


# Goals that need no more than to know who asks.
TELLS: Mapping[str, Callable[[Journey], object]] = {
    "case": attending.tell_card,
    "confirm": attending.confirm,
    "missed": attending.missed,
}
