"""A reason for a case: somebody wants a place whose referral is over."""

import sqlalchemy as sa
from alembic import op

from storage.migrations.columns import words

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BEFORE = (
    "medical_emergency risk_of_suicide risk_to_others safeguarding_concern mental_health_crisis "
    "no_session deadline_unknown deadline_past more_time no_reference not_verified cut_off "
    "not_answered not_delivered"
)


def upgrade() -> None:
    allow(f"{BEFORE} not_open")


def downgrade() -> None:
    op.execute(sa.text("DELETE FROM worker_case WHERE reason = 'not_open'"))
    allow(BEFORE)


def allow(reasons: str) -> None:
    name = "ck_worker_case_reason"
    with op.batch_alter_table("worker_case") as table:  # SQLite rebuilds it
        table.drop_constraint(name, type_="check")
        table.create_check_constraint(name, words("worker_case", "reason", reasons).sqltext)
