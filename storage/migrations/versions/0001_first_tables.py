"""The first tables: who is referred, what can be booked, settings, audit, leases."""

import sqlalchemy as sa
from alembic import op

from storage.migrations.columns import day, foreign_key, instant, primary_key, sealed, string, unique, word, words

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    attempt()
    audit()
    channel_identity()
    lease()
    person()
    setting()
    venue()
    course()
    referral()
    personal_link()
    session()


def downgrade() -> None:
    op.drop_table("session")
    op.drop_table("personal_link")
    op.drop_table("referral")
    op.drop_table("course")
    op.drop_table("venue")
    op.drop_table("setting")
    op.drop_table("person")
    op.drop_table("lease")
    op.drop_table("channel_identity")
    op.drop_table("audit")
    op.drop_table("attempt")


def attempt() -> None:
    op.create_table(
        "attempt",
        string("id", 32),
        word("kind"),
        string("subject_lookup", 64),
        instant("failed_at"),
        primary_key("attempt", "id"),
        words("attempt", "kind", "identity address reference"),
    )
    op.create_index("ix_attempt_subject", "attempt", ["kind", "subject_lookup", "failed_at"])


def audit() -> None:
    op.create_table(
        "audit",
        string("id", 32),
        instant("at"),
        string("actor", 80),
        string("action", 80),
        string("subject_kind", 40),
        string("subject_id", 32),
        sealed("detail", null=True),
        primary_key("audit", "id"),
    )
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_index("ix_audit_subject", "audit", ["subject_kind", "subject_id"])


def channel_identity() -> None:
    op.create_table(
        "channel_identity",
        string("id", 32),
        word("channel"),
        string("external_lookup", 64),
        sealed("external", null=True),
        instant("blocked_at", null=True),
        instant("created_at"),
        primary_key("channel_identity", "id"),
        words("channel_identity", "channel", "web telegram"),
        unique("channel_identity", "channel", "external_lookup"),
    )


def lease() -> None:
    op.create_table(
        "lease",
        string("name", 64),
        string("holder", 64),
        sa.Column("fence", sa.Integer(), nullable=False),
        instant("expires_at"),
        primary_key("lease", "name"),
    )


def person() -> None:
    op.create_table(
        "person",
        string("id", 32),
        sealed("name"),
        sealed("date_of_birth"),
        sealed("phone", null=True),
        sealed("email", null=True),
        sealed("access_needs", null=True),
        string("language", 16),
        instant("created_at"),
        primary_key("person", "id"),
    )


def setting() -> None:
    op.create_table(
        "setting",
        string("key", 80),
        string("value", 4000),
        string("source", 300),
        string("approver", 200),
        day("approved_on"),
        day("review_by"),
        instant("updated_at"),
        primary_key("setting", "key"),
    )


def venue() -> None:
    op.create_table(
        "venue",
        string("id", 32),
        string("name", 200),
        string("place", 100),
        string("address", 500, null=True),
        string("directions", 1000, null=True),
        sa.Column("online", sa.Boolean(), nullable=False),
        string("join_link", 500, null=True),
        sa.Column("step_free", sa.Boolean(), nullable=False),
        primary_key("venue", "id"),
    )


def course() -> None:
    op.create_table(
        "course",
        string("id", 32),
        string("venue_id", 32),
        sa.Column("capacity", sa.Integer(), nullable=False),
        word("state"),
        instant("first_starts_at"),
        instant("created_at"),
        primary_key("course", "id"),
        sa.CheckConstraint("capacity >= 0", name="ck_course_capacity"),
        words("course", "state", "open cancelled ended"),
        foreign_key("course", "venue_id", "venue.id"),
    )
    op.create_index("ix_course_first_starts_at", "course", ["first_starts_at"])
    op.create_index("ix_course_venue_id", "course", ["venue_id"])


def referral() -> None:
    op.create_table(
        "referral",
        string("id", 32),
        string("person_id", 32),
        sealed("reference"),
        string("reference_lookup", 64),
        word("state"),
        day("referred_on"),
        day("book_by", null=True),
        day("finish_by", null=True),
        sealed("matching_word", null=True),
        instant("verified_at", null=True),
        instant("created_at"),
        primary_key("referral", "id"),
        words(
            "referral",
            "state",
            "referred reached verified booked attended completed missed second_chance returned withdrawn closed",
        ),
        foreign_key("referral", "person_id", "person.id"),
        unique("referral", "reference_lookup"),
    )
    op.create_index("ix_referral_person_id", "referral", ["person_id"])


def personal_link() -> None:
    op.create_table(
        "personal_link",
        string("id", 32),
        string("referral_id", 32),
        string("token_lookup", 64),
        instant("created_at"),
        instant("expires_at"),
        instant("revoked_at", null=True),
        primary_key("personal_link", "id"),
        foreign_key("personal_link", "referral_id", "referral.id"),
        unique("personal_link", "token_lookup"),
    )
    op.create_index("ix_personal_link_referral_id", "personal_link", ["referral_id"])


def session() -> None:
    op.create_table(
        "session",
        string("id", 32),
        string("course_id", 32),
        sa.Column("number", sa.Integer(), nullable=False),
        instant("starts_at"),
        instant("ends_at"),
        primary_key("session", "id"),
        sa.CheckConstraint("ends_at > starts_at", name="ck_session_times"),
        foreign_key("session", "course_id", "course.id"),
        unique("session", "course_id", "number"),
    )
    op.create_index("ix_session_course_id", "session", ["course_id"])
