"""Staff: accounts, their signed-in sessions, recovery codes, invitations, and shifts."""

from datetime import datetime

from sqlalchemy import Index, text, update
from sqlmodel import Field, Session, col, select

from storage.enums import Role
from storage.keys import Keyring
from storage.row import Row
from storage.types import Instant, Sealed, word

EMAIL, TOKEN, INVITATION = "account.email", "staff_session.token", "invitation.token"  # what keyed hashes are made for
OPEN = text("ended_at IS NULL")


class Account(Row, table=True):
    id: str = Field(primary_key=True, max_length=32)
    email: str = Field(sa_type=Sealed("account.email"))
    email_lookup: str = Field(unique=True, max_length=64)  # keyed hash of the address in lower case
    name: str = Field(sa_type=Sealed("account.name"))
    role: Role = Field(sa_type=word(Role, "account.role"))
    password_hash: str = Field(sa_type=Sealed("account.password_hash"))  # argon2id
    totp_secret: str | None = Field(default=None, sa_type=Sealed("account.totp_secret"))  # base32
    totp_confirmed_at: datetime | None = Field(default=None, sa_type=Instant)  # second factor is on since then
    totp_last_step: int = 0  # the 30-second step of the last code that was used: none is taken twice
    created_at: datetime = Field(sa_type=Instant)
    disabled_at: datetime | None = Field(default=None, sa_type=Instant)


class StaffSession(Row, table=True):
    """One signed-in browser. Only the keyed hash of its cookie is kept."""

    __tablename__ = "staff_session"

    id: str = Field(primary_key=True, max_length=32)
    account_id: str = Field(foreign_key="account.id", index=True, max_length=32)
    token_lookup: str = Field(unique=True, max_length=64)
    csrf: str = Field(sa_type=Sealed("staff_session.csrf"))
    created_at: datetime = Field(sa_type=Instant)
    seen_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)
    second_factor_at: datetime | None = Field(default=None, sa_type=Instant)
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)
    device: str | None = Field(default=None, max_length=80)  # "Firefox on Windows", for the list of sessions


class RecoveryCode(Row, table=True):
    __tablename__ = "recovery_code"

    id: str = Field(primary_key=True, max_length=32)
    account_id: str = Field(foreign_key="account.id", index=True, max_length=32)
    code_hash: str = Field(sa_type=Sealed("recovery_code.code_hash"))
    created_at: datetime = Field(sa_type=Instant)
    used_at: datetime | None = Field(default=None, sa_type=Instant)


class Invitation(Row, table=True):
    id: str = Field(primary_key=True, max_length=32)
    email: str = Field(sa_type=Sealed("invitation.email"))
    role: Role = Field(sa_type=word(Role, "invitation.role"))
    token_lookup: str = Field(unique=True, max_length=64)
    invited_by: str | None = Field(default=None, max_length=32)  # an account; none: the first one, by a command
    created_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)
    accepted_at: datetime | None = Field(default=None, sa_type=Instant)
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)


class Shift(Row, table=True):
    """When somebody is there for people: one open shift an account. `beat_at`: their browser was last heard."""

    __table_args__ = (Index("uq_shift_open", "account_id", unique=True, sqlite_where=OPEN, postgresql_where=OPEN),)

    id: str = Field(primary_key=True, max_length=32)
    account_id: str = Field(foreign_key="account.id", max_length=32)
    began_at: datetime = Field(sa_type=Instant)
    beat_at: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)


def email_lookup(keyring: Keyring, email: str) -> str:
    """What `Account.email_lookup` holds."""
    return keyring.lookup(email.strip().lower(), EMAIL)


def by_email(session: Session, keyring: Keyring, email: str) -> Account | None:
    """The account with this address, by whichever key it was stored under."""
    lookups = keyring.lookups(email.strip().lower(), EMAIL)
    return session.exec(select(Account).where(col(Account.email_lookup).in_(lookups))).first()


def session_lookup(keyring: Keyring, token: str) -> str:
    """What `StaffSession.token_lookup` holds."""
    return keyring.lookup(token, TOKEN)


def by_token(session: Session, keyring: Keyring, token: str) -> StaffSession | None:
    """The signed-in session with this cookie, revoked and expired ones included."""
    return session.exec(
        select(StaffSession).where(col(StaffSession.token_lookup).in_(keyring.lookups(token, TOKEN)))
    ).first()


def end_sessions(session: Session, account_id: str, now: datetime, but: str | None = None) -> None:
    """Signs an account out everywhere, except in the session `but`."""
    session.exec(
        update(StaffSession)
        .where(
            col(StaffSession.account_id) == account_id,
            col(StaffSession.revoked_at).is_(None),
            col(StaffSession.id) != (but or ""),
        )
        .values(revoked_at=now)
    )


def invitation_lookup(keyring: Keyring, token: str) -> str:
    """What `Invitation.token_lookup` holds."""
    return keyring.lookup(token, INVITATION)


def open_shift_of(session: Session, account_id: str) -> Shift | None:
    """The shift that this account is on."""
    return session.exec(select(Shift).where(Shift.account_id == account_id, col(Shift.ended_at).is_(None))).first()


def open_shifts(session: Session) -> list[Shift]:
    """Everybody's shifts that have not ended, the longest first."""
    return list(session.exec(select(Shift).where(col(Shift.ended_at).is_(None)).order_by(col(Shift.began_at))))
