"""Changing keys: afterwards the old key is not needed, and stopping in the middle does no harm."""

import pytest
from sqlalchemy import text
from sqlmodel import select

from storage.database import Database
from storage.enums import Channel
from storage.identity import find_identity
from storage.keys import CannotOpenError, Keyring
from storage.person import Person
from storage.referral import by_reference
from storage.rotate import OtherReferenceError, rotate, sealed_places
from tests.builders import a_person, a_referral
from tests.storage.test_sealed import PLANTED, plant

NEW = b"a newer data key of thirty-two b"


def test_afterwards_the_old_key_is_not_needed(database: Database, database_url: str, key: bytes) -> None:
    plant(database)
    both, new = Database(database_url, Keyring([NEW, key])), Database(database_url, Keyring([NEW]))
    changed = rotate(both)
    with new.reading() as session:
        rows = 0
        for place in sealed_places():
            for row in session.execute(select(*place.sealed)):  # opening is the proof
                rows += 1
                assert all(value is None or PLANTED in value for value in row)
        assert changed == rows > 8
        assert by_reference(session, new.keyring, f"{PLANTED}REFERENCE") is not None
        assert find_identity(session, new.keyring, Channel.TELEGRAM, f"{PLANTED}-chat") is not None
    assert rotate(both) == 0
    both.close()
    new.close()


def test_it_can_be_stopped_and_run_again(database: Database, database_url: str, key: bytes) -> None:
    people = [a_person(database, name=f"Person {number}") for number in range(25)]
    both, new = Database(database_url, Keyring([NEW, key])), Database(database_url, Keyring([NEW]))
    with database.writing() as session:
        session.execute(text("UPDATE person SET phone = email WHERE id = :id"), {"id": max(row.id for row in people)})
    with pytest.raises(CannotOpenError):  # in the last batch, after others were committed
        rotate(both, batch=1)
    with both.writing() as session:
        session.execute(text("UPDATE person SET phone = NULL WHERE id = :id"), {"id": max(row.id for row in people)})
    assert 1 <= rotate(both, batch=4) <= 25
    with new.reading() as session:
        assert {row.name for row in session.exec(select(Person))} == {f"Person {number}" for number in range(25)}
    both.close()
    new.close()


def test_without_the_old_key_it_changes_nothing(database: Database, database_url: str) -> None:
    person = a_person(database)
    stranger = Database(database_url, Keyring([NEW]))
    with pytest.raises(CannotOpenError):
        rotate(stranger)
    with database.reading() as session:
        assert session.get_one(Person, person.id).name == person.name
    stranger.close()


def test_a_reference_that_is_not_what_was_hashed_is_noticed(database: Database, database_url: str, key: bytes) -> None:
    a_referral(database, reference="TVP-4F7K-92", reference_lookup=database.keyring.lookup("TVP4F7K92", "x"))
    both = Database(database_url, Keyring([NEW, key]))
    with pytest.raises(OtherReferenceError):
        rotate(both)
    both.close()
