"""Messages: numbered, stored once, sent in order, danger first."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from programme import outbox
from storage.conversation import Conversation, take_lease
from storage.database import Database
from storage.enums import Channel, OutState, TurnState
from storage.message import (
    MessageIn,
    MessageOut,
    NoConversationError,
    add_in,
    add_out,
    after,
    button,
    conversations_waiting,
    due_out,
    in_by_channel_id,
    mark_seen,
    next_waiting_in,
    out_by_unique_key,
    out_seq,
    replies_to,
    unended_in,
)
from tests.builders import NOW, a_button, a_conversation, a_message_in, a_message_out, new_id
from tests.conftest import Clock
from tests.programme.desk import a_context


def test_what_comes_in_is_numbered_and_stored_once(database: Database, clock: Clock) -> None:
    talk, other = a_conversation(database), a_conversation(database)
    first = a_message_in(database, talk, "one", channel_message_id="a")
    second = a_message_in(database, talk, "two", channel_message_id="b", received_at=clock.forward(seconds=5))
    again = a_message_in(database, talk, "one", channel_message_id="a")
    elsewhere = a_message_in(database, other, "one", channel_message_id="a")
    assert [first.seq, second.seq, again.seq, elsewhere.seq] == [1, 2, 1, 1]
    assert again.id == first.id
    with database.reading() as session:
        row = session.get_one(Conversation, talk.id)
        assert (row.next_in_seq, row.last_in_at) == (3, clock())
        found = in_by_channel_id(session, talk.id, "b")
        assert found is not None
        assert found.text == "two"


def test_the_database_itself_refuses_a_message_twice(database: Database) -> None:
    message = a_message_in(database, a_conversation(database))
    copy = message.model_dump() | {"id": new_id(), "seq": 99}
    with pytest.raises(IntegrityError), database.writing() as session:
        session.add(MessageIn(**copy))


def test_a_message_needs_its_conversation(database: Database) -> None:
    with pytest.raises(NoConversationError), database.writing() as session:
        add_in(
            session, MessageIn(id="1", conversation_id="nothing", channel_message_id="1", kind="text", received_at=NOW)
        )


def test_many_at_once_get_numbers_without_gap_or_repeat(database: Database) -> None:
    talk = a_conversation(database)

    def both(start: int) -> None:
        for number in range(start, start + 10):
            a_message_in(database, talk, channel_message_id=str(number))
            a_message_out(database, talk, unique_key=str(number))

    threads = [threading.Thread(target=both, args=(start,)) for start in (0, 0, 10, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as session:
        assert [message.seq for message in unended_in(session, talk.id)] == list(range(1, 21))
        assert [message.seq for message in after(session, talk.id, 0)] == list(range(1, 21))


def test_the_first_unended_message_is_next(database: Database) -> None:
    talk = a_conversation(database)
    done, handling, waiting = (a_message_in(database, talk, text) for text in ("a", "b", "c"))
    with database.writing() as session:
        session.get_one(MessageIn, done.id).state = TurnState.ENDED
        session.get_one(MessageIn, handling.id).state = TurnState.HANDLING
    with database.reading() as session:
        found = next_waiting_in(session, talk.id)
        assert found is not None
        assert found.id == handling.id
        assert [message.id for message in unended_in(session, talk.id)] == [handling.id, waiting.id]
        assert next_waiting_in(session, "nothing") is None


def test_conversations_that_wait_for_somebody(database: Database, clock: Clock) -> None:
    talks = [a_conversation(database) for _ in range(4)]
    for talk, age in zip(talks, (1, 3, 2, 9), strict=True):
        a_message_in(database, talk, received_at=clock() - timedelta(seconds=age))
        a_message_in(database, talk, received_at=clock())
    with database.writing() as session:
        take_lease(session, talks[3].id, "one", clock(), 10)
    with database.reading() as session:
        assert conversations_waiting(session, clock(), 10) == [talks[1].id, talks[2].id, talks[0].id]
        assert conversations_waiting(session, clock(), 1) == [talks[1].id]
        assert conversations_waiting(session, clock.forward(seconds=10), 1) == [talks[3].id]  # its holder died


def test_something_is_said_once(database: Database) -> None:
    talk = a_conversation(database)
    first = a_message_out(database, talk, "Booked.", unique_key="booked:1")
    again = a_message_out(database, talk, "Booked!", unique_key="booked:1")
    assert (again.id, again.text) == (first.id, "Booked.")
    a_message_out(database, talk)
    a_message_out(database, talk)  # no key: as often as wanted
    with database.writing() as session:
        assert len(after(session, talk.id, 0)) == 3
        found = out_by_unique_key(session, "booked:1")
        assert found is not None
        assert found.id == first.id
        message = MessageOut(id=new_id(), conversation_id=talk.id, sender="notice", text="x", created_at=NOW)
        assert add_out(session, message) is message
        assert message.seq == 4


def test_what_was_said_after_a_message(database: Database) -> None:
    talk, other = a_conversation(database), a_conversation(database)
    asked = a_message_in(database, talk)
    said = [a_message_out(database, talk, text, reply_to_id=asked.id) for text in ("a", "b", "c")]
    with database.reading() as session:
        seq = out_seq(session, talk.id, said[0].id)
        assert seq is not None
        assert [message.text for message in after(session, talk.id, seq)] == ["b", "c"]
        assert [message.text for message in replies_to(session, asked.id)] == ["a", "b", "c"]
        assert out_seq(session, other.id, said[0].id) is None  # not of another's conversation


def due(database: Database, clock: Clock, channel: Channel = Channel.WEB, limit: int = 10) -> list[str]:
    with database.reading() as session:
        return [message.text for message in due_out(session, channel, clock(), limit)]


def test_one_message_a_conversation_in_order(database: Database, clock: Clock) -> None:
    talk, other = a_conversation(database), a_conversation(database)
    telegram = a_conversation(database, Channel.TELEGRAM)
    first = a_message_out(database, talk, "a")
    a_message_out(database, talk, "b")
    a_message_out(database, other, "c", created_at=NOW + timedelta(seconds=1))
    a_message_out(database, telegram, "t")
    assert due(database, clock) == ["a", "c"]
    assert due(database, clock, limit=1) == ["a"]
    assert due(database, clock, Channel.TELEGRAM) == ["t"]
    with database.writing() as session:
        session.get_one(MessageOut, first.id).state = OutState.DELIVERED
    assert due(database, clock) == ["b", "c"]


def test_a_message_that_waits_to_be_tried_again_holds_back_the_rest_but_not_danger(
    database: Database, clock: Clock
) -> None:
    talk, other = a_conversation(database), a_conversation(database)
    a_message_out(database, talk, "a", next_try_at=NOW + timedelta(seconds=30))
    a_message_out(database, talk, "b")
    a_message_out(database, other, "c", created_at=NOW - timedelta(hours=1))
    assert due(database, clock) == ["c"]
    a_message_out(database, talk, "help", first=True)
    assert due(database, clock) == ["help", "c"]  # and before the older one of somebody else
    with database.writing() as session:
        help_now = after(session, talk.id, 2)[0]
        help_now.state = OutState.FAILED
    clock.forward(seconds=30)
    assert due(database, clock) == ["c", "a"]


def test_seen_is_delivered(database: Database, clock: Clock) -> None:
    talk, other = a_conversation(database), a_conversation(database)
    states = [OutState.SENT, OutState.WAITING, OutState.FAILED, OutState.SENT]
    for state in states:
        a_message_out(database, talk, state=state)
    a_message_out(database, other)
    with database.writing() as session:
        mark_seen(session, talk.id, 3, clock())
    with database.reading() as session:
        seen = after(session, talk.id, 0)
        assert [message.state for message in seen] == [
            OutState.DELIVERED,
            OutState.DELIVERED,
            OutState.FAILED,
            OutState.SENT,
        ]
        assert [message.delivered_at for message in seen] == [clock(), clock(), None, None]
        assert after(session, other.id, 0)[0].state is OutState.WAITING


def test_a_button_works_in_its_own_conversation_alone(database: Database) -> None:
    talk, other = a_conversation(database), a_conversation(database)
    sent = a_button(database, a_message_out(database, talk))
    with database.reading() as session:
        found = button(session, talk.id, sent.token)
        assert found is not None
        assert found.title == "Yes"
        assert button(session, other.id, sent.token) is None
        assert button(session, talk.id, "made up") is None


def test_two_processes_never_claim_the_same_message(database: Database, database_url: str, clock: Clock) -> None:
    """The other looks while ours has chosen, and has not yet committed."""
    other = Database(database_url, database.keyring)
    ctx, other_ctx = a_context(database, clock), a_context(other, clock, "other")
    mine = a_message_out(database, a_conversation(database, Channel.TELEGRAM))
    theirs: list[str] = []
    thread = threading.Thread(
        target=lambda: theirs.extend(parcel.id for parcel in outbox.claim(other_ctx, Channel.TELEGRAM))
    )
    with database.writing() as session:
        (row,) = due_out(session, Channel.TELEGRAM, clock(), 30)
        row.next_try_at = clock() + outbox.CLAIM
        session.flush()
        thread.start()
        thread.join(0.5)
    thread.join(10)
    assert not thread.is_alive()
    assert (row.id, theirs) == (mine.id, [])
    clock.forward(seconds=31)
    assert [parcel.id for parcel in outbox.claim(ctx, Channel.TELEGRAM)] == [mine.id], "and it is not lost"
    other.close()
