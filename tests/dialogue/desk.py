"""The real parts for conversations in tests: Rasa and the action server as processes, the conversation service here.

A `Person` talks as somebody on a channel would: types, taps a button that was sent, sends a command. What is answered
comes back as `Said`, read from the outbox.
"""

import asyncio
import json
import subprocess
import threading
import uuid
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlmodel import select

from bot.dialogue import Dialogue
from bot.service import ConversationService
from launch.context import make_context
from launch.keys import make_sample_keys, read_keyring
from launch.moved_clock import move_on
from launch.settings import PROJECT, RASA_PYTHON, Settings, child_environment
from launch.wiring import make_languages, make_safety
from programme import conversation as conversations
from programme import outbox, sample, setting
from programme import turn as turns
from programme.answers import Situation
from programme.context import Context
from programme.rules import london
from programme.turn import Incoming
from storage import message as messages
from storage.booking import Booking, active_booking
from storage.case import Case, cases_of_referral
from storage.case import open_cases as cases_of
from storage.conversation import Conversation
from storage.enums import CaseReason, MessageKind, Owner, TurnEnd
from storage.handoff import HandoffRequest
from storage.keys import write_key
from storage.message import MessageIn
from storage.migrate import migrate
from storage.referral import Referral
from tests import builders
from tests.dialogue.servers import Servers

BORN = date(1990, 3, 14)
START_SECONDS, TURN_SECONDS = 120.0, 20.0
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Said:
    """One message of ours. `buttons`: (title, payload)."""

    answer: str
    text: str
    buttons: tuple[tuple[str, str], ...]

    @property
    def titles(self) -> list[str]:
        return [title for title, _ in self.buttons]


