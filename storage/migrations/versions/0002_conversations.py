"""Conversations, and what comes of them: messages, offers, bookings, cases, requests for a person."""

import sqlalchemy as sa
from alembic import op

from storage.migrations.columns import foreign_key, instant, primary_key, sealed, string, unique, word, words

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    booking()
    conversation()
    handoff_request()
    message_in()
    offer()
    worker_case()
    message_out()
    button_token()


def downgrade() -> None:
    op.drop_table("button_token")
    op.drop_table("message_out")
    op.drop_table("worker_case")
    op.drop_table("offer")
    op.drop_table("message_in")
    op.drop_table("handoff_request")
    op.drop_table("conversation")
    op.drop_table("booking")


def booking() -> None:
    op.create_table(
        "booking",
        string("id", 32),
        string("referral_id", 32),
        string("course_id", 32),
        word("state"),
        string("offer_token", 32, null=True),
        string("calendar_uid", 64),
        string("calendar_token", 64),
        sa.Column("calendar_sequence", sa.Integer(), nullable=False),
        sa.Column("moves", sa.Integer(), nullable=False),
        instant("made_at"),
        instant("ended_at", null=True),
        primary_key("booking", "id"),
        words("booking", "state", "active moved cancelled"),
        foreign_key("booking", "course_id", "course.id"),
        foreign_key("booking", "referral_id", "referral.id"),
        unique("booking", "offer_token"),
    )
    op.create_index("ix_booking_calendar_token", "booking", ["calendar_token"])
    op.create_index("ix_booking_calendar_uid", "booking", ["calendar_uid"])
    op.create_index("ix_booking_course_state", "booking", ["course_id", "state"])
    op.create_index("ix_booking_referral_id", "booking", ["referral_id"])
    op.create_index(
        "uq_booking_active",
        "booking",
        ["referral_id"],
        unique=True,
        sqlite_where=sa.text("state = 'active'"),
        postgresql_where=sa.text("state = 'active'"),
    )


