"""Which file a referral came in by, and letters among the ways of reaching people."""

import sqlalchemy as sa
from alembic import op

from storage.migrations.columns import string, words

revision = "0014"
down_revision = "0011"
branch_labels = None
depends_on = None

BEFORE = "web telegram sms email none"


def upgrade() -> None:
    with op.batch_alter_table("referral") as table:
        table.add_column(string("import_id", 32, null=True))
        table.create_foreign_key("fk_referral_import_id", "referral_import", ["import_id"], ["id"])
        table.create_index("ix_referral_import_id", ["import_id"])
    allow("web telegram sms email post none")


def downgrade() -> None:
    op.execute(sa.text("DELETE FROM outreach WHERE way = 'post'"))
    allow(BEFORE)
    with op.batch_alter_table("referral") as table:
        table.drop_index("ix_referral_import_id")
        table.drop_constraint("fk_referral_import_id", type_="foreignkey")
        table.drop_column("import_id")


def allow(ways: str) -> None:
    with op.batch_alter_table("outreach") as table:  # SQLite rebuilds it
        table.drop_constraint("ck_outreach_way", type_="check")
        table.create_check_constraint("ck_outreach_way", words("outreach", "way", ways).sqltext)
