"""Whatever happens, in whatever order, and wherever a process dies: one owner, and all of it in the audit log."""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlmodel import select

from programme import conversation as conversations
from programme import handoff, reply, shift, timers
from programme import turn as turns
from programme.context import Context
from programme.handoff import NotAllowedError
from programme.rules.handoff import TRANSITIONS
from programme.turn import ClosedError, Incoming
from storage.audit import audit_of
from storage.conversation import Conversation
from storage.database import Database
from storage.enums import HandoffState, MessageKind, Owner, Sender
from storage.handoff import HandoffRequest
from storage.keys import Keyring
from storage.message import MessageOut
from tests.builders import an_account, new_id
from tests.conftest import Clock
from tests.programme.desk import a_context, opened

CHATS, WORKERS = 2, 3
chats, workers = st.integers(0, CHATS - 1), st.integers(0, WORKERS - 1)
OPEN = (HandoffState.WAITING, HandoffState.TAKEN)


class DiedError(Exception):
    """The process died here."""


class OneOwner(RuleBasedStateMachine):
    """`template`, `keyring`: a migrated database to copy, and what opens it."""

    template: Path
    keyring: Keyring

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="owner")
        path = Path(self.folder) / "app.db"
        shutil.copyfile(self.template, path)
        self.database = Database(f"sqlite:///{path}", self.keyring)
        self.clock = Clock()
        self.ctx = a_context(self.database, self.clock)
        self.chats = [opened(self.ctx) for _ in range(CHATS)]
        self.workers = [an_account(self.database).id for _ in range(WORKERS)]
        for worker in self.workers[:2]:
            shift.begin(self.ctx, worker)
        self.places: dict[str, datetime] = {}

    def teardown(self) -> None:
        if hasattr(self, "database"):
            self.database.close()
            shutil.rmtree(self.folder)

    @rule(chat=chats)
    def asks(self, chat: int) -> None:
        handoff.ask(self.ctx, self.chats[chat], "request_human")

    @rule(chat=chats)
    def withdraws(self, chat: int) -> None:
        self.tries(handoff.withdraw, self.chats[chat])

    @rule(chat=chats)
    def is_in_danger(self, chat: int) -> None:
        self.receives(chat, "risk_of_suicide")

    @rule(chat=chats)
    def writes(self, chat: int) -> None:
        self.receives(chat, None)

    @rule(chat=chats)
    def leaves(self, chat: int) -> None:
        conversations.close(self.ctx, self.chats[chat])

    @rule(worker=workers)
    def begins_a_shift(self, worker: int) -> None:
        shift.begin(self.ctx, self.workers[worker])

    @rule(worker=workers)
    def ends_a_shift(self, worker: int) -> None:
        shift.end(self.ctx, self.workers[worker])

    @rule(chat=chats, worker=workers)
    def takes(self, chat: int, worker: int) -> None:
        before, on = self.held_by(chat), shift.is_on(self.ctx, self.workers[worker])
        result = self.tries(handoff.take, self.chats[chat], self.workers[worker])
        if result is not None and result.won:
            assert on
            assert before in (None, self.workers[worker])
            assert self.held_by(chat) == self.workers[worker]
        else:
            assert self.held_by(chat) == before

    @rule(chat=chats, worker=workers)
    def replies(self, chat: int, worker: int) -> None:
        """Only who has it can write, and only they."""
        before = self.written(chat)
        is_theirs = self.held_by(chat) == self.workers[worker]
        sent = self.tries(reply.say, self.chats[chat], self.workers[worker], "hello", new_id())
        assert (sent is not None) is is_theirs
        assert self.written(chat) == before + is_theirs

    @rule(chat=chats, worker=workers, act=st.sampled_from([handoff.hand_back, handoff.close]))
    def is_done(self, chat: int, worker: int, act: Callable[..., None]) -> None:
        before = self.held_by(chat)
        self.tries(act, self.chats[chat], self.workers[worker])
        if before not in (None, self.workers[worker]):
            assert self.held_by(chat) == before

    @rule(chat=chats, worker=workers, to=st.none() | workers)
    def passes_on(self, chat: int, worker: int, to: int | None) -> None:
        before = self.held_by(chat)
        there = None if to is None else self.workers[to]
        self.tries(handoff.pass_on, self.chats[chat], self.workers[worker], there)
        if before != self.workers[worker]:
            assert self.held_by(chat) == before

    @rule(minutes=st.sampled_from([1, 6, 11, 61, 60 * 25, 60 * 24 * 8]))
    def time_goes_by(self, minutes: int) -> None:
        self.clock.forward(minutes=minutes)
        timers.tick(self.ctx)

    @rule(worker=workers)
    def is_heard(self, worker: int) -> None:
        shift.beat(self.ctx, self.workers[worker])

    @precondition(lambda self: hasattr(self, "ctx"))
    @rule(chat=chats, worker=workers, after=st.integers(0, 4), what=st.sampled_from(["ask", "take", "close", "tick"]))
    def a_process_dies(self, chat: int, worker: int, after: int, what: str) -> None:
        """In the middle of its work: nothing of it is kept, or all of it."""
        left = iter(range(after))

        def dying() -> str:
            if next(left, None) is None:
                raise DiedError
            return new_id()

        ctx = replace(self.ctx, new_id=dying)
        acts: dict[str, Callable[[], Any]] = {
            "ask": lambda: handoff.ask(ctx, self.chats[chat], "request_human"),
            "take": lambda: handoff.take(ctx, self.chats[chat], self.workers[worker]),
            "close": lambda: handoff.close(ctx, self.chats[chat], self.workers[worker]),
            "tick": lambda: timers.tick(ctx),
        }
        try:
            acts[what]()
        except (DiedError, NotAllowedError):
            return

    @invariant()
    def one_owner_and_one_request_that_says_so(self) -> None:
        for chat in getattr(self, "chats", []):
            with self.database.reading() as session:
                owner = session.get_one(Conversation, chat).owner
                rows = session.exec(select(HandoffRequest).where(HandoffRequest.conversation_id == chat)).all()
            states = [row.state for row in rows if row.state in OPEN]
            expected = {Owner.BOT: [], Owner.QUEUED: [HandoffState.WAITING], Owner.WORKER: [HandoffState.TAKEN]}
            assert states == expected[owner]
            for row in rows:
                assert (row.state in OPEN) is (row.ended_at is None)
                assert self.places.setdefault(row.id, row.requested_at) == row.requested_at

    @invariant()
    def the_audit_log_tells_each_change(self) -> None:
        for chat in getattr(self, "chats", []):
            with self.database.reading() as session:
                lines = audit_of(session, "conversation", chat)
                owner = session.get_one(Conversation, chat).owner
            told = "bot"
            for cause in (line.action.removeprefix("owner:") for line in lines if line.action.startswith("owner:")):
                told = TRANSITIONS[told, cause]
            assert told == owner.value
        if hasattr(self, "clock"):
            self.clock.forward(seconds=1)  # so that the log's lines have an order

    def receives(self, chat: int, danger: str | None) -> None:
        try:
            turns.receive(self.ctx, self.chats[chat], Incoming(new_id(), MessageKind.TEXT, "hello again"), danger)
        except ClosedError:
            return

    def tries(self, act: Callable[..., Any], *given: Any) -> Any:
        """The answer; None where it is not allowed."""
        try:
            return act(self.ctx, *given)
        except NotAllowedError:
            return None

    def held_by(self, chat: int) -> str | None:
        with self.database.reading() as session:
            found = select(HandoffRequest.account_id).where(
                HandoffRequest.conversation_id == self.chats[chat], HandoffRequest.state == HandoffState.TAKEN
            )
            return session.exec(found).first()

    def written(self, chat: int) -> int:
        with self.database.reading() as session:
            found = select(MessageOut.id).where(
                MessageOut.conversation_id == self.chats[chat], MessageOut.sender == Sender.WORKER
            )
            return len(session.exec(found).all())


def test_whatever_happens_there_is_one_owner(_sqlite_template: Path, keyring: Keyring) -> None:
    OneOwner.template, OneOwner.keyring = _sqlite_template, keyring
    run_state_machine_as_test(OneOwner, settings=settings(max_examples=20, stateful_step_count=40, deadline=None))


@pytest.mark.parametrize("after", range(12))
def test_a_process_that_dies_while_taking_leaves_all_or_nothing(database: Database, clock: Clock, after: int) -> None:
    ctx: Context = a_context(database, clock)
    chat, worker = opened(ctx), an_account(database).id
    handoff.ask(ctx, chat, "request_human")
    shift.begin(ctx, worker)
    left = iter(range(after))

    def dying() -> str:
        if next(left, None) is None:
            raise DiedError
        return new_id()

    try:
        won = handoff.take(replace(ctx, new_id=dying), chat, worker).won
    except DiedError:
        won = False
    assert handoff.owner(ctx, chat) is (Owner.WORKER if won else Owner.QUEUED)
