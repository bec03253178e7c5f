"""Bringing a database to the newest migration, one process at a time.

A changed table needs a new file in migrations/versions/, by hand, with the raw columns of migrations/columns.py;
tests/storage/test_migrate.py says what is missing. A migration that was released is never changed.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NullPool, create_engine, event, text

from storage.database import Database
from storage.engine import BUSY_SECONDS, file_lock

FOLDER = Path(__file__).with_name("migrations")
LOCK = 5_203_118_746  # any number, the same in every process: PostgreSQL's advisory lock


class BrokenReferenceError(RuntimeError):
    """A migration would have left rows that point at nothing; it was undone."""


def migrate(database: Database, revision: str = "head") -> None:
    """Brings the database forwards to a revision.

    All of it in one transaction, under a lock that every process waits for: safe when several start at once.
    """
    with _alone(database) as connection:
        command.upgrade(_config(connection), revision)


def go_back(database: Database, revision: str) -> None:
    """Brings the database back to an earlier revision; "base" leaves no tables. What later tables held is lost."""
    with _alone(database) as connection:
        command.downgrade(_config(connection), revision)


def is_current(database: Database) -> bool:
    """Whether the database is at the newest migration."""
    with database.engine.connect() as connection:
        return _current(connection) == newest()


def newest() -> str | None:
    """The id of the newest migration."""
    return ScriptDirectory.from_config(_config(None)).get_current_head()


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    return config


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


@contextmanager
def _alone(database: Database) -> Iterator[Connection]:
    if database.sqlite:
        with file_lock(database.path), _sqlite_connection(database.path) as connection:
            yield connection
    else:
        with database.engine.connect() as connection:
            connection.execute(text("SET LOCAL lock_timeout = 0"))  # another process may be at it for long
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            yield connection
            connection.commit()


@contextmanager
def _sqlite_connection(path: Path) -> Iterator[Connection]:
    """Foreign keys are off while tables are rebuilt, and checked before the commit."""
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool, connect_args={"timeout": BUSY_SECONDS})

    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=OFF")

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    with engine.connect() as connection:
        yield connection
        if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
            raise BrokenReferenceError(BrokenReferenceError.__doc__)
        connection.commit()
