"""Staff accounts and shifts; who took a request and how it ended; callbacks, notes, drafts, feedback, canned replies;
the history of settings; lessons and training runs; alerts."""

import sqlalchemy as sa
from alembic import op

from storage.migrations.columns import day, foreign_key, instant, primary_key, sealed, string, unique, word, words

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

KINDS = "identity address reference"
MORE_KINDS = "account staff_address"
REQUEST_STATES = "waiting taken cancelled closed"
MORE_REQUEST_STATES = "handed_back expired"
ROLES = "worker trainer lead manager"
CALLBACK_OUTCOMES = "reached no_answer wrong_number cancelled"
RATINGS = "good mixed bad"
LESSON_STATES = "labelled not_ours sent_back"
RUN_KINDS = "train live back"
RUN_STATES = "waiting running done failed"
VERSION_STATES = "proposed live refused"
URGENCIES = "danger deadline asked stuck complaint routine"
ALERT_STATES = "waiting sent failed dropped"


def upgrade() -> None:
    _staff()
    _requests()
    _beside_conversations()
    _settings()
    _lessons()
    _alerts()
    allow("attempt", "kind", f"{KINDS} {MORE_KINDS}")
    allow("handoff_request", "state", f"{REQUEST_STATES} {MORE_REQUEST_STATES}")


def downgrade() -> None:
    for table, column, more, before in (
        ("attempt", "kind", MORE_KINDS, KINDS),
        ("handoff_request", "state", MORE_REQUEST_STATES, REQUEST_STATES),
    ):
        gone = words(table, column, more).sqltext
        op.execute(sa.text(f"DELETE FROM {table} WHERE {gone}"))  # noqa: S608 - words of our own
        allow(table, column, before)
    for table in (
        "alert",
        "training_run",
        "lesson",
        "setting_version",
        "canned_reply",
        "feedback",
        "callback",
        "draft",
        "note",
    ):
        op.drop_table(table)
    op.drop_index("ix_handoff_request_account_id", "handoff_request")
    op.drop_index("ix_handoff_request_state", "handoff_request")
    for table, columns in (
        ("worker_case", ("closed_by", "outcome")),
        ("message_out", ("account_id",)),
        ("conversation", ("person_typing_at", "worker_typing_at")),
        (
            "handoff_request",
            (
                "account_id",
                "wanted_account_id",
                "taken_at",
                "first_reply_at",
                "beat_at",
                "warned_at",
                "escalated_at",
                "told_at",
                "outcome",
                "outcome_note",
            ),
        ),
    ):
        with op.batch_alter_table(table) as changed:
            for column in columns:
                changed.drop_column(column)
    for table in ("shift", "invitation", "recovery_code", "staff_session", "account"):
        op.drop_table(table)


def _staff() -> None:
    op.create_table(
        "account",
        string("id", 32),
        sealed("email"),
        string("email_lookup", 64),
        sealed("name"),
        word("role"),
        sealed("password_hash"),
        sealed("totp_secret", null=True),
        instant("totp_confirmed_at", null=True),
        sa.Column("totp_last_step", sa.Integer(), nullable=False),
        instant("created_at"),
        instant("disabled_at", null=True),
        primary_key("account", "id"),
        unique("account", "email_lookup"),
        words("account", "role", ROLES),
    )
    op.create_table(
        "staff_session",
        string("id", 32),
        string("account_id", 32),
        string("token_lookup", 64),
        sealed("csrf"),
        instant("created_at"),
        instant("seen_at"),
        instant("expires_at"),
        instant("second_factor_at", null=True),
        instant("revoked_at", null=True),
        string("device", 80, null=True),
        primary_key("staff_session", "id"),
        foreign_key("staff_session", "account_id", "account.id"),
        unique("staff_session", "token_lookup"),
    )
    op.create_index("ix_staff_session_account_id", "staff_session", ["account_id"])
    op.create_table(
        "recovery_code",
        string("id", 32),
        string("account_id", 32),
        sealed("code_hash"),
        instant("created_at"),
        instant("used_at", null=True),
        primary_key("recovery_code", "id"),
        foreign_key("recovery_code", "account_id", "account.id"),
    )
    op.create_index("ix_recovery_code_account_id", "recovery_code", ["account_id"])
    op.create_table(
        "invitation",
        string("id", 32),
        sealed("email"),
        word("role"),
        string("token_lookup", 64),
        string("invited_by", 32, null=True),
        instant("created_at"),
        instant("expires_at"),
        instant("accepted_at", null=True),
        instant("revoked_at", null=True),
        primary_key("invitation", "id"),
        unique("invitation", "token_lookup"),
        words("invitation", "role", ROLES),
    )
    op.create_table(
        "shift",
        string("id", 32),
        string("account_id", 32),
        instant("began_at"),
        instant("beat_at"),
        instant("ended_at", null=True),
        primary_key("shift", "id"),
        foreign_key("shift", "account_id", "account.id"),
    )
    still = sa.text("ended_at IS NULL")
    op.create_index("uq_shift_open", "shift", ["account_id"], unique=True, sqlite_where=still, postgresql_where=still)


def _requests() -> None:
    for column in (
        string("account_id", 32, null=True),
        string("wanted_account_id", 32, null=True),
        instant("taken_at", null=True),
        instant("first_reply_at", null=True),
        instant("beat_at", null=True),
        instant("warned_at", null=True),
        instant("escalated_at", null=True),
        instant("told_at", null=True),
        string("outcome", 32, null=True),
        sealed("outcome_note", null=True),
    ):
        op.add_column("handoff_request", column)
    op.create_index("ix_handoff_request_account_id", "handoff_request", ["account_id"])
    op.create_index("ix_handoff_request_state", "handoff_request", ["state"])
    op.add_column("conversation", instant("person_typing_at", null=True))
    op.add_column("conversation", instant("worker_typing_at", null=True))
    op.add_column("message_out", string("account_id", 32, null=True))
    op.add_column("worker_case", string("closed_by", 32, null=True))
    op.add_column("worker_case", string("outcome", 32, null=True))


