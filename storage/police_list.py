"""The lists for the police: what was signed off and handed over, row by row. A row that went is never changed."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, Index, UniqueConstraint, text
from sqlmodel import Field, Session, col, select

from storage.enums import ListKind
from storage.row import Row
from storage.types import Instant, Sealed, word

FIRST = text("corrects_id IS NULL")


class PoliceList(Row, table=True):
    """One list as it was signed off. `number` counts up by kind."""

    __tablename__ = "police_list"
    __table_args__ = (UniqueConstraint("kind", "number"),)

    id: str = Field(primary_key=True, max_length=32)
    kind: ListKind = Field(sa_type=word(ListKind, "police_list.kind"))
    number: int
    fields: str = Field(max_length=500)  # JSON: the columns, in order, as they were set on that day
    signed_by: str = Field(max_length=32)  # an account
    signed_at: datetime = Field(sa_type=Instant)
    recipient: str | None = Field(default=None, sa_type=Sealed("police_list.recipient"))
    handed_over_by: str | None = Field(default=None, max_length=32)
    handed_over_at: datetime | None = Field(default=None, sa_type=Instant)
    receipt: str | None = Field(default=None, sa_type=Sealed("police_list.receipt"))  # how they said that they have it
    receipt_by: str | None = Field(default=None, max_length=32)
    receipt_at: datetime | None = Field(default=None, sa_type=Instant)


class PoliceListRow(Row, table=True):
    """One person on a list. The first of a referral and kind is there once; what follows corrects the one before it."""

    __tablename__ = "police_list_row"
    __table_args__ = (
        Index(
            "uq_police_list_row_first",
            "kind",
            "referral_id",
            unique=True,
            sqlite_where=FIRST,
            postgresql_where=FIRST,
        ),
        UniqueConstraint("corrects_id"),
    )

    id: str = Field(primary_key=True, max_length=32)
    list_id: str = Field(foreign_key="police_list.id", index=True, max_length=32)
    referral_id: str = Field(foreign_key="referral.id", index=True, max_length=32)
    kind: ListKind = Field(sa_type=word(ListKind, "police_list_row.kind"))
    place: int  # 1 for the first row of its list
    cells: str = Field(sa_type=Sealed("police_list_row.cells"))  # JSON: field to text
    corrects_id: str | None = Field(default=None, foreign_key="police_list_row.id", max_length=32)
    takes_back: bool = False  # what the row before it said does not stand
    reason: str | None = Field(default=None, sa_type=Sealed("police_list_row.reason"))  # of a correction
    written_at: datetime = Field(sa_type=Instant)
    erased_at: datetime | None = Field(default=None, sa_type=Instant)  # its cells are empty


class PoliceCorrection(Row, table=True):
    """A worker says that a row which went is not right: it goes corrected with the next list. One open one a row."""

    __tablename__ = "police_correction"

    row_id: str = Field(primary_key=True, foreign_key="police_list_row.id", max_length=32)
    reason: str = Field(sa_type=Sealed("police_correction.reason"))
    asked_by: str = Field(max_length=32)  # an account
    asked_at: datetime = Field(sa_type=Instant)


def lists_of(session: Session, kind: ListKind) -> list[PoliceList]:
    """Every list of a kind, the newest first."""
    found = select(PoliceList).where(PoliceList.kind == kind)
    return list(session.exec(found.order_by(col(PoliceList.number).desc())))


def rows_of(session: Session, list_id: str) -> list[PoliceListRow]:
    """The rows of a list, in order."""
    found = select(PoliceListRow).where(PoliceListRow.list_id == list_id)
    return list(session.exec(found.order_by(col(PoliceListRow.place))))


def latest_rows(session: Session, kind: ListKind, referral_ids: Collection[str] | None = None) -> list[PoliceListRow]:
    """The last row that went of each referral, on lists of a kind."""
    found = select(PoliceListRow).where(*_latest(kind, referral_ids))
    return list(session.exec(found.order_by(col(PoliceListRow.written_at), col(PoliceListRow.place))))


def latest_marks(
    session: Session, kind: ListKind, referral_ids: Collection[str] | None = None
) -> dict[str, tuple[str, bool]]:
    """The same by referral, without what they say: the row, and whether it takes back the one before it."""
    found = select(PoliceListRow.referral_id, PoliceListRow.id, PoliceListRow.takes_back)
    rows = session.exec(found.where(*_latest(kind, referral_ids)))
    return {of: (key, takes_back) for of, key, takes_back in rows}


def _latest(kind: ListKind, referral_ids: Collection[str] | None) -> list[ColumnElement[bool]]:
    corrected = select(col(PoliceListRow.corrects_id)).where(col(PoliceListRow.corrects_id).is_not(None))
    where = [col(PoliceListRow.kind) == kind, col(PoliceListRow.id).not_in(corrected)]
    return where if referral_ids is None else [*where, col(PoliceListRow.referral_id).in_(referral_ids)]
