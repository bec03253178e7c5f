"""A conversation: one person on one channel, who owns it, and the lease by which a process works on it."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from storage.enums import Channel, Owner
from storage.types import Instant, word


class Conversation(SQLModel, table=True):
    id: str = Field(primary_key=True, max_length=32)
    identity_id: str = Field(foreign_key="channel_identity.id", index=True, max_length=32)
    channel: Channel = Field(sa_type=word(Channel, "conversation.channel"))
    owner: Owner = Field(default=Owner.BOT, sa_type=word(Owner, "conversation.owner"))
    referral_id: str | None = Field(default=None, foreign_key="referral.id", index=True, max_length=32)  # once verified
    verified_at: datetime | None = Field(default=None, sa_type=Instant)
    linked_referral_id: str | None = Field(
        default=None, foreign_key="referral.id", max_length=32
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


class Lease(SQLModel, table=True):
    """A named lease across processes: who polls Telegram, who runs the clock's work."""

    name: str = Field(primary_key=True, max_length=64)
    holder: str = Field(max_length=64)
    fence: int = 0
    expires_at: datetime = Field(sa_type=Instant)
