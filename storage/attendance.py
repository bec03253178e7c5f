"""The lists of sessions: who came, who did not, who was turned away; what was put right stays to be seen."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field, Session, col, select

from storage.enums import Mark
from storage.row import Row
from storage.types import Instant, word

STANDS = text("undone_at IS NULL")


class Attendance(Row, table=True):
    """What was marked for one place at one session. At most one of them stands, by a partial unique index."""

    __table_args__ = (
        Index(
            "uq_attendance_stands",
            "session_id",
            "booking_id",
            unique=True,
            sqlite_where=STANDS,
            postgresql_where=STANDS,
        ),
    )

    id: str = Field(primary_key=True, max_length=32)
    session_id: str = Field(foreign_key="session.id", max_length=32)
    booking_id: str = Field(foreign_key="booking.id", index=True, max_length=32)
    mark: Mark = Field(sa_type=word(Mark, "attendance.mark"))
    account_id: str = Field(foreign_key="account.id", max_length=32)
    marked_at: datetime = Field(sa_type=Instant)
    undone_at: datetime | None = Field(default=None, sa_type=Instant)
    undone_by: str | None = Field(default=None, max_length=32)  # an account


def standing(session: Session, session_id: str, booking_id: str) -> Attendance | None:
    """What the list of a session says of a place now."""
    found = select(Attendance).where(
        Attendance.session_id == session_id, Attendance.booking_id == booking_id, col(Attendance.undone_at).is_(None)
    )
    return session.exec(found).first()


def marks_of(session: Session, booking_id: str) -> dict[str, Mark]:
    """What the lists say of a place, by session."""
    found = select(Attendance).where(Attendance.booking_id == booking_id, col(Attendance.undone_at).is_(None))
    return {row.session_id: row.mark for row in session.exec(found)}


def marks_in(session: Session, session_ids: Collection[str]) -> list[Attendance]:
    """All that stands on the lists of these sessions."""
    found = select(Attendance).where(col(Attendance.session_id).in_(session_ids), col(Attendance.undone_at).is_(None))
    return list(session.exec(found))
