"""The one way to the database: `reading()` and `writing()`, the same on SQLite and PostgreSQL."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlmodel import Session

from storage import tables  # noqa: F401 - whoever writes a row needs every table that it points at
from storage.engine import BUSY_SECONDS, make_file, postgres_engine, sqlite_engine, sqlite_file
from storage.keys import Keyring


class NestedTransactionError(RuntimeError):
    """A transaction was begun inside another one. Pass the session on instead."""


class BusyError(RuntimeError):
    """Another write of this process has held the database for too long."""


class ReadOnlyError(RuntimeError):
    """Something was changed in `reading()`; it would have been lost."""


class Database:
    """A database with its keyring; one a process, shared by its threads.

    `writing()` is one transaction that commits at its end (SQLite: BEGIN IMMEDIATE, one writer a process; PostgreSQL:
    READ COMMITTED with row locks). `reading()` sees one moment and can change nothing. Neither may stay open across a
    network call or an await, nor be begun inside the other (NestedTransactionError). Rows stay usable afterwards.
    """

    def __init__(self, url: str, keyring: Keyring) -> None:
        self.url = url  # holds PostgreSQL's password: not for logs
        self.keyring = keyring
        self.sqlite = url.startswith("sqlite")
        self._writer = threading.Lock()
        self._inside = threading.local()
        if self.sqlite:
            self.path = sqlite_file(url)
            make_file(self.path)
            self.engine = sqlite_engine(self.path, keyring, begin="BEGIN IMMEDIATE", query_only=False)
            self._reader = sqlite_engine(self.path, keyring, begin="BEGIN", query_only=True)
        else:
            self.engine = postgres_engine(url, keyring)
            self._reader = self.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session in a write transaction, committed when the block ends without an error, else undone."""
        with self._alone(), self._turn(), _session(self.engine) as session:
            session.info["writing"] = True
            yield session
            session.commit()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session in a read-only transaction that sees one moment."""
        with self._alone(), _session(self._reader) as session:
            yield session
            if session.new or session.deleted or any(session.is_modified(row) for row in session.dirty):
                raise ReadOnlyError(ReadOnlyError.__doc__)

    def close(self) -> None:
        """Gives every connection back."""
        self.engine.dispose()
        self._reader.dispose()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if getattr(self._inside, "transaction", False):
            raise NestedTransactionError(NestedTransactionError.__doc__)
        self._inside.transaction = True
        try:
            yield
        finally:
            self._inside.transaction = False

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """SQLite has one writer: waiting here is fair and quick, waiting in SQLite is a sleep and a retry."""
        if self.sqlite and not self._writer.acquire(timeout=BUSY_SECONDS):
            raise BusyError(BusyError.__doc__)
        try:
            yield
        finally:
            if self.sqlite:
                self._writer.release()


@contextmanager
def _session(engine: Engine) -> Iterator[Session]:
    """Closing rolls back what was not committed, and, unlike `rollback()`, leaves the rows that were read usable."""
    session = Session(engine, expire_on_commit=False)
    try:
        yield session
    finally:
        session.close()
