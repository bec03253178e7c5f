"""Rasa's tracker store: one sealed row a conversation, the latest session only.

A conversation's events are kept as lines of JSON, sealed with AES-256-GCM under a key derived from the newest of
TRACKER_KEYS, with the conversation's id as associated data, under a name that is a keyed hash of that id. It fails
closed: a row that cannot be opened raises `UnreadableTracker`, never an empty conversation.
"""

from __future__ import annotations

import asyncio
import copy
import json
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.constants import ACTION_SESSION_START_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, Event, SessionStarted
from rasa.shared.core.trackers import DialogueStateTracker

from nlu.keys import BadTrackerKeys, Keys, UnreadableTracker
from nlu.rows import Row, StaleTracker, open_rows

HELD = 128  # conversations kept open in memory, so that a turn need not read what the last one wrote
RANKED = 5  # how many of the intents that were thought of are kept
HIDDEN = frozenset({"disclose_offence"})  # what was said then is not kept: no rule needs it again

Answer = TypeVar("Answer")


class Conversation(DialogueStateTracker):
    """A tracker that knows which row it was read from, and copies itself without living its life again."""

    row: Row | None = None
    _states: tuple[int, Event | None, list[dict[str, Any]]] | None = None

    def init_copy(self) -> Conversation:
        fresh = Conversation(
            self.sender_id, self.slots.values(), self._max_event_history, is_rule_tracker=self.is_rule_tracker
        )
        fresh.row = self.row
        return fresh

    def copy(self) -> Conversation:
        """Rasa replays every event for a copy; what a tracker is made of can simply be copied."""
        twin = copy.copy(self)
        twin.events = self.events.copy()
        twin.slots = {name: copy.copy(slot) for name, slot in self.slots.items()}
        twin.active_loop = copy.copy(self.active_loop)
        return twin

    def past_states(
        self,
        domain: Domain,
        omit_unset_slots: bool = False,
        ignore_rule_only_turns: bool = False,
        rule_only_data: dict[str, Any] | None = None,
    ) -> list[dict[str, Any]]:
        """RulePolicy asks twice for each prediction, once for texts and once for intents: remember the answer."""
        if omit_unset_slots or ignore_rule_only_turns:  # never asked by RulePolicy
            return super().past_states(domain, omit_unset_slots, ignore_rule_only_turns, rule_only_data)
        last = self.events[-1] if self.events else None
        if not self._states or self._states[0] != len(self.events) or self._states[1] is not last:
            self._states = (len(self.events), last, super().past_states(domain))
        # Rasa takes things out of the states that it is given.
        return [{kind: dict(part) for kind, part in state.items()} for state in self._states[2]]


def write_line(event: Event) -> str:
    """An event as one line of JSON, without what can be told from the rest of it. Written once an event."""
    line: str | None = event.__dict__.get("_line")
    if line is None:
        told = {key: value for key, value in event.as_dict().items() if value is not None and value != {}}
        if told["event"] == "user":
            parsed = told.get("parse_data", {})
            if not HIDDEN.isdisjoint([parsed.get("intent", {}).get("name"), *parsed.get("told", [])]):
                told["text"], parsed = "", {**parsed, "entities": []}
            told["parse_data"] = {key: parsed[key] for key in ("intent", "entities") if key in parsed}
            if parsed.get("told"):  # so that a turn that is answered again from here is hidden as well
                told["parse_data"]["told"] = parsed["told"]
            told["parse_data"]["intent_ranking"] = parsed.get("intent_ranking", [])[:RANKED]
        elif told["event"] == "bot":
            told["data"] = {key: value for key, value in told.get("data", {}).items() if value is not None}
        line = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
        event.__dict__["_line"] = line
    return line


def read_line(line: str) -> Event:
    event = Event.from_parameters(json.loads(line))
    if event is None:
        raise UnreadableTracker
    event.__dict__["_line"] = line
    return event


def latest_session(events: Sequence[Event]) -> Sequence[Event]:
    """The events since the last start of a session, the action that started it included."""
    for place in range(len(events) - 1, 0, -1):
        if isinstance(events[place], SessionStarted):
            before = events[place - 1]
            started = isinstance(before, ActionExecuted) and before.action_name == ACTION_SESSION_START_NAME
            return events[place - 1 :] if started else events[place:]
    return events


