"""Takes a turn of a conversation with a trained model: all of it or nothing.

Rasa's message processor goes on after an action has failed, and saves what it has. Here any failure ends the turn, and
what is stored stays as it was before it. A turn that is in the tracker already is answered from there.
"""

from __future__ import annotations

import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rasa.core.actions.action import Action, ActionBotResponse, ActionExecutionRejection, ActionListen, RemoteAction
from rasa.core.actions.action import action_for_name_or_text as action_named
from rasa.core.actions.forms import FormAction
from rasa.core.channels.channel import OutputChannel, UserMessage
from rasa.core.nlg import NaturalLanguageGenerator
from rasa.core.processor import MessageProcessor
from rasa.engine import loader
from rasa.engine.exceptions import GraphComponentException
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.exceptions import ActionLimitReached
from rasa.shared.core.constants import (
    ACTION_EXTRACT_SLOTS,
    ACTION_LISTEN_NAME,
    ACTION_SESSION_START_NAME,
    DEFAULT_SLOT_NAMES,
    REQUESTED_SLOT,
)
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    BotUttered,
    Event,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.utils.common import TempDirectoryPath, get_temp_dir_name

from nlu.action_server import failures
from nlu.runner import PlainRunner
from nlu.tracker import RANKED, Conversation, SealedTrackerStore

# These read the tracker that they are given and return events: no need to hand each a copy.
READERS = (ActionBotResponse, ActionListen, FormAction, RemoteAction)


class TurnFailed(Exception):
    """A turn came to no end; its first argument is the reason's code."""


