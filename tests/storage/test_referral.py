"""Finding a referral: by reference, by personal link, by name."""

import time
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from storage.database import Database
from storage.keys import Keyring
from storage.person import Person
from storage.referral import by_link, by_name, by_reference
from tests.builders import NOW, a_link, a_person, a_referral, new_id
from tests.conftest import Clock


def test_by_reference(database: Database) -> None:
    referral = a_referral(database, reference="TVP4F7K92")
    a_referral(database)
    with database.reading() as session:
        found = by_reference(session, database.keyring, "TVP4F7K92")
        assert found is not None
        assert (found.id, found.reference) == (referral.id, "TVP4F7K92")
        assert by_reference(session, database.keyring, "TVP4F7K93") is None
    with pytest.raises(IntegrityError):
        a_referral(database, reference="TVP4F7K92")


def test_by_reference_while_keys_change(database: Database, key: bytes) -> None:
    referral = a_referral(database, reference="TVP4F7K92")
    with database.reading() as session:
        found = by_reference(session, Keyring([b"n" * 32, key]), "TVP4F7K92")
        assert found is not None
        assert found.id == referral.id
        assert by_reference(session, Keyring([b"n" * 32]), "TVP4F7K92") is None


def test_by_link(database: Database, clock: Clock) -> None:
    referral = a_referral(database)
    a_link(database, referral, "good", expires_at=NOW + timedelta(days=1))
    a_link(database, referral, "revoked", revoked_at=NOW)
    with database.reading() as session:
        found = by_link(session, database.keyring, "good", clock())
        assert found is not None
        assert found.id == referral.id
        assert by_link(session, database.keyring, "revoked", clock()) is None
        assert by_link(session, database.keyring, "guess", clock()) is None
        assert by_link(session, database.keyring, "good", clock.forward(days=1)) is None
    with pytest.raises(IntegrityError):
        a_link(database, a_referral(database), "good")


def test_by_name_however_it_is_written(database: Database) -> None:
    zoe = a_person(database, name="Zoë  O'Neill-Straße ")
    later = a_referral(database, person=zoe, created_at=NOW + timedelta(days=1))
    first = a_referral(database, person=zoe)
    a_referral(database, person=a_person(database, name="Zoë O'Neill"))
    with database.reading() as session:
        found = by_name(session, " zoë O'NEILL-STRASSE")
        assert [(referral.id, person.id) for referral, person in found] == [(first.id, zoe.id), (later.id, zoe.id)]
        assert by_name(session, "nobody") == []


def test_five_thousand_names_are_scanned_while_one_waits(database: Database) -> None:
    with database.writing() as session:
        session.add_all(
            Person(id=new_id(), name=f"Person {number}", date_of_birth="x", created_at=NOW) for number in range(5_000)
        )
    with database.reading() as session:
        began = time.perf_counter()
        assert by_name(session, "someone else") == []
        assert time.perf_counter() - began < 1  # 20 ms when the machine is idle
