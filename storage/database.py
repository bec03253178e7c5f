"""The one way to the database: `reading()` and `writing()`, the same on SQLite and PostgreSQL."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, create_engine, event, text
from sqlmodel import Session

from storage.keys import Keyring

BUSY_MS = 10_000


class Database:
    """An engine with its keyring.

    `writing()` is one transaction that commits at its end (SQLite: BEGIN IMMEDIATE, one writer a process);
    `reading()` is a read-only one. Neither may stay open across a network call or an await.
    """

    def __init__(self, url: str, keyring: Keyring) -> None:
        self.keyring = keyring
        self.sqlite = url.startswith("sqlite")
        self._writer = threading.RLock()
        self.engine = self._sqlite_engine(url) if self.sqlite else self._postgres_engine(url)
        self.engine.dialect.keyring = keyring  # type: ignore[attr-defined]

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session in a write transaction, committed when the block ends without an error."""
        if self.sqlite:
            with self._writer, self._session("BEGIN IMMEDIATE") as session:
                yield session
        else:
            with self._session(None) as session:
                yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session in a read-only transaction."""
        with Session(self.engine, expire_on_commit=False) as session:
            session.execute(text("BEGIN" if self.sqlite else "SET TRANSACTION READ ONLY"))
            if self.sqlite:
                session.execute(text("PRAGMA query_only=ON"))
            try:
                yield session
            finally:
                session.rollback()
                if self.sqlite:
                    session.execute(text("PRAGMA query_only=OFF"))

    def close(self) -> None:
        """Gives every connection back."""
        self.engine.dispose()

    @contextmanager
    def _session(self, begin: str | None) -> Iterator[Session]:
        with Session(self.engine, expire_on_commit=False) as session:
            if begin:
                session.execute(text(begin))
            session.info["writing"] = True
            try:
                yield session
                session.commit()
            except BaseException:
                session.rollback()
                raise

    def _sqlite_engine(self, url: str) -> Engine:
        engine = create_engine(url, connect_args={"timeout": BUSY_MS / 1000, "check_same_thread": False})

        def prepare(connection: sqlite3.Connection, _record: Any) -> None:
            connection.isolation_level = None  # we say BEGIN ourselves
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_MS}"):
                connection.execute(f"PRAGMA {pragma}")

        event.listen(engine, "connect", prepare)
        return engine

    def _postgres_engine(self, url: str) -> Engine:
        driver = url.replace("postgresql://", "postgresql+psycopg://", 1).replace(
            "postgres://", "postgresql+psycopg://", 1
        )
        return create_engine(driver, pool_pre_ping=True)
