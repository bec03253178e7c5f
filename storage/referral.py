"""A referral: one person sent to the programme, by when they must book and finish, and their personal links."""

import unicodedata
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import text
from sqlmodel import Field, Session, col, select

from storage.enums import ReferralState
from storage.keys import Keyring
from storage.person import Person
from storage.row import Row
from storage.types import Instant, Sealed, word

REFERENCE = "referral.reference"  # what keyed hashes are made for
LINK = "personal_link.token"
SOURCE = "referral.source"
AT_ONCE = 200  # references in one query
INTAKE = 5_203_118_747  # any number, the same in every process: PostgreSQL's advisory lock


class Referral(Row, table=True):
    id: str = Field(primary_key=True, max_length=32)
    person_id: str = Field(foreign_key="person.id", index=True, max_length=32)
    reference: str = Field(sa_type=Sealed("referral.reference"))  # canonical, as it is hashed
    reference_lookup: str = Field(unique=True, max_length=64)  # keyed hash of the canonical reference
    state: ReferralState = Field(
        default=ReferralState.REFERRED, sa_type=word(ReferralState, "referral.state"), index=True
    )
    referred_on: date
    book_by: date | None = None  # London date, inclusive
    finish_by: date | None = None  # London date, inclusive; the last session comes before it
    matching_word: str | None = Field(default=None, sa_type=Sealed("referral.matching_word"))
    verified_at: datetime | None = Field(default=None, sa_type=Instant)
    created_at: datetime = Field(sa_type=Instant)
    contact_by: date | None = None  # London date, inclusive: to be reached for the first time
    source_lookup: str | None = Field(default=None, max_length=64)  # keyed hash of the row it came from
    import_id: str | None = Field(default=None, foreign_key="referral_import.id", index=True, max_length=32)  # the file
    erased_at: datetime | None = Field(default=None, sa_type=Instant)  # by storage/retention.py
    kept_at: datetime | None = Field(default=None, sa_type=Instant)  # since when a lead keeps it from being erased
    kept_by: str | None = Field(default=None, max_length=32)  # an account
    kept_why: str | None = Field(default=None, sa_type=Sealed("referral.kept_why"))


class PersonalLink(Row, table=True):
    """A link that carries the reference; only the keyed hash of its token is kept."""

    __tablename__ = "personal_link"

    id: str = Field(primary_key=True, max_length=32)
    referral_id: str = Field(foreign_key="referral.id", index=True, max_length=32)
    token_lookup: str = Field(unique=True, max_length=64)
    created_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)


def reference_lookup(keyring: Keyring, canonical: str) -> str:
    """What `reference_lookup` holds. `reference` itself must hold the very same canonical text."""
    return keyring.lookup(canonical, REFERENCE)


def link_lookup(keyring: Keyring, token: str) -> str:
    """What `PersonalLink.token_lookup` holds."""
    return keyring.lookup(token, LINK)


def lock_intake(session: Session) -> None:
    """Until this transaction ends nobody else brings referrals in, or looks for whose a claim may be: what one of them
    sees, no other one changes meanwhile. Ask for it before any row is locked. On SQLite every writer is alone."""
    if session.get_bind().dialect.name != "sqlite":
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": INTAKE})


def known_references(session: Session, keyring: Keyring, canonicals: Sequence[str]) -> dict[str, str]:
    """Ids by canonical reference, of those that are here, many at a time; nothing sealed is opened."""
    found: dict[str, str] = {}
    for start in range(0, len(canonicals), AT_ONCE):
        of = {
            lookup: canonical
            for canonical in canonicals[start : start + AT_ONCE]
            for lookup in keyring.lookups(canonical, REFERENCE)
        }
        rows = session.exec(
            select(Referral.reference_lookup, Referral.id).where(col(Referral.reference_lookup).in_(of))
        )
        found |= {of[lookup]: key for lookup, key in rows}
    return found


def by_reference(session: Session, keyring: Keyring, canonical: str) -> Referral | None:
    """The referral with this canonical reference, by whichever key it was stored under."""
    lookups = keyring.lookups(canonical, REFERENCE)
    return session.exec(select(Referral).where(col(Referral.reference_lookup).in_(lookups))).first()


def id_by_reference(session: Session, keyring: Keyring, canonical: str) -> str | None:
    """The id of the referral with this canonical reference; nothing sealed is opened."""
    lookups = keyring.lookups(canonical, REFERENCE)
    return session.exec(select(Referral.id).where(col(Referral.reference_lookup).in_(lookups))).first()


def by_link(session: Session, keyring: Keyring, token: str, now: datetime) -> Referral | None:
    """The referral behind a personal link that has neither expired nor been revoked."""
    lookups = keyring.lookups(token, LINK)
    return session.exec(
        select(Referral)
        .join(PersonalLink)
        .where(
            col(PersonalLink.token_lookup).in_(lookups),
            PersonalLink.expires_at > now,
            col(PersonalLink.revoked_at).is_(None),
        )
    ).first()


def by_name(session: Session, name: str) -> list[tuple[Referral, Person]]:
    """Referrals of people with this name, however it is spaced or capitalised. Opens every name and compares."""
    wanted = _plain(name)
    ids = [key for key, found in session.exec(select(Person.id, Person.name)) if _plain(found) == wanted]
    found = select(Referral, Person).join(Person).where(col(Person.id).in_(ids))
    return list(session.exec(found.order_by(col(Referral.created_at), col(Referral.id))).all())


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
