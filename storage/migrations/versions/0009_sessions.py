"""Sessions: who runs them, their lists, what is said of a course and a venue; the waiting list."""

import sqlalchemy as sa
from alembic import op

from storage.migrations.columns import foreign_key, instant, primary_key, sealed, string, unique, word, words

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

COLUMNS = {
    "venue": (("access_notes", 500), ("closed_at", 0)),
    "course": (
        ("language", 16),
        ("join_link", 500),
        ("access_notes", 500),
        ("repeat_id", 32),
        ("cancelled_at", 0),
        ("cancelled_why", 200),
    ),
    "booking": (("called_off_at", 0),),
}
TABLES = ("held_place", "waiting", "attendance", "course_staff")


def upgrade() -> None:
    for table, columns in COLUMNS.items():
        for name, length in columns:
            op.add_column(table, string(name, length, null=True) if length else instant(name, null=True))
    op.create_index("ix_course_repeat_id", "course", ["repeat_id"])
    op.create_table(
        "course_staff",
        string("id", 32),
        string("course_id", 32),
        string("account_id", 32),
        primary_key("course_staff", "id"),
        unique("course_staff", "course_id", "account_id"),
        foreign_key("course_staff", "course_id", "course.id"),
        foreign_key("course_staff", "account_id", "account.id"),
    )
    _attendance()
    _waiting()
    _held_place()


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    op.drop_index("ix_course_repeat_id", "course")
    for table, columns in COLUMNS.items():
        for name, _ in columns:
            op.drop_column(table, name)


def _attendance() -> None:
    op.create_table(
        "attendance",
        string("id", 32),
        string("session_id", 32),
        string("booking_id", 32),
        word("mark"),
        string("account_id", 32),
        instant("marked_at"),
        instant("undone_at", null=True),
        string("undone_by", 32, null=True),
        primary_key("attendance", "id"),
        foreign_key("attendance", "session_id", "session.id"),
        foreign_key("attendance", "booking_id", "booking.id"),
        foreign_key("attendance", "account_id", "account.id"),
        words("attendance", "mark", "attended absent late"),
    )
    op.create_index("ix_attendance_booking_id", "attendance", ["booking_id"])
    _only_one("uq_attendance_stands", "attendance", ["session_id", "booking_id"], "undone_at IS NULL")


def _waiting() -> None:
    op.create_table(
        "waiting",
        string("id", 32),
        string("referral_id", 32),
        string("conversation_id", 32),
        sealed("wanted", null=True),
        word("state"),
        instant("joined_at"),
        instant("ended_at", null=True),
        instant("warned_at", null=True),
        primary_key("waiting", "id"),
        foreign_key("waiting", "referral_id", "referral.id"),
        foreign_key("waiting", "conversation_id", "conversation.id"),
        words("waiting", "state", "waiting placed left ended"),
    )
    op.create_index("ix_waiting_referral_id", "waiting", ["referral_id"])
    op.create_index("ix_waiting_state", "waiting", ["state", "joined_at"])
    _only_one("uq_waiting_open", "waiting", ["referral_id"], "state = 'waiting'")


def _held_place() -> None:
    op.create_table(
        "held_place",
        string("id", 32),
        string("waiting_id", 32),
        string("referral_id", 32),
        string("course_id", 32),
        string("offer_token", 32),
        instant("held_at"),
        instant("expires_at"),
        instant("ended_at", null=True),
        word("outcome", null=True),
        primary_key("held_place", "id"),
        foreign_key("held_place", "waiting_id", "waiting.id"),
        foreign_key("held_place", "referral_id", "referral.id"),
        foreign_key("held_place", "course_id", "course.id"),
        foreign_key("held_place", "offer_token", "offer.token"),
        words("held_place", "outcome", "taken declined expired called_off ended"),
    )
    op.create_index("ix_held_place_waiting_id", "held_place", ["waiting_id"])
    op.create_index("ix_held_place_course", "held_place", ["course_id", "ended_at"])
    _only_one("uq_held_place_open", "held_place", ["referral_id"], "ended_at IS NULL")


def _only_one(name: str, table: str, columns: list[str], where: str) -> None:
    told = sa.text(where)
    op.create_index(name, table, columns, unique=True, sqlite_where=told, postgresql_where=told)
