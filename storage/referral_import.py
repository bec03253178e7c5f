"""Files of referrals that were checked and brought in, and what the columns of the force's own files mean."""

from datetime import datetime

from sqlmodel import Field, Session, col, select

from storage.enums import ImportState
from storage.row import Row
from storage.types import Instant, Sealed, word


class ReferralImport(Row, table=True):
    """One file. `content`: its rows as JSON, gone once they are in or a day has passed. While it is on its way in,
    `same` says how many rows were looked at so far, and `added` how many are about to be written (`progress_of`)."""

    __tablename__ = "referral_import"

    id: str = Field(primary_key=True, max_length=32)
    account_id: str = Field(foreign_key="account.id", max_length=32)
    file_name: str = Field(sa_type=Sealed("referral_import.file_name"))  # people name files after people
    content: str | None = Field(default=None, sa_type=Sealed("referral_import.content"))
    state: ImportState = Field(default=ImportState.CHECKED, sa_type=word(ImportState, "referral_import.state"))
    checked_at: datetime = Field(sa_type=Instant, index=True)
    started_at: datetime | None = Field(default=None, sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    total: int = 0  # rows of the file
    added: int = 0
    changed: int = 0
    same: int = 0
    refused: int = 0


class ImportMapping(Row, table=True):
    """Which column is which, remembered for every file with the same headings."""

    __tablename__ = "import_mapping"

    id: str = Field(primary_key=True, max_length=64)  # a hash of the headings
    columns: str = Field(max_length=8000)  # JSON: heading to field
    account_id: str = Field(foreign_key="account.id", max_length=32)
    saved_at: datetime = Field(sa_type=Instant)


def note_progress(session: Session, row: ReferralImport, looked_at: int, writing: int = 0) -> None:
    """How far a file is that is on its way in; `writing`: rows, nought before that begins."""
    row.same, row.added = looked_at, writing
    session.add(row)


def progress_of(row: ReferralImport) -> tuple[int, int]:
    """Rows that were looked at, and rows that are being written; nought where the file is not on its way in."""
    return (row.same, row.added) if row.state is ImportState.IMPORTING else (0, 0)


def latest_imports(session: Session, most: int) -> list[ReferralImport]:
    """Files that were brought in, the newest first."""
    found = select(ReferralImport).where(ReferralImport.state == ImportState.DONE)
    return list(session.exec(found.order_by(col(ReferralImport.ended_at).desc()).limit(most)))


def left_behind(session: Session, before: datetime) -> list[ReferralImport]:
    """Files that were checked before then, and never brought in."""
    found = select(ReferralImport).where(
        col(ReferralImport.content).is_not(None),
        col(ReferralImport.state) != ImportState.IMPORTING,
        ReferralImport.checked_at < before,
    )
    return list(session.exec(found))