class SealedTrackerStore(TrackerStore):
    """The only tracker store that the launcher lets a server run with."""

    def __init__(self, domain: Domain | None, host: str, keys: str, event_broker: Any = None, **_: Any) -> None:
        """`host` is TRACKER_URL, `keys` is TRACKER_KEYS; Rasa hands both over from nlu/endpoints.yml."""
        super().__init__(domain, event_broker)
        self._keys = Keys(keys)
        self._rows = open_rows(host)
        self._threads = ThreadPoolExecutor(self._rows.threads, thread_name_prefix="tracker")
        self._held: OrderedDict[str, Conversation] = OrderedDict()

    def name_of(self, conversation: str) -> str:
        """The keyed hash that stands for a conversation outside this store (locks, logs)."""
        return self._keys.names(conversation)[0]

    async def retrieve(self, sender_id: str) -> Conversation | None:
        """The conversation's latest session, or None where there is none. Raises `UnreadableTracker`."""
        held = self._held.get(sender_id)
        known = held.row.version if held and held.row else -1
        row = await self._on_thread(self._rows.read, self._keys.names(sender_id), known)
        if row is None:
            self.drop(sender_id)
            return None
        if row.sealed is None and held:
            self._held.move_to_end(sender_id)
            return held
        return self._hold(self.tracker_of(sender_id, self._lines_of(row, sender_id), row))

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Write the conversation's latest session. Raises `StaleTracker` where its row has changed meanwhile."""
        if not isinstance(tracker, Conversation):
            raise TypeError("only trackers that came from this store can be saved in it")
        plain = "\n".join(map(write_line, latest_session(list(tracker.events)))).encode()
        name, old = self.name_of(tracker.sender_id), tracker.row
        sealed = self._keys.seal(plain, tracker.sender_id)
        try:
            await self._on_thread(self._rows.write, name, sealed, old)
        except BaseException:
            self.drop(tracker.sender_id)
            raise
        tracker.row = Row(name, old.version + 1 if old else 1, None)
        self._hold(tracker)

    async def delete(self, conversation: str) -> None:
        self.drop(conversation)
        await self._on_thread(self._rows.delete, self._keys.names(conversation))

    async def check(self) -> None:
        """Ask the database something. Raises what it raises."""
        await self._on_thread(self._rows.read, ["nobody"], -1)

    async def keys(self) -> Iterable[str]:
        """Not possible: conversations' ids are kept as keyed hashes only."""
        raise NotImplementedError("conversations' ids are kept as keyed hashes only")

    def drop(self, conversation: str) -> None:
        """Forget what is held in memory of a conversation, not what is stored."""
        self._held.pop(conversation, None)

    def init_tracker(self, sender_id: str) -> Conversation:
        return Conversation(sender_id, self.domain.slots)

    def tracker_of(self, conversation: str, events: Iterable[Event], row: Row | None) -> Conversation:
        """A tracker in the state that these events lead to, to be saved in the place of `row`."""
        tracker = self.init_tracker(conversation)
        tracker.events.extend(events)
        tracker.replay_events()
        tracker.row = row
        return tracker

    def close(self) -> None:
        self._threads.shutdown(wait=True)
        self._rows.close()

    def _lines_of(self, row: Row, conversation: str) -> list[Event]:
        try:
            return [read_line(line) for line in self._keys.open(row, conversation).decode().split("\n") if line]
        except (KeyError, TypeError, ValueError):  # sealed by us, yet not events: never an empty conversation
            raise UnreadableTracker from None

    def _hold(self, tracker: Conversation) -> Conversation:
        self._held[tracker.sender_id] = tracker
        self._held.move_to_end(tracker.sender_id)
        if len(self._held) > HELD:
            self._held.popitem(last=False)
        return tracker

    async def _on_thread(self, call: Callable[..., Answer], *args: Any) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call, *args)


__all__ = ["BadTrackerKeys", "Conversation", "SealedTrackerStore", "StaleTracker", "UnreadableTracker"]
