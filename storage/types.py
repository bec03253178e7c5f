"""Column types of our own: sealed text, and instants that are always aware UTC."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, DateTime, LargeBinary
from sqlalchemy import Enum as SAEnum
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DontWrapMixin
from sqlalchemy.sql.operators import OperatorType, is_, is_not
from sqlalchemy.types import TypeDecorator

from storage.keys import Keyring


class NaiveTimeError(DontWrapMixin, ValueError):
    """A time without a time zone cannot be stored."""


class SealedError(DontWrapMixin, TypeError):
    """A sealed column cannot be compared in a query: the same text is sealed differently each time."""


class Instant(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC. Refuses naive values (NaiveTimeError)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise NaiveTimeError(NaiveTimeError.__doc__)
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Sealed(TypeDecorator[str]):
    """Text that lies encrypted, with `place` ("table.column") as associated data.

    The keyring is the one that `storage.database.Database` hung on its dialect.
    """

    impl = LargeBinary
    cache_ok = True

    class comparator_factory(TypeDecorator.Comparator[str]):
        """Refuses every comparison but with NULL."""

        def operate(self, op: OperatorType, *other: Any, **kwargs: Any) -> ColumnElement[Any]:
            if op not in (is_, is_not):
                raise SealedError(SealedError.__doc__)
            return super().operate(op, *other, **kwargs)

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place = place

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else keyring_of(dialect).seal(value, self.place)

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else keyring_of(dialect).open(bytes(value), self.place)


def keyring_of(dialect: Dialect) -> Keyring:
    """The keyring of the database that this dialect belongs to."""
    keyring: Keyring = dialect.keyring  # type: ignore[attr-defined]
    return keyring


def word(kind: type[StrEnum], place: str) -> SAEnum:
    """Column type for one of the fixed words: text with a check constraint, on every database."""
    return SAEnum(
        kind,
        native_enum=False,
        create_constraint=True,
        length=32,
        name=f"ck_{place.replace('.', '_')}",
        values_callable=lambda members: [member.value for member in members],
    )