def conversation() -> None:
    op.create_table(
        "conversation",
        string("id", 32),
        string("identity_id", 32),
        word("channel"),
        word("owner"),
        string("referral_id", 32, null=True),
        instant("verified_at", null=True),
        string("linked_referral_id", 32, null=True),
        string("address_lookup", 64, null=True),
        sa.Column("next_in_seq", sa.Integer(), nullable=False),
        sa.Column("next_out_seq", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        string("lease_holder", 64, null=True),
        instant("lease_expires_at", null=True),
        sa.Column("turns_since_renewal", sa.Integer(), nullable=False),
        instant("messages_stopped_at", null=True),
        instant("paused_at", null=True),
        instant("closed_at", null=True),
        instant("created_at"),
        instant("last_in_at", null=True),
        primary_key("conversation", "id"),
        words("conversation", "channel", "web telegram"),
        words("conversation", "owner", "bot queued worker"),
        foreign_key("conversation", "identity_id", "channel_identity.id"),
        foreign_key("conversation", "linked_referral_id", "referral.id"),
        foreign_key("conversation", "referral_id", "referral.id"),
    )
    op.create_index("ix_conversation_identity_id", "conversation", ["identity_id"])
    op.create_index("ix_conversation_referral_id", "conversation", ["referral_id"])


def handoff_request() -> None:
    op.create_table(
        "handoff_request",
        string("id", 32),
        string("conversation_id", 32),
        string("reason", 64),
        word("urgency"),
        sealed("last_words", null=True),
        word("state"),
        instant("requested_at"),
        instant("ended_at", null=True),
        primary_key("handoff_request", "id"),
        words("handoff_request", "state", "waiting taken cancelled closed"),
        words("handoff_request", "urgency", "danger deadline asked stuck complaint routine"),
        foreign_key("handoff_request", "conversation_id", "conversation.id"),
    )
    op.create_index(
        "uq_handoff_request_waiting",
        "handoff_request",
        ["conversation_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('waiting', 'taken')"),
        postgresql_where=sa.text("state IN ('waiting', 'taken')"),
    )


def message_in() -> None:
    op.create_table(
        "message_in",
        string("id", 32),
        string("conversation_id", 32),
        sa.Column("seq", sa.Integer(), nullable=False),
        string("channel_message_id", 64),
        word("kind"),
        sealed("text", null=True),
        sealed("choice", null=True),
        word("state"),
        word("ended_as", null=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        string("danger", 32, null=True),
        sealed("understood", null=True),
        instant("received_at"),
        instant("ended_at", null=True),
        primary_key("message_in", "id"),
        words("message_in", "ended_as", "answered menu left_to_worker ignored"),
        words("message_in", "kind", "text choice other"),
        words("message_in", "state", "waiting handling ended"),
        foreign_key("message_in", "conversation_id", "conversation.id"),
        unique("message_in", "conversation_id", "channel_message_id"),
        unique("message_in", "conversation_id", "seq"),
    )
    op.create_index("ix_message_in_state", "message_in", ["state", "received_at"])


def offer() -> None:
    op.create_table(
        "offer",
        string("token", 32),
        string("conversation_id", 32),
        string("referral_id", 32),
        string("course_id", 32),
        sa.Column("batch", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        instant("offered_at"),
        instant("expires_at"),
        instant("withdrawn_at", null=True),
        primary_key("offer", "token"),
        foreign_key("offer", "conversation_id", "conversation.id"),
        foreign_key("offer", "course_id", "course.id"),
        foreign_key("offer", "referral_id", "referral.id"),
    )
    op.create_index("ix_offer_conversation_id", "offer", ["conversation_id"])
    op.create_index("ix_offer_referral_id", "offer", ["referral_id"])


def worker_case() -> None:
    op.create_table(
        "worker_case",
        string("id", 32),
        word("reason"),
        string("subject", 80),
        word("urgency"),
        string("conversation_id", 32, null=True),
        string("referral_id", 32, null=True),
        sealed("detail", null=True),
        instant("opened_at"),
        instant("due_at"),
        instant("closed_at", null=True),
        primary_key("worker_case", "id"),
        words(
            "worker_case",
            "reason",
            "medical_emergency risk_of_suicide risk_to_others safeguarding_concern mental_health_crisis "
            "no_session deadline_unknown deadline_past more_time no_reference not_verified cut_off "
            "not_answered not_delivered",
        ),
        words("worker_case", "urgency", "danger deadline asked stuck complaint routine"),
        foreign_key("worker_case", "conversation_id", "conversation.id"),
        foreign_key("worker_case", "referral_id", "referral.id"),
    )
    op.create_index("ix_worker_case_conversation_id", "worker_case", ["conversation_id"])
    op.create_index("ix_worker_case_due_at", "worker_case", ["due_at"])
    op.create_index("ix_worker_case_referral_id", "worker_case", ["referral_id"])
    op.create_index(
        "uq_worker_case_open",
        "worker_case",
        ["reason", "subject"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )


def message_out() -> None:
    op.create_table(
        "message_out",
        string("id", 32),
        string("conversation_id", 32),
        sa.Column("seq", sa.Integer(), nullable=False),
        string("reply_to_id", 32, null=True),
        word("sender"),
        string("answer", 100, null=True),
        sealed("text"),
        sealed("buttons"),
        string("attachment", 80, null=True),
        string("unique_key", 120, null=True),
        sa.Column("first", sa.Boolean(), nullable=False),
        word("state"),
        sa.Column("tries", sa.Integer(), nullable=False),
        instant("next_try_at", null=True),
        string("channel_message_id", 64, null=True),
        string("failure", 100, null=True),
        instant("created_at"),
        instant("sent_at", null=True),
        instant("delivered_at", null=True),
        primary_key("message_out", "id"),
        words("message_out", "sender", "assistant worker notice"),
        words("message_out", "state", "waiting sent delivered failed blocked dropped"),
        foreign_key("message_out", "conversation_id", "conversation.id"),
        foreign_key("message_out", "reply_to_id", "message_in.id"),
        unique("message_out", "conversation_id", "seq"),
        unique("message_out", "unique_key"),
    )
    op.create_index("ix_message_out_due", "message_out", ["state", "next_try_at"])


def button_token() -> None:
    op.create_table(
        "button_token",
        string("token", 32),
        string("conversation_id", 32),
        string("message_id", 32),
        sealed("title"),
        sealed("choice"),
        instant("created_at"),
        primary_key("button_token", "token"),
        foreign_key("button_token", "conversation_id", "conversation.id"),
        foreign_key("button_token", "message_id", "message_out.id"),
    )
    op.create_index("ix_button_token_conversation_id", "button_token", ["conversation_id"])
    op.create_index("ix_button_token_message_id", "button_token", ["message_id"])
