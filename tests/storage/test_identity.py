"""Channel identities and failed checks."""

from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from storage.database import Database
from storage.enums import AttemptKind, Channel
from storage.identity import Attempt, failed_attempts, find_identity, subject_lookup
from storage.keys import Keyring
from tests.builders import NOW, an_identity, new_id


def test_an_identity_is_found_on_its_own_channel(database: Database) -> None:
    telegram = an_identity(database, Channel.TELEGRAM, external="123")
    web = an_identity(database, Channel.WEB, external="123")
    with database.reading() as session:
        for identity in (telegram, web):
            found = find_identity(session, database.keyring, identity.channel, "123")
            assert found is not None
            assert found.id == identity.id
        assert find_identity(session, database.keyring, Channel.WEB, "124") is None
    assert telegram.external_lookup != web.external_lookup
    with pytest.raises(IntegrityError):
        an_identity(database, Channel.TELEGRAM, external="123")


def test_a_web_token_is_hashed_anew_when_it_is_shown(database: Database, key: bytes) -> None:
    identity = an_identity(database, Channel.WEB, external="token")
    both, new = Keyring([b"n" * 32, key]), Keyring([b"n" * 32])
    with database.reading() as session:
        assert find_identity(session, both, Channel.WEB, "token") is not None
        assert find_identity(session, new, Channel.WEB, "token") is None
    with database.writing() as session:
        assert find_identity(session, both, Channel.WEB, "token") is not None
    with database.reading() as session:
        found = find_identity(session, new, Channel.WEB, "token")
        assert found is not None
        assert found.id == identity.id


def test_failures_are_counted_for_their_subject_since_a_time(database: Database, key: bytes) -> None:
    def fail(kind: AttemptKind, subject: str, minutes: int) -> None:
        lookup = subject_lookup(database.keyring, kind, subject)
        with database.writing() as session:
            at = NOW - timedelta(minutes=minutes)
            session.add(Attempt(id=new_id(), kind=kind, subject_lookup=lookup, failed_at=at))

    for minutes in (10, 5, 1):
        fail(AttemptKind.ADDRESS, "10.0.0.1", minutes)
    fail(AttemptKind.ADDRESS, "10.0.0.2", 1)
    fail(AttemptKind.REFERENCE, "10.0.0.1", 1)
    with database.reading() as session:
        since = NOW - timedelta(minutes=10)
        found = failed_attempts(session, database.keyring, AttemptKind.ADDRESS, "10.0.0.1", since)
        assert found == [NOW - timedelta(minutes=1), NOW - timedelta(minutes=5)]
        newer = Keyring([b"n" * 32, key])
        assert failed_attempts(session, newer, AttemptKind.ADDRESS, "10.0.0.1", since) == found
        assert failed_attempts(session, database.keyring, AttemptKind.IDENTITY, "10.0.0.1", since) == []
