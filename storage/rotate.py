"""Changing keys: everything sealed is sealed again under the newest key, and its keyed hashes are made again.

How: put the new key first in the ring and keep the old one behind it, restart every process, run `make rotate`, and
take the old key out later. Later, since some hashes are of things that are not kept: a personal link's token (lasts 60
days), a web session's token (hashed again when its page comes back), what failed checks are counted against, a
network address (both forgotten after a day), a worker's cookie and an invitation (days). What still hangs on the old
key when it goes stops working.
"""

from typing import Any, NamedTuple

from sqlalchemy import Column, LargeBinary, Table, func, or_, select, type_coerce, update
from sqlmodel import Session

from storage.account import email_lookup
from storage.database import Database
from storage.enums import Channel
from storage.identity import external_lookup
from storage.keys import Keyring
from storage.paper import token_lookup
from storage.referral import REFERENCE, reference_lookup
from storage.tables import metadata
from storage.types import Sealed

BATCH = 200


class OtherReferenceError(RuntimeError):
    """A referral's reference is not the text that its hash was made from."""


class Place(NamedTuple):
    """A table with its sealed columns."""

    table: Table
    sealed: list[Column[Any]]


def sealed_places() -> list[Place]:
    """Every table that has sealed columns."""
    places = [
        Place(table, [column for column in table.columns if isinstance(column.type, Sealed)])
        for table in metadata.sorted_tables
    ]
    return [place for place in places if place.sealed]


def rotate(database: Database, batch: int = BATCH) -> int:
    """Seals again whatever is not under the newest key; says how many rows that was.

    Each batch is a transaction of its own. It can be stopped at any moment, run again, and run while others work.
    Raises CannotOpenError where no key of the ring fits, OtherReferenceError where a hash does not belong.
    """
    done = 0
    for place in sealed_places():
        while True:
            with database.writing() as session:
                count = _rotate_batch(session, database.keyring, place, batch)
            done += count
            if count < batch:
                break
    return done


def _rotate_batch(session: Session, keyring: Keyring, place: Place, batch: int) -> int:
    key = next(iter(place.table.primary_key.columns))
    old = [
        func.substr(type_coerce(column, LargeBinary), 1, len(keyring.newest)) != keyring.newest
        for column in place.sealed
    ]
    rows = session.execute(select(place.table).where(or_(*old)).limit(batch).with_for_update()).mappings().all()
    for row in rows:
        values = {column.name: row[column.name] for column in place.sealed} | _lookups(keyring, place.table.name, row)
        session.execute(update(place.table).where(key == row[key.name]).values(values))
    return len(rows)


def _lookups(keyring: Keyring, table: str, row: Any) -> dict[str, str]:
    """The keyed hashes of a row that can be made from what it holds."""
    if table == "referral":
        if row["reference_lookup"] not in keyring.lookups(row["reference"], REFERENCE):
            raise OtherReferenceError(f"{OtherReferenceError.__doc__} {row['id']}")
        return {"reference_lookup": reference_lookup(keyring, row["reference"])}
    if table == "channel_identity" and row["external"] is not None:
        return {"external_lookup": external_lookup(keyring, Channel(row["channel"]), row["external"])}
    if table == "account":
        return {"email_lookup": email_lookup(keyring, row["email"])}
    if table == "paper":
        return {"token_lookup": token_lookup(keyring, row["token"])}
    return {}
