"""Leases: one holder at a time, and no commit with an old fence, also between processes."""

import threading
from datetime import timedelta

import pytest

from storage.conversation import (
    Conversation,
    LostLeaseError,
    check_fence,
    conversation_of,
    extend_lease,
    extend_named,
    holds,
    release,
    release_named,
    take_lease,
    take_named,
)
from storage.database import Database
from tests.builders import NOW, a_conversation, an_identity
from tests.conftest import Clock
from tests.processes import together


def take(database: Database, talk: Conversation, holder: str, clock: Clock) -> int | None:
    with database.writing() as session:
        return take_lease(session, talk.id, holder, clock(), 10)


def test_one_holder_at_a_time(database: Database, clock: Clock) -> None:
    talk = a_conversation(database)
    assert take(database, talk, "one", clock) == 1
    assert take(database, talk, "two", clock) is None
    assert take(database, talk, "one", clock) is None  # nor two threads of one process
    clock.forward(seconds=9.9)
    assert take(database, talk, "two", clock) is None
    clock.forward(seconds=0.1)
    assert take(database, talk, "two", clock) == 2
    with database.reading() as session:
        assert not holds(session, talk.id, 1)
        assert holds(session, talk.id, 2)
        assert not holds(session, "nothing", 2)


def test_an_old_fence_changes_nothing(database: Database, clock: Clock) -> None:
    talk = a_conversation(database)
    take(database, talk, "one", clock)
    clock.forward(seconds=10)
    take(database, talk, "two", clock)
    with database.writing() as session:
        assert not extend_lease(session, talk.id, 1, clock(), 60)
        assert not release(session, talk.id, 1)
        assert holds(session, talk.id, 2)
    with pytest.raises(LostLeaseError), database.writing() as session:
        session.get_one(Conversation, talk.id).turns_since_renewal = 5
        check_fence(session, talk.id, 1)
    with database.writing() as session:
        check_fence(session, talk.id, 2)
        assert session.get_one(Conversation, talk.id).turns_since_renewal == 0


def test_more_time_and_giving_back(database: Database, clock: Clock) -> None:
    talk = a_conversation(database)
    take(database, talk, "one", clock)
    clock.forward(seconds=8)
    with database.writing() as session:
        assert extend_lease(session, talk.id, 1, clock(), 10)
    clock.forward(seconds=8)
    assert take(database, talk, "two", clock) is None
    with database.writing() as session:
        assert release(session, talk.id, 1)
        assert not release(session, talk.id, 1)
        assert not holds(session, talk.id, 1)
    assert take(database, talk, "two", clock) == 2


def test_a_row_that_was_read_before_shows_the_lease(database: Database, clock: Clock) -> None:
    talk = a_conversation(database)
    with database.writing() as session:
        row = session.get_one(Conversation, talk.id)
        fence = take_lease(session, talk.id, "one", clock(), 10)
        assert (row.fence, row.lease_holder) == (fence, "one")


def test_holding_lasts_until_the_commit(database: Database, clock: Clock) -> None:
    """Nobody may take the conversation between the question and the commit, even when the time is up."""
    talk = a_conversation(database)
    take(database, talk, "one", clock)
    clock.forward(seconds=60)
    order: list[str] = []

    def other() -> None:
        assert take(database, talk, "two", clock) == 2
        order.append("taken")

    with database.writing() as session:
        check_fence(session, talk.id, 1)
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(0.3)
        session.get_one(Conversation, talk.id).turns_since_renewal = 1
        order.append("committed")
    thread.join()
    assert order == ["committed", "taken"]


def test_two_processes_never_hold_the_same_fence(database: Database) -> None:
    talk = a_conversation(database)

    def race(mine: Database, number: int) -> list[tuple[int | None, int | None]]:
        won = []
        for step in range(60):  # each step is a later time, at which the lease of the step before has run out
            now = NOW + timedelta(seconds=10 * step)
            with mine.writing() as session:
                fence = take_lease(session, talk.id, str(number), now, 10)
                if fence is not None:
                    session.get_one(Conversation, talk.id).turns_since_renewal += 1
            with mine.writing() as session:
                named = take_named(session, "race", str(number), now, 10)
            won.append((fence, named))
        return won

    won = together(database, race, 2)
    for kind in (0, 1):
        fences = [pair[kind] for mine in won for pair in mine if pair[kind] is not None]
        assert sorted(fences) == list(range(1, len(fences) + 1))  # each once, none left out
        assert 60 <= len(fences) <= 61
    with database.reading() as session:
        row = session.get_one(Conversation, talk.id)
        assert row.fence == row.turns_since_renewal


def test_a_named_lease(database: Database, clock: Clock) -> None:
    with database.writing() as session:
        assert take_named(session, "polling", "one", clock(), 10) == 1
        assert take_named(session, "polling", "two", clock(), 10) is None
        assert take_named(session, "clock", "two", clock(), 10) == 1
        assert extend_named(session, "polling", 1, clock.forward(seconds=5), 10)
        assert not extend_named(session, "polling", 2, clock(), 10)
        clock.forward(seconds=9)
        assert take_named(session, "polling", "two", clock(), 10) is None
        clock.forward(seconds=1)
        assert not extend_named(session, "polling", 1, clock(), 10)  # too late
        assert take_named(session, "polling", "two", clock(), 10) == 2
        assert not release_named(session, "polling", 1, clock())
        assert release_named(session, "polling", 2, clock())
        assert take_named(session, "polling", "one", clock(), 10) == 3


def test_the_conversation_of_an_identity(database: Database, clock: Clock) -> None:
    identity = an_identity(database)
    a_conversation(database)
    a_conversation(database, identity_id=identity.id)
    newest = a_conversation(database, identity_id=identity.id, created_at=clock.forward(minutes=1))
    a_conversation(database, identity_id=identity.id, created_at=clock.forward(minutes=1), closed_at=NOW)
    with database.reading() as session:
        found = conversation_of(session, identity.id)
        assert found is not None
        assert found.id == newest.id
        assert conversation_of(session, "nobody") is None
