"""What was not understood, what is hidden, in which language, who said they will come; more reasons for a case."""

import sqlalchemy as sa
from alembic import op

from storage.migrations.columns import foreign_key, instant, primary_key, sealed, string, unique, words

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BEFORE = (
    "medical_emergency risk_of_suicide risk_to_others safeguarding_concern mental_health_crisis "
    "no_session deadline_unknown deadline_past more_time no_reference not_verified cut_off "
    "not_answered not_delivered not_open"
)
MORE = (
    "missed_session attendance_disputed running_late waiting_list contact_change declined wrong_person "
    "technical_problem complaint data_request third_party under_18 eligibility offence_disputed offence_told "
    "court_letter access_needs language"
)


def upgrade() -> None:
    op.add_column("message_in", instant("sensitive_at", null=True))
    op.add_column("conversation", string("language", 8, null=True))
    op.add_column("booking", instant("confirmed_at", null=True))
    op.create_table(
        "miss",
        string("id", 32),
        string("message_in_id", 32),
        sealed("text"),
        sealed("ranking"),
        string("step", 32, null=True),
        string("intent", 64, null=True),
        instant("missed_at"),
        instant("settled_at", null=True),
        primary_key("miss", "id"),
        foreign_key("miss", "message_in_id", "message_in.id"),
        unique("miss", "message_in_id"),
    )
    op.create_index("ix_miss_missed_at", "miss", ["missed_at"])
    allow(f"{BEFORE} {MORE}")


def downgrade() -> None:
    reasons = words("worker_case", "reason", MORE).sqltext
    op.execute(sa.text(f"DELETE FROM worker_case WHERE {reasons}"))  # noqa: S608 - words of our own
    allow(BEFORE)
    op.drop_table("miss")
    op.drop_column("booking", "confirmed_at")
    op.drop_column("conversation", "language")
    op.drop_column("message_in", "sensitive_at")


def allow(reasons: str) -> None:
    name = "ck_worker_case_reason"
    with op.batch_alter_table("worker_case") as table:  # SQLite rebuilds it
        table.drop_constraint(name, type_="check")
        table.create_check_constraint(name, words("worker_case", "reason", reasons).sqltext)
