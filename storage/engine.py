"""How connections are made: what SQLite and PostgreSQL are told, and what their errors may not repeat."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import ExceptionContext

from storage.keys import Keyring

BUSY_SECONDS = 10
CONNECT_SECONDS = 5  # to a PostgreSQL that may be away
POOL = {"pool_size": 8, "max_overflow": 32, "pool_timeout": BUSY_SECONDS}
POSTGRES = "-c timezone=UTC -c lock_timeout=10s -c idle_in_transaction_session_timeout=60s"
DATA_EXCEPTION = "22"  # the class of PostgreSQL's errors whose first line repeats a value


class NoFileError(ValueError):
    """An SQLite database must be a file, so that other processes see it."""


def sqlite_file(url: str) -> Path:
    """The file of an SQLite URL. Raises NoFileError for a database in memory."""
    name = make_url(url).database
    if not name or name == ":memory:" or name.startswith("file:"):
        raise NoFileError(NoFileError.__doc__)
    return Path(name).absolute()


def make_file(path: Path) -> None:
    """Makes the database file, readable by its owner alone, and its folder, and turns on write-ahead logging.

    What SQLite puts beside the file (-wal, -shm) takes the file's mode. The folder's mode is only set where it is made.
    """
    if not path.parent.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with file_lock(path):
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        path.chmod(0o600)
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            # Kept in the file. Two processes that change it at once get an error, hence here and under the lock.
            if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
                connection.execute("PRAGMA journal_mode=WAL")
        finally:
            connection.close()


@contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """Waits until no other process or thread is inside for the same database file."""
    handle = os.open(path.with_name(path.name + ".lock"), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)  # gives the lock back


def sqlite_engine(path: Path, keyring: Keyring, *, begin: str, query_only: bool) -> Engine:
    """An engine whose transactions begin as told: `BEGIN IMMEDIATE` to write, `BEGIN` to read."""
    engine = create_engine(
        f"sqlite:///{path}",
        hide_parameters=True,
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
        **POOL,
    )
    pragmas = ["synchronous=FULL", "foreign_keys=ON", "trusted_schema=OFF", "journal_size_limit=67108864"]
    pragmas.append("secure_delete=ON")  # what is erased is written over; little is ever deleted

    def prepare(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in [*pragmas, *(["query_only=ON"] if query_only else [])]:
            connection.execute(f"PRAGMA {pragma}")

    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", start)
    engine.dialect.keyring = keyring  # type: ignore[attr-defined]
    return engine


def postgres_engine(url: str, keyring: Keyring) -> Engine:
    """An engine for `postgresql://…` or `postgres://…`, in READ COMMITTED."""
    engine = create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        hide_parameters=True,
        pool_pre_ping=True,
        isolation_level="READ COMMITTED",
        connect_args={"options": POSTGRES, "connect_timeout": CONNECT_SECONDS},
        **POOL,
    )
    event.listen(engine, "handle_error", _leave_out_values)
    engine.dialect.keyring = keyring  # type: ignore[attr-defined]
    return engine


def _leave_out_values(context: ExceptionContext) -> None:
    """PostgreSQL's errors repeat the row that was refused (`DETAIL: Failing row contains …`): keep their first line."""
    original, wrapped = context.original_exception, context.sqlalchemy_exception
    state = getattr(original, "sqlstate", None)
    if state is None:
        return
    said = original.diag.message_primary  # type: ignore[attr-defined]
    original.args = (f"{state}" if state.startswith(DATA_EXCEPTION) else f"{state} {said}",)
    if wrapped is not None:
        wrapped.args = (f"({type(original).__name__}) {original.args[0]}",)
