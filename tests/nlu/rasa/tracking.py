"""Conversations with one of each kind of event, as a tracker store keeps them."""

from __future__ import annotations

import json

from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    BotUttered,
    LoopInterrupted,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity

from nlu.tracker import SealedTrackerStore

OLD, NEW = ("A" * 43 + "=", "B" * 42 + "A=")
SECRET_WORD = "xylophone"


def talk(store: SealedTrackerStore, conversation: str = "c", text: str = f"my {SECRET_WORD}"):
    """A conversation with one of each kind of event that ours have, not saved yet."""
    tracker = store.init_tracker(conversation)
    tracker.update_with_events(a_session(text), store.domain)
    return tracker


def a_session(text: str):
    ranking = [{"name": f"intent_{n}", "confidence": 0.1} for n in range(40)]
    entities = [{"entity": "note", "value": text, "start": 0, "end": 3}]
    return [
        ActionExecuted("action_session_start", policy="RulePolicy", confidence=1.0),
        SessionStarted(),
        ActionExecuted("action_listen"),
        UserUttered(
            text,
            {"name": "book_course", "confidence": 0.9},
            entities,
            {"intent": {"name": "book_course", "confidence": 0.9}, "entities": entities, "intent_ranking": ranking},
            message_id="t1",
            metadata={"channel": "web", "verified": False},
            input_channel="dialogue",
        ),
        SlotSet("note", text),
        ActiveLoop("booking_form"),
        LoopInterrupted(True),
        ActionExecuted("booking_form"),
        SlotSet("requested_slot", "reference"),
        SlotSet("birthday", None),
        BotUttered(None, {"custom": {"answer": "utter_x", "values": {"none": None, "empty": {}}}}, {}),
        BotUttered(None, None, {"utter_action": "utter_cost"}),
        ActionExecutionRejected("booking_form", "RulePolicy", 1.0),
        ActionExecuted("action_listen"),
    ]


def state(tracker: DialogueStateTracker) -> dict:
    """Everything that actions and policies can see of a tracker, as JSON would carry it."""
    seen = json.loads(json.dumps(tracker.current_state(EventVerbosity.ALL)))
    for event in [*seen["events"], {"parse_data": seen["latest_message"]}]:
        if "parse_data" in event:
            event["parse_data"]["intent_ranking"] = event["parse_data"].get("intent_ranking", [])[:5]
    if seen["active_loop"]:
        seen["active_loop"]["trigger_message"].pop("intent_ranking", None)
    return seen
