"""Calls to an action as Rasa makes them, answered by rasa-sdk's own executor with our actions."""

import asyncio
from collections.abc import Sequence
from typing import Any

from actions.server import make_executor
from programme.context import Context

FORM = "journey_form"
VALUES: list[dict[str, Any]] = []  # of the answers that the last call said


def call(
    ctx: Context,
    conversation_id: str,
    action: str,
    *,
    text: str = "",
    intent: str = "nlu_fallback",
    confidence: float = 0.9,
    slots: dict[str, Any] | None = None,
    step: str | None = None,
    events: list[dict[str, Any]] | None = None,
    entities: dict[str, str] | None = None,
    turn: str | None = None,
    told: Sequence[str] = (),
) -> tuple[list[str], dict[str, Any]]:
    """The answers that were said, and the slots that were set. `step`: the form is open there."""
    parsed = {
        "intent": {"name": intent, "confidence": confidence},
        "entities": [{"entity": name, "value": value} for name, value in (entities or {}).items()],
        "intent_ranking": [{"name": intent, "confidence": confidence}],
        "text": text,
        "message_id": turn,
        "told": list(told),
        "metadata": {},
    }
    tracker = {
        "sender_id": conversation_id,
        "slots": {"requested_slot": step, **(slots or {})},
        "latest_message": parsed,
        "events": events or [{"event": "user", "text": text, "parse_data": parsed}],
        "paused": False,
        "latest_input_channel": "dialogue",
        "active_loop": {"name": FORM} if step else {},
        "latest_action_name": "action_listen",
    }
    domain = {"intents": [], "slots": {}, "actions": []}
    frame = {"next_action": action, "sender_id": conversation_id, "tracker": tracker, "domain": domain}
    result = asyncio.run(make_executor(ctx).run(frame))
    assert result is not None
    VALUES[:] = [message["custom"]["values"] for message in result.responses]
    said = [str(message["custom"]["answer"]) for message in result.responses]
    return said, {event["name"]: event["value"] for event in result.events if event["event"] == "slot"}
