"""A referral: one person sent to the programme, by when they must book and finish, and their personal links."""

from datetime import date, datetime

from sqlmodel import Field, SQLModel

from storage.enums import ReferralState
from storage.types import Instant, Sealed, word


class Referral(SQLModel, table=True):
    id: str = Field(primary_key=True, max_length=32)
    person_id: str = Field(foreign_key="person.id", index=True, max_length=32)
    reference: str = Field(sa_type=Sealed("referral.reference"))
    reference_lookup: str = Field(unique=True, max_length=64)  # keyed hash of the canonical reference
    state: ReferralState = Field(default=ReferralState.REFERRED, sa_type=word(ReferralState, "referral.state"))
    referred_on: date
    book_by: date | None = None  # London date, inclusive
    finish_by: date | None = None  # London date, inclusive; the last session comes before it
    matching_word: str | None = Field(default=None, sa_type=Sealed("referral.matching_word"))
    verified_at: datetime | None = Field(default=None, sa_type=Instant)
    created_at: datetime = Field(sa_type=Instant)


class PersonalLink(SQLModel, table=True):
    """A link that carries the reference; only the keyed hash of its token is kept."""

    __tablename__ = "personal_link"

    id: str = Field(primary_key=True, max_length=32)
    referral_id: str = Field(foreign_key="referral.id", index=True, max_length=32)
    token_lookup: str = Field(unique=True, max_length=64)
    created_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)
