"""How an action speaks, and what it hears: answers by name, and the person's message with what was understood."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

FALLBACK = "nlu_fallback"


@dataclass(frozen=True)
class Tap:
    """A button: a label with values, the intent of a tap, and what it carries as entities."""

    intent: str
    label: str
    values: Mapping[str, Any] = field(default_factory=dict)
    carries: Mapping[str, str] = field(default_factory=dict)

    def spec(self) -> dict[str, Any]:
        """As the channel passes it on."""
        return {"intent": self.intent, "label": self.label, "values": dict(self.values), "with": dict(self.carries)}


@dataclass(frozen=True)
class Heard:
    """The person's message. `entities`: what a tapped button carried; `questions`: what a message of several clauses
    asks, the intents in order; `told`: what it tells beside its intent and must be hidden."""

    text: str
    intent: str
    confidence: float
    entities: Mapping[str, str]
    ranking: tuple[str, ...]
    turn: str
    questions: tuple[str, ...] = ()
    told: tuple[str, ...] = ()

    @property
    def words(self) -> str | None:
        """What was typed, where it may be repeated to a worker."""
        return None if self.tapped or self.told else self.text

    @property
    def tapped(self) -> bool:
        """Whether it is a tap on a button of ours, not words."""
        return self.text.startswith("/")


def heard(tracker: Tracker) -> Heard:
    """The latest message of the conversation."""
    message = tracker.latest_message or {}
    intent = message.get("intent") or {}
    ranking = message.get("intent_ranking") or []
    turn = message.get("message_id") or (message.get("metadata") or {}).get("turn") or ""
    return Heard(
        text=message.get("text") or "",
        intent=intent.get("name") or FALLBACK,
        confidence=float(intent.get("confidence") or 0.0),
        entities=_carried(message),
        ranking=tuple(row["name"] for row in ranking if row["name"] not in (FALLBACK, None)),
        turn=turn,
        questions=tuple(row["name"] for row in message.get("questions") or []),
        told=tuple(message.get("told") or []),
    )


def _carried(message: Mapping[str, Any]) -> dict[str, str]:
    """What a tapped button carries. Entities found in typed words are none of it: words must never open what only a
    button of ours may, such as an offer by its token."""
    if not (message.get("text") or "").startswith("/"):
        return {}
    return {entity["entity"]: entity["value"] for entity in message.get("entities") or []}


def say(
    dispatcher: CollectingDispatcher, answer: str, values: Mapping[str, Any] | None = None, taps: Sequence[Tap] = ()
) -> None:
    """Has the app say this answer."""
    dispatcher.utter_message(
        json_message={"answer": answer, "values": dict(values or {}), "buttons": [tap.spec() for tap in taps]}
    )
