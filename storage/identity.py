"""A channel identity: one chat account or one web session, and the failed identity checks counted against it."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from storage.enums import AttemptKind, Channel
from storage.types import Instant, Sealed, word


class ChannelIdentity(SQLModel, table=True):
    __tablename__ = "channel_identity"
    __table_args__ = (UniqueConstraint("channel", "external_lookup"),)

    id: str = Field(primary_key=True, max_length=32)
    channel: Channel = Field(sa_type=word(Channel, "channel_identity.channel"))
    external_lookup: str = Field(max_length=64)  # keyed hash of the Telegram chat id, or of the web session's token
    external: str | None = Field(default=None, sa_type=Sealed("channel_identity.external"))
    blocked_at: datetime | None = Field(default=None, sa_type=Instant)
    created_at: datetime = Field(sa_type=Instant)


class Attempt(SQLModel, table=True):
    """One failed identity check, counted against an identity, an address or a reference (all as keyed hashes)."""

    __table_args__ = (Index("ix_attempt_subject", "kind", "subject_lookup", "failed_at"),)

    id: str = Field(primary_key=True, max_length=32)
    kind: AttemptKind = Field(sa_type=word(AttemptKind, "attempt.kind"))
    subject_lookup: str = Field(max_length=64)
    failed_at: datetime = Field(sa_type=Instant)
