"""Decisions on non-attendance, the lists for the police, and papers with a QR code."""

import sqlalchemy as sa
from alembic import op

from storage.migrations.columns import foreign_key, instant, primary_key, sealed, string, unique, word, words

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

FINDINGS = "did_not_come did_not_book refused not_reached"
STATES = "proposed final refused overturned"
KINDS = "completed not_attended"
PAPERS = "certificate proof_of_booking"
STANDS = sa.text("state IN ('proposed', 'final')")
FIRST = sa.text("corrects_id IS NULL")
VALID = sa.text("revoked_at IS NULL")


def upgrade() -> None:
    _decisions()
    _lists()
    _papers()


def downgrade() -> None:
    for table in ("paper", "police_correction", "police_list_row", "police_list", "decision"):
        op.drop_table(table)


def _decisions() -> None:
    op.create_table(
        "decision",
        string("id", 32),
        string("referral_id", 32),
        word("finding"),
        word("state"),
        sealed("reason"),
        sealed("evidence"),
        string("decided_by", 32),
        instant("decided_at"),
        string("second_by", 32, null=True),
        instant("second_at", null=True),
        sealed("second_reason", null=True),
        string("overturned_by", 32, null=True),
        instant("overturned_at", null=True),
        sealed("overturned_reason", null=True),
        primary_key("decision", "id"),
        foreign_key("decision", "referral_id", "referral.id"),
        words("decision", "finding", FINDINGS),
        words("decision", "state", STATES),
    )
    op.create_index("ix_decision_referral_id", "decision", ["referral_id"])
    op.create_index("ix_decision_state", "decision", ["state"])
    op.create_index(
        "uq_decision_standing", "decision", ["referral_id"], unique=True, sqlite_where=STANDS, postgresql_where=STANDS
    )


def _lists() -> None:
    op.create_table(
        "police_list",
        string("id", 32),
        word("kind"),
        sa.Column("number", sa.Integer(), nullable=False),
        string("fields", 500),
        string("signed_by", 32),
        instant("signed_at"),
        sealed("recipient", null=True),
        string("handed_over_by", 32, null=True),
        instant("handed_over_at", null=True),
        sealed("receipt", null=True),
        string("receipt_by", 32, null=True),
        instant("receipt_at", null=True),
        primary_key("police_list", "id"),
        unique("police_list", "kind", "number"),
        words("police_list", "kind", KINDS),
    )
    op.create_table(
        "police_list_row",
        string("id", 32),
        string("list_id", 32),
        string("referral_id", 32),
        word("kind"),
        sa.Column("place", sa.Integer(), nullable=False),
        sealed("cells"),
        string("corrects_id", 32, null=True),
        sa.Column("takes_back", sa.Boolean(), nullable=False),
        sealed("reason", null=True),
        instant("written_at"),
        primary_key("police_list_row", "id"),
        foreign_key("police_list_row", "list_id", "police_list.id"),
        foreign_key("police_list_row", "referral_id", "referral.id"),
        foreign_key("police_list_row", "corrects_id", "police_list_row.id"),
        unique("police_list_row", "corrects_id"),
        words("police_list_row", "kind", KINDS),
    )
    op.create_index("ix_police_list_row_list_id", "police_list_row", ["list_id"])
    op.create_index("ix_police_list_row_referral_id", "police_list_row", ["referral_id"])
    op.create_index(
        "uq_police_list_row_first",
        "police_list_row",
        ["kind", "referral_id"],
        unique=True,
        sqlite_where=FIRST,
        postgresql_where=FIRST,
    )
    op.create_table(
        "police_correction",
        string("row_id", 32),
        sealed("reason"),
        string("asked_by", 32),
        instant("asked_at"),
        primary_key("police_correction", "row_id"),
        foreign_key("police_correction", "row_id", "police_list_row.id"),
    )


def _papers() -> None:
    op.create_table(
        "paper",
        string("id", 32),
        word("kind"),
        string("subject", 80),
        string("referral_id", 32),
        string("booking_id", 32, null=True),
        sealed("token"),
        string("token_lookup", 64),
        instant("issued_at"),
        instant("revoked_at", null=True),
        primary_key("paper", "id"),
        foreign_key("paper", "referral_id", "referral.id"),
        foreign_key("paper", "booking_id", "booking.id"),
        unique("paper", "token_lookup"),
        words("paper", "kind", PAPERS),
    )
    op.create_index("ix_paper_referral_id", "paper", ["referral_id"])
    op.create_index("uq_paper_subject", "paper", ["subject"], unique=True, sqlite_where=VALID, postgresql_where=VALID)
