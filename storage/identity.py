"""A channel identity: one chat account or one web session, and the failed identity checks counted against it."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, Session, col, select

from storage.enums import AttemptKind, Channel
from storage.keys import Keyring
from storage.row import Row, is_writing
from storage.types import Instant, Sealed, word


class ChannelIdentity(Row, table=True):
    __tablename__ = "channel_identity"
    __table_args__ = (UniqueConstraint("channel", "external_lookup"),)

    id: str = Field(primary_key=True, max_length=32)
    channel: Channel = Field(sa_type=word(Channel, "channel_identity.channel"))
    external_lookup: str = Field(max_length=64)  # keyed hash of the Telegram chat id, or of the web session's token
    external: str | None = Field(default=None, sa_type=Sealed("channel_identity.external"))
    blocked_at: datetime | None = Field(default=None, sa_type=Instant)
    created_at: datetime = Field(sa_type=Instant)


class Attempt(Row, table=True):
    """One failed identity check, counted against an identity, an address or a reference (all as keyed hashes)."""

    __table_args__ = (Index("ix_attempt_subject", "kind", "subject_lookup", "failed_at"),)

    id: str = Field(primary_key=True, max_length=32)
    kind: AttemptKind = Field(sa_type=word(AttemptKind, "attempt.kind"))
    subject_lookup: str = Field(max_length=64)
    failed_at: datetime = Field(sa_type=Instant)


def external_lookup(keyring: Keyring, channel: Channel, external: str) -> str:
    """What `ChannelIdentity.external_lookup` holds for a Telegram chat id or a web session's token."""
    return keyring.lookup(external, f"channel_identity.{channel.value}")


def subject_lookup(keyring: Keyring, kind: AttemptKind, subject: str) -> str:
    """What `Attempt.subject_lookup` holds for an identity's id, a network address or a canonical reference."""
    return keyring.lookup(subject, f"attempt.{kind.value}")


def find_identity(session: Session, keyring: Keyring, channel: Channel, external: str) -> ChannelIdentity | None:
    """The identity behind a Telegram chat id or a web session's token, by whichever key it was stored under."""
    lookups = keyring.lookups(external, f"channel_identity.{channel.value}")
    found = session.exec(
        select(ChannelIdentity).where(
            ChannelIdentity.channel == channel, col(ChannelIdentity.external_lookup).in_(lookups)
        )
    ).first()
    if found is not None and found.external_lookup != lookups[0] and is_writing(session):
        found.external_lookup = lookups[0]  # a web token is not kept, so it can only be renewed when it is shown
    return found


def lock_subject(session: Session, lookup: str) -> None:
    """Tries against one subject wait for one another until this transaction ends. On SQLite every write does."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:lookup, 0))"), {"lookup": lookup})


def failed_attempts(
    session: Session, keyring: Keyring, kind: AttemptKind, subject: str, since: datetime
) -> list[datetime]:
    """When checks against this subject failed, after `since`, the newest first."""
    found = select(Attempt.failed_at).where(
        Attempt.kind == kind,
        col(Attempt.subject_lookup).in_(keyring.lookups(subject, f"attempt.{kind.value}")),
        Attempt.failed_at > since,
    )
    return list(session.exec(found.order_by(col(Attempt.failed_at).desc())))