class Desk:
    """A sample programme with the servers beside it, and the conversation service on a loop of its own."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(var_dir=folder, demo_clock=folder / "clock.json")
        move_on(folder / "clock.json", next_tuesday())  # what may be booked and moved hangs on the hour
        make_sample_keys(self.settings)
        self.ctx: Context = make_context(self.settings)
        migrate(self.ctx.database)
        sample.seed(self.ctx)
        self.held_course = builders.a_course(
            self.ctx.database, venue_id="oxford", capacity=100_000, starts_at=self.days_ahead(40)
        )
        self._servers = Servers(self.settings)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="desk", daemon=True)
        self._thread.start()
        inside = self._servers.inside
        self.secret, self.url = inside.dialogue_secret, f"http://127.0.0.1:{inside.dialogue_port}"
        self._dialogue = self.run(_make(Dialogue, self.url, self.secret))
        self.service = ConversationService(self.ctx, self._dialogue, make_safety(), languages=make_languages())

    def run(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(TURN_SECONDS)

    def close(self) -> None:
        self.run(self.service.stop())
        self.run(self._dialogue.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()
        self._servers.stop()
        self.ctx.database.close()

    async def handle(self, conversation_id: str, incoming: Incoming) -> str:
        """Has a message handled to its end; its turn's id."""
        changed = asyncio.Event()
        stop = self.service.listen(changed, conversation_id)
        try:
            async with asyncio.timeout(TURN_SECONDS):
                accepted = await self.service.accept(conversation_id, incoming)
                changed.clear()
                while await asyncio.to_thread(turns.in_hand, self.ctx, conversation_id):
                    with suppress(TimeoutError):
                        await asyncio.wait_for(changed.wait(), 0.5)
                    changed.clear()
        finally:
            stop()
        return accepted.turn

    def days_ahead(self, days: int, hour: int = 10) -> datetime:
        """An hour in London on a day to come, in UTC."""
        local = london.local(self.ctx.clock()).replace(hour=hour, minute=0, second=0, microsecond=0)
        return (local + timedelta(days=days)).astimezone(UTC)

    def referral(self, **given: Any) -> Referral:
        """A referral of somebody born on BORN, with dates ahead."""
        today = london.today(self.ctx.clock())
        dates = {"referred_on": today, "book_by": today + timedelta(28), "finish_by": today + timedelta(42)}
        return builders.a_referral(self.ctx.database, **{"reference": a_reference(), **dates, **given})

    def person(self, referral: Referral | None = None, verified: bool = False, booked: bool = False) -> "Person":
        """Somebody who has just opened the page. `verified`: has proved before who they are."""
        person = Person(self, referral or self.referral())
        if verified or booked:
            person.prove()
        if booked:
            builders.a_booking(self.ctx.database, person.referral, self.held_course)
        return person

    def sayable(self, answer: str, person: "Person") -> str:
        """The answer that is really given: where a setting is missing, that it is not known."""
        with self.ctx.database.reading() as session:
            facts, conversation = setting.facts(session), session.get_one(Conversation, person.id)
            situation: Situation = outbox.situation_of(session, conversation, facts, self.ctx.clock())
        return self.ctx.answers.render(answer, ANYTHING, situation, facts, london.today(self.ctx.clock())).answer

    def slots(self, conversation_id: str) -> dict[str, Any]:
        """The dialogue's slots as its sealed store holds them, opened in Rasa's own environment."""
        keys = ",".join(write_key(key) for key in read_keyring(self.settings).derive("tracker"))
        done = subprocess.run(
            [str(RASA_PYTHON), "-c", OPEN_TRACKER, conversation_id],
            cwd=PROJECT,
            env=child_environment(TRACKER_URL=self.settings.tracker_url, TRACKER_KEYS=keys),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return dict(json.loads(done.stdout.strip().splitlines()[-1]))


OPEN_TRACKER = """
import json, os, sys
from nlu import launcher
launcher.prepare(serving=False)
from nlu.rows import open_rows
from nlu.tracker import Keys
keys, rows = Keys(os.environ["TRACKER_KEYS"]), open_rows(os.environ["TRACKER_URL"])
plain = keys.open(rows.read(keys.names(sys.argv[1]), -1), sys.argv[1]).decode()
events = [json.loads(line) for line in plain.split("\\n") if line]
print(json.dumps({one["name"]: one.get("value") for one in events if one["event"] == "slot"}))
"""


_AT = "2026-12-01T10:00:00+00:00"
ANYTHING = {  # every value that an answer could need, so that it can be seen which of its variations would be said
    **dict.fromkeys(("starts_at", "ends_at", "last_starts_at", "book_by", "finish_by", "opens_at", "asked_at"), _AT),
    **dict.fromkeys(("retry_at", "where", "place", "venue", "calendar", "proof"), _AT),
    **dict.fromkeys(("opens", "due", "usual_wait", "number", "ending"), "soon"),
    "queue_number": 1,
    "sessions": 1,
    "times": [[_AT, _AT]],
}


async def _make(kind: Any, *given: Any) -> Any:
    return kind(*given)


def next_tuesday() -> datetime:
    """Half past ten in London on a Tuesday to come."""
    today = london.today(datetime.now(UTC))
    return london.at(today + timedelta(days=7 - (today.isoweekday() - 2) % 7), time(10, 30))


def a_reference() -> str:
    """A new one in the sample's form, `TVP 4F7K 92`, as it is stored."""
    letters, number = "ACDEFGHJKMNPQRTUVWXY", uuid.uuid4().int
    picked = [letters[(number >> shift) % len(letters)] for shift in (0, 8)]
    digits = f"{(number >> 16) % 10_000:04d}"
    return f"TVP{digits[0]}{picked[0]}{digits[1]}{picked[1]}{digits[2:]}"


class Person:
    """Somebody in a conversation of their own, and what has been said to them there."""

    def __init__(self, desk: Desk, referral: Referral, link: str | None = None) -> None:
        self.desk, self.ctx, self.referral = desk, desk.ctx, referral
        self.id = conversations.open_web(desk.ctx, None, link).conversation_id
        self.heard: list[Said] = []
        self.turn = ""
        self._seq = self._read()

    def prove(self) -> None:
        """As if they had proved earlier in this conversation who they are."""
        with self.ctx.database.writing() as session:
            row = session.get_one(Conversation, self.id)
            row.referral_id, row.verified_at = self.referral.id, self.ctx.clock()
            session.add(row)

    def say(self, text: str) -> list[Said]:
        return self._send(Incoming(uuid.uuid4().hex, MessageKind.TEXT, text))

    def intent(self, name: str) -> list[Said]:
        """A command of ours, as a channel sends it: the intent without any words."""
        return self._send(Incoming(uuid.uuid4().hex, MessageKind.CHOICE, f"/{name}", intent=name))

    def tap(self, title: str, among: Sequence[Said] | None = None) -> list[Said]:
        """The newest button with this title (or whose title begins so), or the one of an older message."""
        return self.press(self.button(title, among))

    def press(self, payload: str) -> list[Said]:
        return self._send(Incoming(uuid.uuid4().hex, MessageKind.CHOICE, None, payload=payload))

    def look(self) -> list[Said]:
        """What has come in the meantime, unasked."""
        before = len(self.heard)
        self._seq = self._read()
        return self.heard[before:]

    def button(self, title: str, among: Sequence[Said] | None = None) -> str:
        for said in reversed(among if among is not None else self.heard):
            for each, payload in said.buttons:
                if each == title or each.startswith(title):
                    return payload
        raise AssertionError(f"no button {title!r} in {[said.titles for said in self.heard][-3:]}")

    def _send(self, incoming: Incoming) -> list[Said]:
        self.turn = self.desk.run(self.desk.handle(self.id, incoming))
        before = len(self.heard)
        self._seq = self._read()
        return self.heard[before:]

    def _read(self) -> int:
        seq = getattr(self, "_seq", 0)
        with self.ctx.database.reading() as session:
            rows = messages.after(session, self.id, seq)
        for row in rows:
            buttons = tuple((button["title"], button["payload"]) for button in json.loads(row.buttons))
            self.heard.append(Said(row.answer or "", row.text, buttons))
        return max((row.seq for row in rows), default=seq)

    @property
    def understood(self) -> tuple[str, float]:
        """Intent and confidence of the last message."""
        with self.ctx.database.reading() as session:
            row = session.get_one(MessageIn, self.turn)
            assert row.ended_as is TurnEnd.ANSWERED, f"the turn ended as {row.ended_as}"
            intent = json.loads(row.understood or "{}").get("intent") or {}
        return str(intent.get("name")), float(intent.get("confidence") or 0)

    @property
    def booking(self) -> Booking | None:
        with self.ctx.database.reading() as session:
            return active_booking(session, self.referral.id)

    @property
    def owner(self) -> Owner:
        with self.ctx.database.reading() as session:
            return session.get_one(Conversation, self.id).owner

    def requests(self) -> list[HandoffRequest]:
        """How often a person was asked for here."""
        with self.ctx.database.reading() as session:
            found = select(HandoffRequest).where(HandoffRequest.conversation_id == self.id)
            return list(session.exec(found))

    def open_cases(self) -> list[Case]:
        """What workers have to look at because of this conversation."""
        with self.ctx.database.reading() as session:
            return [case for case in cases_of(session) if case.conversation_id == self.id]

    def cases(self, reason: CaseReason) -> list[Case]:
        with self.ctx.database.reading() as session:
            return [case for case in cases_of_referral(session, self.referral.id) if case.reason is reason]


def answers(said: Sequence[Said]) -> list[str]:
    return [each.answer for each in said]
