"""Misses: one for each message, the newest first, gone from the list once settled."""

from storage.database import Database
from storage.miss import Miss, add_miss, misses_of, open_misses
from tests.builders import NOW, a_conversation, a_message_in, a_miss, new_id
from tests.conftest import Clock


def test_a_message_is_missed_once(database: Database) -> None:
    said = a_message_in(database, a_conversation(database))
    with database.writing() as session:
        for text in ("first", "again"):
            miss = Miss(id=new_id(), message_in_id=said.id, text=text, ranking="[]", missed_at=NOW)
            assert add_miss(session, miss) is (text == "first")
    with database.reading() as session:
        assert [miss.text for miss in misses_of(session, [said.id])] == ["first"]


def test_open_misses_come_newest_first_and_without_the_settled(database: Database, clock: Clock) -> None:
    talk = a_conversation(database)
    old = a_miss(database, a_message_in(database, talk), text="old")
    a_miss(database, a_message_in(database, talk), text="settled", settled_at=NOW)
    new = a_miss(database, a_message_in(database, talk), text="new", missed_at=clock.forward(hours=1))
    with database.reading() as session:
        assert [miss.id for miss in open_misses(session, 10)] == [new.id, old.id]
        assert [miss.id for miss in open_misses(session, 1)] == [new.id]
