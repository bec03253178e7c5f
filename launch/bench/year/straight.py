"""The dialogue without Rasa: taps go to the real actions by the project's own rules, words by a short list of phrases.

It stands in for the dialogue server where a year must be short. What it leaves out is understanding: all else that a
turn goes through (storing, the lease, the phrase list for danger, actions, answers, the outbox) is the real thing.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from actions.server import make_executor
from bot.dialogue import Answered, DialogueError, read_reply
from launch.bench.messages import single_rules
from launch.settings import PROJECT
from programme.context import Context
from programme.meanwhile import Meanwhile
from programme.outbox import Reply
from programme.turn import Turn

FORM, REQUESTED = "journey_form", "requested_slot"
VALIDATE = f"validate_{FORM}"
UNKNOWN = "nlu_fallback"
KEPT = 40  # events of a conversation
DOMAIN: Mapping[str, Any] = {"intents": [], "slots": {}, "actions": []}


@dataclass
class Track:
    """What the dialogue knows of one conversation."""

    slots: dict[str, Any] = field(default_factory=dict)
    active: bool = False
    events: list[dict[str, Any]] = field(default_factory=list)


class StraightDialogue:
    """Answers turns in this process, as `bot.dialogue.Dialogue` does over HTTP. `phrases`: an intent for each text."""

    def __init__(self, ctx: Context, phrases: Mapping[str, str], project: Path = PROJECT) -> None:
        self._executor = make_executor(ctx)
        self._phrases = phrases
        self._rules = single_rules(project / "stories")
        self._tracks: dict[str, Track] = {}

    async def ask(self, turn: Turn, seconds: float) -> Answered:
        """What to say to this turn. Raises DialogueError."""
        del seconds
        track = self._tracks.setdefault(turn.conversation_id, Track())
        parsed = self._parse(turn)
        track.events = [*track.events[-KEPT:], {"event": "user", "text": parsed["text"], "parse_data": parsed}]
        said: list[Reply] = []
        taken = await self._run(turn, track, parsed, VALIDATE, said) if track.active else False
        if not taken:
            was_active = track.active
            await self._by_rule(turn, track, parsed, said)
            if was_active and track.active:
                await self._run(turn, track, parsed, VALIDATE, said)
        return Answered(tuple(said), {"intent": parsed["intent"], "ranking": [], "told": []})

    async def understand(self, turn: Turn, seconds: float) -> Mapping[str, Any]:
        """What a text means, by the phrases."""
        del seconds
        return {"intent": self._parse(turn)["intent"], "ranking": []}

    async def renew(self, conversation_id: str, seconds: float, meanwhile: Meanwhile | None = None) -> None:
        """After what a worker has settled, the form and its slots are left behind."""
        del seconds
        if meanwhile is not None and meanwhile.settled:
            self._tracks.pop(conversation_id, None)

    async def forget(self, conversation_id: str, seconds: float) -> None:
        """Knows nothing of it any more."""
        del seconds
        self._tracks.pop(conversation_id, None)

    async def close(self) -> None:
        """There is nothing to give back."""

    def _parse(self, turn: Turn) -> dict[str, Any]:
        tapped = turn.danger or turn.intent
        values = dict(turn.values) if turn.intent else {}
        text = f"/{tapped}{json.dumps(values) if values else ''}" if tapped else turn.text
        intent = {"name": tapped or self._phrases.get(turn.text.casefold(), UNKNOWN), "confidence": 1.0}
        entities = [{"entity": name, "value": value} for name, value in values.items()]
        about = {"message_id": turn.id, "metadata": {"turn": turn.id}, "told": []}
        return {"text": text, "intent": intent, "intent_ranking": [intent], "entities": entities, **about}

    async def _by_rule(self, turn: Turn, track: Track, parsed: dict[str, Any], said: list[Reply]) -> None:
        does = self._rules.get(parsed["intent"]["name"], self._rules[UNKNOWN])
        if does.startswith("utter_"):
            said.append(Reply(does))
        else:
            await self._run(turn, track, parsed, does, said)
        track.events.append({"event": "action", "name": does})

    async def _run(self, turn: Turn, track: Track, parsed: dict[str, Any], action: str, said: list[Reply]) -> bool:
        """Runs one action; whether it changed anything."""
        tracker = {
            "sender_id": turn.conversation_id,
            "slots": dict(track.slots),
            "latest_message": parsed,
            "events": list(track.events),
            "paused": False,
            "latest_input_channel": "dialogue",
            "active_loop": {"name": FORM} if track.active else {},
            "latest_action_name": "action_listen",
        }
        call = {"next_action": action, "sender_id": turn.conversation_id, "tracker": tracker, "domain": DOMAIN}
        result = await self._executor.run(call)
        if result is None:
            raise DialogueError("no such action")
        said += [read_reply(message["custom"]) for message in result.responses]
        for event in result.events:
            self._apply(track, event)
        if action == VALIDATE and track.slots.get(REQUESTED) is None:
            track.active = False
        return bool(result.events)

    def _apply(self, track: Track, event: Mapping[str, Any]) -> None:
        if event["event"] == "slot":
            track.slots[event["name"]] = event["value"]
            track.events.append(dict(event))
        elif event["event"] == "active_loop":
            track.active = event["name"] is not None
