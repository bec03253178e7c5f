"""What is sent unasked: each way once for each occasion, what came of it, and until when it is of use."""

import sqlalchemy as sa
from alembic import op

from storage.migrations.columns import foreign_key, instant, primary_key, sealed, string, unique, word, words

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outreach",
        string("id", 32),
        string("occasion", 120),
        word("kind"),
        word("way"),
        string("referral_id", 32),
        string("booking_id", 32, null=True),
        string("message_id", 32, null=True),
        string("link_id", 32, null=True),
        word("state"),
        sealed("text", null=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        instant("next_try_at", null=True),
        instant("useful_until", null=True),
        string("failure", 100, null=True),
        string("external_id", 80, null=True),
        instant("created_at"),
        instant("sent_at", null=True),
        instant("delivered_at", null=True),
        instant("seen_at", null=True),
        instant("followed_up_at", null=True),
        primary_key("outreach", "id"),
        unique("outreach", "occasion", "way"),
        foreign_key("outreach", "referral_id", "referral.id"),
        foreign_key("outreach", "booking_id", "booking.id"),
        foreign_key("outreach", "message_id", "message_out.id"),
        foreign_key("outreach", "link_id", "personal_link.id"),
        words("outreach", "kind", "link reminder nudge"),
        words("outreach", "way", "web telegram sms email none"),
        words("outreach", "state", "waiting sent delivered seen failed blocked dropped"),
    )
    for column in ("referral_id", "booking_id", "message_id", "link_id"):
        op.create_index(f"ix_outreach_{column}", "outreach", [column])
    op.create_index("ix_outreach_due", "outreach", ["way", "state", "next_try_at"])
    op.add_column("message_out", instant("useful_until", null=True))


def downgrade() -> None:
    op.drop_column("message_out", "useful_until")
    op.drop_table("outreach")
