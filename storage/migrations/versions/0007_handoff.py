"""Since when somebody waits for a worker's word, and since when the dialogue has not heard what was said."""

from alembic import op

from storage.migrations.columns import instant

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("handoff_request", instant("waiting_since", null=True))
    op.add_column("conversation", instant("out_of_step_since", null=True))
    op.create_index("ix_handoff_request_conversation_id", "handoff_request", ["conversation_id"])


def downgrade() -> None:
    op.drop_index("ix_handoff_request_conversation_id", "handoff_request", if_exists=True)
    op.drop_column("conversation", "out_of_step_since")
    op.drop_column("handoff_request", "waiting_since")
