"""A conversation: one person on one channel, who owns it, and the lease by which a process works on it."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, update
from sqlmodel import Field, Session, col, select

from storage.enums import Channel, Owner
from storage.keys import Keyring
from storage.row import Row, add_unless_there, is_writing
from storage.types import Instant, word


class Conversation(Row, table=True):
    id: str = Field(primary_key=True, max_length=32)
    identity_id: str = Field(foreign_key="channel_identity.id", index=True, max_length=32)
    channel: Channel = Field(sa_type=word(Channel, "conversation.channel"))
    owner: Owner = Field(default=Owner.BOT, sa_type=word(Owner, "conversation.owner"))
    referral_id: str | None = Field(default=None, foreign_key="referral.id", index=True, max_length=32)  # once verified
    verified_at: datetime | None = Field(default=None, sa_type=Instant)
    linked_referral_id: str | None = Field(
        default=None, foreign_key="referral.id", index=True, max_length=32
    )  # by personal link, not verified
    address_lookup: str | None = Field(default=None, max_length=64)  # keyed hash of the network address
    next_in_seq: int = 1
    next_out_seq: int = 1
    fence: int = 0
    lease_holder: str | None = Field(default=None, max_length=64)
    lease_expires_at: datetime | None = Field(default=None, sa_type=Instant)
    turns_since_renewal: int = 0
    messages_stopped_at: datetime | None = Field(default=None, sa_type=Instant)
    paused_at: datetime | None = Field(default=None, sa_type=Instant)  # a danger case is open
    closed_at: datetime | None = Field(default=None, sa_type=Instant)  # left by the person; its token no longer works
    created_at: datetime = Field(sa_type=Instant)
    last_in_at: datetime | None = Field(default=None, sa_type=Instant)
    language: str | None = Field(default=None, max_length=8)  # ISO 639-1, where it is not English
    person_typing_at: datetime | None = Field(default=None, sa_type=Instant)
    worker_typing_at: datetime | None = Field(default=None, sa_type=Instant)
    out_of_step_since: datetime | None = Field(
        default=None, sa_type=Instant
    )  # the dialogue has not heard what was said since then, while a worker had it
    erased_at: datetime | None = Field(default=None, sa_type=Instant)  # nothing of what was said is left here
    forgotten_at: datetime | None = Field(default=None, sa_type=Instant)  # nor in the dialogue's own store


class Lease(Row, table=True):
    """A named lease across processes: who polls Telegram, who runs the clock's work."""

    name: str = Field(primary_key=True, max_length=64)
    holder: str = Field(max_length=64)
    fence: int = 0
    expires_at: datetime = Field(sa_type=Instant)


class LostLeaseError(RuntimeError):
    """Another process has taken this conversation over; what was done here must not be kept."""


def address_lookup(keyring: Keyring, address: str) -> str:
    """What `address_lookup` holds for a network address."""
    return keyring.lookup(address, "conversation.address")


def conversation_of(session: Session, identity_id: str) -> Conversation | None:
    """The newest conversation of an identity that was not left."""
    found = select(Conversation).where(Conversation.identity_id == identity_id, col(Conversation.closed_at).is_(None))
    return session.exec(found.order_by(col(Conversation.created_at).desc())).first()


def take_lease(session: Session, conversation_id: str, holder: str, now: datetime, seconds: float) -> int | None:
    """Takes a conversation that nobody holds, or whose holder's time is up. The new fence, or None if it is held."""
    free = or_(col(Conversation.lease_holder).is_(None), col(Conversation.lease_expires_at) <= now)
    return session.execute(
        update(Conversation)
        .where(col(Conversation.id) == conversation_id, free)
        .values(fence=Conversation.fence + 1, lease_holder=holder, lease_expires_at=now + timedelta(seconds=seconds))
        .returning(col(Conversation.fence))
    ).scalar_one_or_none()


def extend_lease(session: Session, conversation_id: str, fence: int, now: datetime, seconds: float) -> bool:
    """Gives the holder of this fence more time. False if it has been taken over or given back."""
    return _touch(session, conversation_id, fence, lease_expires_at=now + timedelta(seconds=seconds))


def release(session: Session, conversation_id: str, fence: int) -> bool:
    """Gives a conversation back. False if it was no longer held with this fence."""
    return _touch(session, conversation_id, fence, lease_holder=None, lease_expires_at=None)


def holds(session: Session, conversation_id: str, fence: int) -> bool:
    """Whether this fence is still the conversation's. In `writing()` nobody can take it over before the commit."""
    found = select(Conversation.fence, Conversation.lease_holder).where(Conversation.id == conversation_id)
    if is_writing(session):
        found = found.with_for_update()  # says nothing on SQLite, where we are the only writer
    row = session.exec(found).first()
    return row is not None and row[0] == fence and row[1] is not None


def check_fence(session: Session, conversation_id: str, fence: int) -> None:
    """Raises LostLeaseError unless this fence still holds the conversation. Ask first in each transaction of a turn."""
    if not holds(session, conversation_id, fence):
        raise LostLeaseError(LostLeaseError.__doc__)


def take_named(session: Session, name: str, holder: str, now: datetime, seconds: float) -> int | None:
    """Takes a named lease that nobody holds. The new fence, or None if it is held."""
    until = now + timedelta(seconds=seconds)
    if add_unless_there(session, Lease(name=name, holder=holder, fence=1, expires_at=until), ["name"]):
        return 1
    return session.execute(
        update(Lease)
        .where(col(Lease.name) == name, col(Lease.expires_at) <= now)
        .values(fence=Lease.fence + 1, holder=holder, expires_at=until)
        .returning(col(Lease.fence))
    ).scalar_one_or_none()


def extend_named(session: Session, name: str, fence: int, now: datetime, seconds: float) -> bool:
    """Gives the holder of this fence more time. False if it has been taken over, or has run out."""
    return _touch_named(session, name, fence, now, now + timedelta(seconds=seconds))


def release_named(session: Session, name: str, fence: int, now: datetime) -> bool:
    """Gives a named lease back. False if it was no longer held with this fence."""
    return _touch_named(session, name, fence, now, now)


def _touch(session: Session, conversation_id: str, fence: int, **values: Any) -> bool:
    held = col(Conversation.lease_holder).is_not(None)
    return (
        session.execute(
            update(Conversation)
            .where(col(Conversation.id) == conversation_id, col(Conversation.fence) == fence, held)
            .values(**values)
            .returning(col(Conversation.id))
        ).first()
        is not None
    )


def _touch_named(session: Session, name: str, fence: int, now: datetime, until: datetime) -> bool:
    return (
        session.execute(
            update(Lease)
            .where(col(Lease.name) == name, col(Lease.fence) == fence, col(Lease.expires_at) > now)
            .values(expires_at=until)
            .returning(col(Lease.name))
        ).first()
        is not None
    )
