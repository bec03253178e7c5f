"""Whose link opened a chat is looked up with every reminder."""

from alembic import op

revision = "0015"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_conversation_linked_referral_id", "conversation", ["linked_referral_id"])


def downgrade() -> None:
    op.drop_index("ix_conversation_linked_referral_id", "conversation", if_exists=True)
