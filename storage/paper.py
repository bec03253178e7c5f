"""Papers that a person can show: certificates and proofs of booking, each found by the token in its QR code."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field, Session, col, select

from storage.enums import PaperKind
from storage.keys import Keyring
from storage.row import Row
from storage.types import Instant, Sealed, word

MADE_FOR = "paper.token"  # what the keyed hash is made for
VALID = text("revoked_at IS NULL")


class Paper(Row, table=True):
    """One for a subject ("referral:<id>" or "booking:<id>"), until it is taken back."""

    __table_args__ = (Index("uq_paper_subject", "subject", unique=True, sqlite_where=VALID, postgresql_where=VALID),)

    id: str = Field(primary_key=True, max_length=32)
    kind: PaperKind = Field(sa_type=word(PaperKind, "paper.kind"))
    subject: str = Field(max_length=80)
    referral_id: str = Field(foreign_key="referral.id", index=True, max_length=32)
    booking_id: str | None = Field(default=None, foreign_key="booking.id", max_length=32)
    token: str = Field(sa_type=Sealed("paper.token"))  # kept, so that the same paper can be printed again
    token_lookup: str = Field(unique=True, max_length=64)  # keyed hash of the token
    issued_at: datetime = Field(sa_type=Instant)
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)


def token_lookup(keyring: Keyring, token: str) -> str:
    """What `Paper.token_lookup` holds."""
    return keyring.lookup(token, MADE_FOR)


def paper_by_token(session: Session, keyring: Keyring, token: str) -> Paper | None:
    """The paper with this token, one that was taken back included."""
    found = select(Paper).where(col(Paper.token_lookup).in_(keyring.lookups(token, MADE_FOR)))
    return session.exec(found).first()


def valid_paper(session: Session, subject: str) -> Paper | None:
    """The paper of a subject that was not taken back."""
    return session.exec(select(Paper).where(Paper.subject == subject, col(Paper.revoked_at).is_(None))).first()
