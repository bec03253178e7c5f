"""Sessions that were missed, and why; courses that change, sessions that are cancelled alone; what is told of it."""

import sqlalchemy as sa
from alembic import op

from storage.migrations.columns import day, foreign_key, instant, primary_key, sealed, string, unique, word, words

revision = "0013"
down_revision = "0014"
branch_labels = None
depends_on = None

KINDS = "link reminder nudge"
COLUMNS = {
    "course": (("changed_at", 0),),
    "session": (("cancelled_at", 0), ("cancelled_why", 200)),
}


def upgrade() -> None:
    op.create_table(
        "absence",
        string("id", 32),
        string("referral_id", 32),
        string("booking_id", 32),
        string("session_id", 32, null=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        instant("noted_at"),
        word("step"),
        day("until", null=True),
        sealed("why", null=True),
        instant("why_at", null=True),
        instant("put_right_at", null=True),
        primary_key("absence", "id"),
        unique("absence", "booking_id"),
        foreign_key("absence", "referral_id", "referral.id"),
        foreign_key("absence", "booking_id", "booking.id"),
        foreign_key("absence", "session_id", "session.id"),
        words("absence", "step", "dates no_session worker"),
    )
    for column in ("referral_id", "noted_at"):
        op.create_index(f"ix_absence_{column}", "absence", [column])
    for table, columns in COLUMNS.items():
        for name, length in columns:
            op.add_column(table, string(name, length, null=True) if length else instant(name, null=True))
    allow(f"{KINDS} missed changed completed")


def downgrade() -> None:
    op.execute(sa.text("DELETE FROM outreach WHERE kind IN ('missed', 'changed', 'completed')"))
    allow(KINDS)
    for table, columns in COLUMNS.items():
        for name, _ in columns:
            op.drop_column(table, name)
    op.drop_table("absence")


def allow(kinds: str) -> None:
    name = "ck_outreach_kind"
    with op.batch_alter_table("outreach") as table:  # SQLite rebuilds it
        table.drop_constraint(name, type_="check")
        table.create_check_constraint(name, words("outreach", "kind", kinds).sqltext)
