"""The console's tests run on SQLite, but for those that ask for `ctx_of_both`."""

from collections.abc import Iterator

import pytest

from programme.context import Context
from storage.database import Database
from storage.keys import Keyring
from tests.conftest import Clock
from tests.programme.desk import a_context


@pytest.fixture
def ctx(sqlite_url: str, keyring: Keyring, clock: Clock) -> Iterator[Context]:
    database = Database(sqlite_url, keyring)
    yield a_context(database, clock)
    database.close()


@pytest.fixture
def ctx_of_both(database: Database, clock: Clock) -> Context:
    return a_context(database, clock)
