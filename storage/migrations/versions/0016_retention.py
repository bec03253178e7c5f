"""What was erased, and since when; and what a lead keeps from being erased."""

from alembic import op

from storage.migrations.columns import instant, sealed, string

revision = "0016"
down_revision = "0017"
branch_labels = None
depends_on = None

ERASED = ("referral", "conversation", "police_list_row")


def upgrade() -> None:
    for table in ERASED:
        op.add_column(table, instant("erased_at", null=True))
    op.add_column("conversation", instant("forgotten_at", null=True))
    op.add_column("referral", instant("kept_at", null=True))
    op.add_column("referral", string("kept_by", 32, null=True))
    op.add_column("referral", sealed("kept_why", null=True))


def downgrade() -> None:
    for name in ("kept_why", "kept_by", "kept_at"):
        op.drop_column("referral", name)
    op.drop_column("conversation", "forgotten_at")
    for table in ERASED:
        op.drop_column(table, "erased_at")
