"""Tokens of other systems that send us referrals; only the keyed hash of each is kept."""

from datetime import datetime

from sqlmodel import Field, Session, col, select

from storage.keys import Keyring
from storage.row import Row
from storage.types import Instant

PURPOSE = "api_token"  # what the keyed hash is made for


class ApiToken(Row, table=True):
    __tablename__ = "api_token"

    id: str = Field(primary_key=True, max_length=32)
    name: str = Field(max_length=80)  # of the system that has it
    token_lookup: str = Field(unique=True, max_length=64)
    account_id: str = Field(foreign_key="account.id", max_length=32)  # who made it
    created_at: datetime = Field(sa_type=Instant)
    last_used_at: datetime | None = Field(default=None, sa_type=Instant)
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)


def token_lookup(keyring: Keyring, token: str) -> str:
    """What `ApiToken.token_lookup` holds."""
    return keyring.lookup(token, PURPOSE)


def by_token(session: Session, keyring: Keyring, token: str) -> ApiToken | None:
    """The token's row, unless it was taken back."""
    return session.exec(
        select(ApiToken).where(
            col(ApiToken.token_lookup).in_(keyring.lookups(token, PURPOSE)), col(ApiToken.revoked_at).is_(None)
        )
    ).first()


def all_tokens(session: Session) -> list[ApiToken]:
    """Every token, those that work first, the newest first."""
    return list(
        session.exec(select(ApiToken).order_by(col(ApiToken.revoked_at).desc(), col(ApiToken.created_at).desc()))
    )
