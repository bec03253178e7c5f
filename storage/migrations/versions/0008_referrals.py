"""How referrals came to stand where they stand; files of them, remembered headings, tokens of other systems."""

import sqlalchemy as sa
from alembic import op

from storage.migrations.columns import day, foreign_key, instant, primary_key, sealed, string, unique, word, words

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

STATES = "referred reached verified booked attended completed missed second_chance returned withdrawn closed"


def upgrade() -> None:
    op.add_column("referral", day("contact_by", null=True))
    op.add_column("referral", string("source_lookup", 64, null=True))
    op.create_table(
        "referral_change",
        string("id", 32),
        string("referral_id", 32),
        instant("at"),
        string("event", 32),
        word("was", null=True),
        word("now"),
        string("actor", 80),
        sealed("why", null=True),
        primary_key("referral_change", "id"),
        foreign_key("referral_change", "referral_id", "referral.id"),
        words("referral_change", "was", STATES),
        words("referral_change", "now", STATES),
    )
    op.create_index("ix_referral_change_referral_id", "referral_change", ["referral_id"])
    _files()
    op.create_table(
        "api_token",
        string("id", 32),
        string("name", 80),
        string("token_lookup", 64),
        string("account_id", 32),
        instant("created_at"),
        instant("last_used_at", null=True),
        instant("revoked_at", null=True),
        primary_key("api_token", "id"),
        foreign_key("api_token", "account_id", "account.id"),
        unique("api_token", "token_lookup"),
    )


def _files() -> None:
    op.create_table(
        "referral_import",
        string("id", 32),
        string("account_id", 32),
        sealed("file_name"),
        sealed("content", null=True),
        word("state"),
        instant("checked_at"),
        instant("started_at", null=True),
        instant("ended_at", null=True),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("total", "added", "changed", "same", "refused")),
        primary_key("referral_import", "id"),
        foreign_key("referral_import", "account_id", "account.id"),
        words("referral_import", "state", "checked importing done failed"),
    )
    op.create_index("ix_referral_import_checked_at", "referral_import", ["checked_at"])
    op.create_table(
        "import_mapping",
        string("id", 64),
        string("columns", 8000),
        string("account_id", 32),
        instant("saved_at"),
        primary_key("import_mapping", "id"),
        foreign_key("import_mapping", "account_id", "account.id"),
    )


def downgrade() -> None:
    for table in ("api_token", "import_mapping", "referral_import", "referral_change"):
        op.drop_table(table)
    op.drop_column("referral", "source_lookup")
    op.drop_column("referral", "contact_by")
