"""`Row`, what every table is made from, and the two ways to write a row safely: locked, or unless it is there."""

from typing import Any, ClassVar, TypeVar

from sqlalchemy import MetaData, TextClause
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel

NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class NotWritingError(RuntimeError):
    """A row can only be locked inside `Database.writing()`."""


class Row(SQLModel):
    """A table's row. Printed, it shows its class and id and never what it holds: rows end up in logs and tracebacks."""

    metadata: ClassVar[MetaData] = MetaData(naming_convention=NAMES)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.__dict__.get('id', '')})"

    def __str__(self) -> str:
        return repr(self)

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        return [("id", self.__dict__["id"])] if "id" in self.__dict__ else []


Kind = TypeVar("Kind", bound=Row)


def is_writing(session: Session) -> bool:
    """Whether this session came from `Database.writing()`."""
    return bool(session.info.get("writing"))


def lock_row(session: Session, table: type[Kind], key: str) -> Kind | None:
    """The row as it is now, nobody else's to change until this transaction ends; None where there is none.

    PostgreSQL: SELECT … FOR UPDATE. SQLite: the transaction already is the only writer. To be free of deadlocks lock in
    the order conversation, referral, course, booking. Raises NotWritingError outside `writing()`.
    """
    if not is_writing(session):
        raise NotWritingError(NotWritingError.__doc__)
    session.flush()  # what is read anew must not undo what was changed here
    lock = session.get_bind().dialect.name != "sqlite"
    return session.get(table, key, populate_existing=True, with_for_update=lock or None)


class NoRowError(LookupError):
    """There is no such row."""


def lock_one(session: Session, table: type[Kind], key: str) -> Kind:
    """`lock_row` for a row that must be there. Raises NoRowError."""
    row = lock_row(session, table, key)
    if row is None:
        raise NoRowError(NoRowError.__doc__)
    return row


def add_unless_there(session: Session, row: Row, columns: list[str], where: TextClause | None = None) -> bool:
    """Inserts the row unless one with the same `columns` (a unique index, partial by `where`) is there.

    Says whether it was inserted; the row itself is not made part of the session.
    """
    session.flush()
    table = type(row).__table__  # type: ignore[attr-defined]
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    values = {column.name: getattr(row, column.name) for column in table.columns}
    statement = insert(table).values(values).on_conflict_do_nothing(index_elements=columns, index_where=where)
    return session.execute(statement.returning(*table.primary_key.columns)).first() is not None
