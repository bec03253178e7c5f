"""A booking may end because its session was missed."""

from alembic import op

from storage.migrations.columns import words

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BEFORE = "active moved cancelled"


def upgrade() -> None:
    allow(f"{BEFORE} missed")


def downgrade() -> None:
    op.execute("UPDATE booking SET state = 'cancelled' WHERE state = 'missed'")
    allow(BEFORE)


def allow(states: str) -> None:
    name = "ck_booking_state"
    with op.batch_alter_table("booking") as table:  # SQLite rebuilds it
        table.drop_constraint(name, type_="check")
        table.create_check_constraint(name, words("booking", "state", states).sqltext)
