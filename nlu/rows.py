"""The sealed rows of the tracker store: one conversation a row, in a SQLite file or in PostgreSQL.

A row is (name, version, sealed): `name` is the keyed hash of a conversation's id, `sealed` is ciphertext. Nothing here
knows a key. Every write says which version it replaces, so that of two Rasa processes that answered the same
conversation the second is refused. All methods block: the store calls them on threads of its own.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

BUSY_SECONDS = 5.0  # how long a write waits for another process's write


class StaleTracker(Exception):
    """Somebody else has changed this conversation since it was read: what was worked out from it is not written."""


@dataclass(frozen=True)
class Row:
    name: str
    version: int
    sealed: bytes | None  # None: the reader has this version already


class Rows(Protocol):
    """What the store asks of a database."""

    threads: int  # how many calls may run at once

    def read(self, names: Sequence[str], known: int) -> Row | None:
        """The row under one of these names, without its content where its version is `known`."""

    def write(self, name: str, sealed: bytes, old: Row | None) -> None:
        """Put a row in place of `old`, or as the first one. Raises `StaleTracker`."""

    def delete(self, names: Sequence[str]) -> None:
        """Delete the rows of these names."""

    def close(self) -> None: ...


def open_rows(url: str) -> Rows:
    """The rows at `sqlite:////absolute/path` or `postgresql://…`; the table is made where it is missing.

    Raises ValueError for any other address.
    """
    scheme = urlsplit(url).scheme
    if scheme == "sqlite" and url.startswith("sqlite:////"):
        return SqliteRows(Path(unquote(url.removeprefix("sqlite:///"))))
    if scheme in ("postgresql", "postgres"):
        return PostgresRows(url)
    raise ValueError("TRACKER_URL must be sqlite:////absolute/path or postgresql://…")


class SqliteRows:
    """A file of its own, 0600, written through to the disk before an answer is given."""

    threads = 1  # SQLite has one writer anyway; a thread keeps the disk's wait out of the event loop

    def __init__(self, path: Path) -> None:
        path.touch(mode=0o600)
        path.chmod(0o600)  # SQLite gives its -wal and -shm the same
        self._db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute("PRAGMA secure_delete=FAST")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS tracker (name TEXT PRIMARY KEY, version INTEGER NOT NULL,"
            " sealed BLOB NOT NULL) WITHOUT ROWID"
        )

    def read(self, names: Sequence[str], known: int) -> Row | None:
        marks = ",".join("?" * len(names))
        found = self._db.execute(
            f"SELECT name, version, CASE version WHEN ? THEN NULL ELSE sealed END FROM tracker"  # noqa: S608  # marks
            f" WHERE name IN ({marks})",
            (known, *names),
        ).fetchone()
        return Row(*found) if found else None

    def write(self, name: str, sealed: bytes, old: Row | None) -> None:
        if old is None:
            done = self._db.execute(
                "INSERT INTO tracker (name, version, sealed) VALUES (?, 1, ?) ON CONFLICT DO NOTHING", (name, sealed)
            )
        else:
            done = self._db.execute(
                "UPDATE tracker SET name = ?, version = version + 1, sealed = ? WHERE name = ? AND version = ?",
                (name, sealed, old.name, old.version),
            )
        if done.rowcount != 1:
            raise StaleTracker

    def delete(self, names: Sequence[str]) -> None:
        self._db.execute(f"DELETE FROM tracker WHERE name IN ({','.join('?' * len(names))})", names)  # noqa: S608

    def close(self) -> None:
        self._db.close()


class PostgresRows:
    """A table of its own in PostgreSQL, with a small pool of connections that are replaced when they break."""

    threads = 4

    def __init__(self, url: str) -> None:
        import psycopg2  # only where PostgreSQL is used: 5 MB

        self._driver = psycopg2
        self._url = url
        self._idle: list[Any] = []
        self._lock = threading.Lock()
        with self._cursor() as cursor, suppress(psycopg2.errors.UniqueViolation):  # two processes, one first start
            cursor.execute(
                "CREATE TABLE IF NOT EXISTS tracker (name TEXT PRIMARY KEY, version BIGINT NOT NULL,"
                " sealed BYTEA NOT NULL)"
            )

    def read(self, names: Sequence[str], known: int) -> Row | None:
        with self._cursor() as cursor:
            cursor.execute(
                "SELECT name, version, CASE version WHEN %s THEN NULL ELSE sealed END FROM tracker"
                " WHERE name = ANY(%s)",
                (known, list(names)),
            )
            found = cursor.fetchone()
        return Row(found[0], found[1], None if found[2] is None else bytes(found[2])) if found else None

    def write(self, name: str, sealed: bytes, old: Row | None) -> None:
        with self._cursor() as cursor:
            if old is None:
                cursor.execute(
                    "INSERT INTO tracker (name, version, sealed) VALUES (%s, 1, %s) ON CONFLICT DO NOTHING",
                    (name, sealed),
                )
            else:
                cursor.execute(
                    "UPDATE tracker SET name = %s, version = version + 1, sealed = %s WHERE name = %s AND version = %s",
                    (name, sealed, old.name, old.version),
                )
            if cursor.rowcount != 1:
                raise StaleTracker

    def delete(self, names: Sequence[str]) -> None:
        with self._cursor() as cursor:
            cursor.execute("DELETE FROM tracker WHERE name = ANY(%s)", (list(names),))

    def close(self) -> None:
        with self._lock:
            while self._idle:
                self._idle.pop().close()

    @contextmanager
    def _cursor(self) -> Iterator[Any]:
        """A cursor of an idle or new connection. Each statement commits by itself; a broken connection is dropped."""
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        if connection is None:
            connection = self._driver.connect(
                self._url, connect_timeout=int(BUSY_SECONDS), options=f"-c statement_timeout={int(BUSY_SECONDS)}s"
            )
            connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                yield cursor
        except (self._driver.OperationalError, self._driver.InterfaceError):
            connection.close()
            self.close()  # the others, which were idle meanwhile, have broken with it
            raise
        except BaseException:
            self._put_back(connection)
            raise
        self._put_back(connection)

    def _put_back(self, connection: Any) -> None:
        with self._lock:
            self._idle.append(connection)