class AnswersByName(NaturalLanguageGenerator):
    """The app finds the words of an answer by its name, so here an answer is no more than its name."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = frozenset(names)

    async def generate(self, utter_action: str, *_: Any, **__: Any) -> dict[str, Any]:
        if utter_action not in self._names:
            raise TurnFailed("no_answer")  # Rasa would say nothing and go on
        return {"utter_action": utter_action}


class Unheard(OutputChannel):
    """What is said is read from the tracker when the turn has ended; nothing is sent on the way."""

    @classmethod
    def name(cls) -> str:
        return "dialogue"

    async def send_response(self, *_: Any) -> None:
        return


class TurnProcessor(MessageProcessor):
    """Rasa's processor with a turn as one unit."""

    tracker_store: SealedTrackerStore

    @staticmethod
    def _load_model(model_path: str | Path) -> tuple[str, Any, PlainRunner]:
        with TempDirectoryPath(get_temp_dir_name()) as folder:
            try:
                metadata, runner = loader.load_predict_graph_runner(
                    Path(folder), Path(model_path), LocalModelStorage, PlainRunner
                )
            except (tarfile.ReadError, FileNotFoundError) as error:
                raise SystemExit(f"{model_path} is not a model: {type(error).__name__}") from None
            except GraphComponentException as error:  # such as a classifier that was trained by other code
                raise SystemExit(f"{model_path} cannot be loaded: {error.__cause__ or error}") from error.__cause__
        return Path(model_path).name, metadata, runner

    async def take_turn(self, message: UserMessage) -> tuple[list[Event], bool]:
        """The turn's events, from what the person said on, and whether they had been there already.

        Raises `TurnFailed` and whatever Rasa, the tracker store or a component raises; nothing is stored then.
        """
        tracker = await self.conversation(message.sender_id)
        held = place_of(tracker, message.message_id)
        if held is not None:
            turn = turn_at(tracker, held)
            if any(is_listen(event) for event in turn):
                return turn, True
            await self._undo_from(tracker, held)
            raise TurnFailed("unfinished")
        noted: list[str] = []
        token = failures.set(noted)
        try:
            await self._run_turn(message, tracker, noted)
        except BaseException as error:
            self.tracker_store.drop(message.sender_id)  # it holds half a turn
            if noted and isinstance(error, Exception):
                raise TurnFailed(noted[0]) from error
            raise
        finally:
            failures.reset(token)
        return turn_at(tracker, place_of(tracker, message.message_id) or 0), False

    async def renew(self, conversation: str, said: Sequence[tuple[str, str]] = (), settled: bool = False) -> int:
        """Start a new session that stands where the last one stood. Returns the number of its events.

        `said`: by whom ("person" or "worker") and what, while the dialogue did not listen: it is remembered, nothing
        follows from it. `settled`: the slots, the form and its question are left behind.
        """
        tracker = await self.conversation(conversation)
        if not tracker.events and not said:
            return 0
        standing = [ActionExecuted(ACTION_LISTEN_NAME)] if settled else self._standing(tracker)
        events = [ActionExecuted(ACTION_SESSION_START_NAME), SessionStarted(), *_overheard(said), *standing]
        fresh = self.tracker_store.tracker_of(conversation, events, tracker.row)
        await self.save_tracker(fresh)
        return len(fresh.events)

    async def conversation(self, conversation: str) -> Conversation:
        """The stored conversation, or a new one that nothing has been written of."""
        return await self.tracker_store.retrieve(conversation) or self.tracker_store.init_tracker(conversation)

    def _standing(self, tracker: Conversation) -> list[Event]:
        """The events that put a new session where this one stands: slots, form, question, listening."""
        first = {slot.name: slot.initial_value for slot in self.domain.slots}
        left_out = DEFAULT_SLOT_NAMES | {REQUESTED_SLOT}
        slots: list[Event] = [
            SlotSet(name, slot.value)
            for name, slot in tracker.slots.items()
            if name not in left_out and slot.value != first.get(name)
        ]
        if tracker.active_loop_name:
            slots += [ActiveLoop(tracker.active_loop_name), SlotSet(REQUESTED_SLOT, tracker.get_slot(REQUESTED_SLOT))]
        return [*slots, ActionExecuted(ACTION_LISTEN_NAME)]

    async def _undo_from(self, tracker: Conversation, place: int) -> None:
        before = list(tracker.events)[:place]
        await self.save_tracker(self.tracker_store.tracker_of(tracker.sender_id, before, tracker.row))

    async def _run_turn(self, message: UserMessage, tracker: Conversation, noted: list[str]) -> None:
        channel = message.output_channel
        await self._update_tracker_session(tracker, channel)
        await self._handle_message_with_tracker(message, tracker)
        await self.run_action_extract_slots(channel, tracker)
        await self._run_prediction_loop(channel, tracker)
        if noted:  # Rasa went on although an action had failed
            raise TurnFailed(noted[0])
        await self.save_tracker(tracker)

    async def parse_message(
        self, message: UserMessage, tracker: Any = None, only_output_properties: bool = True
    ) -> Any:
        parsed = self._parse_message_with_graph(message, tracker, only_output_properties)
        kept = {key: parsed[key] for key in ("text", "intent", "entities")}
        others = [one for one in parsed.get("intent_ranking") or [] if one.get("name") != kept["intent"].get("name")]
        kept |= {key: parsed.get(key) or [] for key in ("questions", "told")}
        return {**kept, "intent_ranking": [kept["intent"], *others][:RANKED]}  # what is acted on comes first

    async def run_action_extract_slots(self, output_channel: OutputChannel, tracker: Any) -> Any:
        extract = action_named(ACTION_EXTRACT_SLOTS, self.domain, self.action_endpoint)
        tracker.update_with_events(await extract.run(output_channel, self.nlg, tracker, self.domain), self.domain)
        return tracker

    async def _run_prediction_loop(self, output_channel: OutputChannel, tracker: Any) -> None:
        going = True
        while going and self._should_handle_message(tracker):
            try:
                action, prediction = self.predict_next_with_tracker_if_should(tracker)
            except ActionLimitReached:
                raise TurnFailed("no_end") from None
            going = await self._run_action(action, tracker, output_channel, self.nlg, prediction)

    async def _run_action(self, action: Action, tracker: Any, output_channel: Any, nlg: Any, prediction: Any) -> bool:
        seen = tracker
        if prediction.events or not isinstance(action, READERS):
            seen = tracker.copy()
            seen.update_with_events(prediction.events, self.domain)
        try:
            events = await action.run(output_channel, nlg, seen, self.domain)
        except ActionExecutionRejection:
            tracker.update(
                ActionExecutionRejected(action.name(), prediction.policy_name, prediction.max_confidence), self.domain
            )
            return self.should_predict_another_action(action.name())
        self._log_action_on_tracker(tracker, action, events, prediction)
        if any(isinstance(event, UserUttered) for event in events or ()):
            await self.run_action_extract_slots(output_channel, tracker)
        return self.should_predict_another_action(action.name())

    def _log_action_on_tracker(self, tracker: Any, action: Action, events: list[Event] | None, prediction: Any) -> None:
        events = events or []
        if not any(isinstance(event, ActionExecutionRejected) for event in events):
            tracker.update_with_events(prediction.events, self.domain)
            tracker.update(action.event_for_successful_execution(prediction), self.domain)
        tracker.update_with_events(events, self.domain)


def _overheard(said: Sequence[tuple[str, str]]) -> list[Event]:
    """What was said as events: a person's words have no intent, so that no rule begins with them."""
    events: list[Event] = []
    for by, text in said:
        if by == "person":
            events += [ActionExecuted(ACTION_LISTEN_NAME), UserUttered(text, intent={"name": None, "confidence": 0.0})]
        else:
            events.append(BotUttered(text, metadata={"by": by}))
    return events


def is_listen(event: Event) -> bool:
    return isinstance(event, ActionExecuted) and event.action_name == ACTION_LISTEN_NAME


def place_of(tracker: Conversation, turn: str | None) -> int | None:
    """Where in the tracker a turn begins, or None."""
    events = list(tracker.events)
    for place in range(len(events) - 1, -1, -1):
        event = events[place]
        if isinstance(event, UserUttered) and event.message_id == turn:
            return place
    return None


def turn_at(tracker: Conversation, place: int) -> list[Event]:
    """The events of the turn that begins at this place, up to the next one."""
    events = list(tracker.events)[place:]
    ends = [n for n, event in enumerate(events) if n and isinstance(event, UserUttered)]
    return events[: ends[0]] if ends else events