def _beside_conversations() -> None:
    op.create_table(
        "note",
        string("id", 32),
        string("conversation_id", 32, null=True),
        string("referral_id", 32, null=True),
        string("account_id", 32),
        sealed("text"),
        instant("written_at"),
        primary_key("note", "id"),
        foreign_key("note", "conversation_id", "conversation.id"),
        foreign_key("note", "referral_id", "referral.id"),
        foreign_key("note", "account_id", "account.id"),
    )
    op.create_index("ix_note_conversation_id", "note", ["conversation_id"])
    op.create_index("ix_note_referral_id", "note", ["referral_id"])
    op.create_table(
        "draft",
        string("id", 32),
        string("conversation_id", 32),
        string("account_id", 32),
        sealed("text"),
        instant("written_at"),
        primary_key("draft", "id"),
        unique("draft", "conversation_id", "account_id"),
        foreign_key("draft", "conversation_id", "conversation.id"),
        foreign_key("draft", "account_id", "account.id"),
    )
    op.create_table(
        "callback",
        string("id", 32),
        string("conversation_id", 32, null=True),
        string("referral_id", 32, null=True),
        sealed("number"),
        sealed("good_time", null=True),
        instant("due_at"),
        sa.Column("tries", sa.Integer(), nullable=False),
        instant("tried_at", null=True),
        word("outcome", null=True),
        sealed("outcome_note", null=True),
        string("closed_by", 32, null=True),
        instant("asked_at"),
        instant("closed_at", null=True),
        primary_key("callback", "id"),
        foreign_key("callback", "conversation_id", "conversation.id"),
        foreign_key("callback", "referral_id", "referral.id"),
        words("callback", "outcome", CALLBACK_OUTCOMES),
    )
    op.create_index("ix_callback_due_at", "callback", ["due_at"])
    op.create_table(
        "feedback",
        string("id", 32),
        string("conversation_id", 32),
        string("request_id", 32, null=True),
        word("rating"),
        sealed("words", null=True),
        instant("given_at"),
        primary_key("feedback", "id"),
        foreign_key("feedback", "conversation_id", "conversation.id"),
        foreign_key("feedback", "request_id", "handoff_request.id"),
        words("feedback", "rating", RATINGS),
    )
    op.create_table(
        "canned_reply",
        string("id", 32),
        string("title", 80),
        string("text", 2000),
        string("account_id", 32, null=True),
        instant("written_at"),
        instant("removed_at", null=True),
        primary_key("canned_reply", "id"),
    )


def _settings() -> None:
    op.create_table(
        "setting_version",
        string("id", 32),
        string("key", 80),
        string("value", 4000),
        string("source", 300),
        string("approver", 200),
        day("approved_on"),
        day("review_by"),
        word("state"),
        string("proposed_by", 32, null=True),
        instant("proposed_at"),
        string("decided_by", 32, null=True),
        instant("decided_at", null=True),
        primary_key("setting_version", "id"),
        words("setting_version", "state", VERSION_STATES),
    )
    op.create_index("ix_setting_version_key", "setting_version", ["key"])


def _lessons() -> None:
    op.create_table(
        "lesson",
        string("id", 32),
        string("miss_id", 32, null=True),
        string("message_in_id", 32, null=True),
        sealed("text"),
        word("state"),
        string("intent", 64, null=True),
        string("account_id", 32),
        instant("taught_at"),
        instant("undone_at", null=True),
        primary_key("lesson", "id"),
        foreign_key("lesson", "miss_id", "miss.id"),
        foreign_key("lesson", "message_in_id", "message_in.id"),
        words("lesson", "state", LESSON_STATES),
    )
    op.create_table(
        "training_run",
        string("id", 32),
        string("account_id", 32),
        word("kind"),
        word("state"),
        sa.Column("progress", sa.Integer(), nullable=False),
        string("phase", 200, null=True),
        string("model", 80, null=True),
        sa.Column("result", sa.Text(), nullable=True),
        instant("asked_at"),
        instant("began_at", null=True),
        instant("beat_at", null=True),
        instant("ended_at", null=True),
        primary_key("training_run", "id"),
        foreign_key("training_run", "account_id", "account.id"),
        words("training_run", "kind", RUN_KINDS),
        words("training_run", "state", RUN_STATES),
    )


def _alerts() -> None:
    op.create_table(
        "alert",
        string("id", 32),
        string("subject", 80),
        word("urgency"),
        word("kind"),
        word("state"),
        sa.Column("tries", sa.Integer(), nullable=False),
        instant("raised_at"),
        instant("next_try_at", null=True),
        instant("sent_at", null=True),
        string("failure", 100, null=True),
        primary_key("alert", "id"),
        unique("alert", "subject", "kind"),
        words("alert", "urgency", URGENCIES),
        words("alert", "kind", "telegram email"),
        words("alert", "state", ALERT_STATES),
    )
    op.create_index("ix_alert_state", "alert", ["state"])


def allow(table: str, column: str, allowed: str) -> None:
    name = f"ck_{table}_{column}"
    with op.batch_alter_table(table) as changed:  # SQLite rebuilds it
        changed.drop_constraint(name, type_="check")
        changed.create_check_constraint(name, words(table, column, allowed).sqltext)
