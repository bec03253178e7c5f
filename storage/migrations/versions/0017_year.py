"""What the clock and every message look up stays as quick at the end of a programme's year as on its first day."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0015"
branch_labels = None
depends_on = None

PLAIN = {
    "ix_message_out_reply_to_id": ("message_out", ["reply_to_id"]),
    "ix_outreach_kind_state": ("outreach", ["kind", "state", "followed_up_at"]),
    "ix_outreach_message": ("outreach", ["message_id", "state"]),
    "ix_referral_state": ("referral", ["state"]),
    "ix_referral_change_now": ("referral_change", ["now", "at"]),
    "ix_course_state": ("course", ["state", "first_starts_at"]),
    "ix_course_changed_at": ("course", ["changed_at"]),
    "ix_session_starts_at": ("session", ["starts_at"]),
}
PARTIAL = {
    "ix_message_out_waiting": ("message_out", ["conversation_id", "seq"], "state = 'waiting'"),
    "ix_worker_case_open": ("worker_case", ["due_at"], "closed_at IS NULL"),
}


def upgrade() -> None:
    for name, (table, columns) in PLAIN.items():
        op.create_index(name, table, columns)
    for name, (table, columns, where) in PARTIAL.items():
        op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
    op.drop_index("ix_outreach_message_id", "outreach")  # the new one begins with it


def downgrade() -> None:
    op.create_index("ix_outreach_message_id", "outreach", ["message_id"])
    for name, (table, *_) in (PLAIN | PARTIAL).items():
        op.drop_index(name, table, if_exists=True)
