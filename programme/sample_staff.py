"""The sample's staff: one account of each role, put back at each start to how it is printed, without second factor."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from sqlmodel import Session

from programme import second_factor
from programme.context import Context
from programme.password import hash_password, is_password
from storage import account as accounts
from storage.account import Account, end_sessions
from storage.enums import Role

FILE = Path(__file__).parent / "sample_staff.yml"


@dataclass(frozen=True)
class SampleLogin:
    """What is printed at each start, for somebody to try."""

    email: str
    role: str


def refresh(ctx: Context, password: str) -> list[SampleLogin]:
    """Makes the accounts, or puts them back: this password, enabled, no second factor. The worker first."""
    rows = _rows()
    with ctx.database.reading() as session:
        kept = {row["email"]: _kept(session, ctx, row["email"]) for row in rows}
    right = {email: one for email, one in kept.items() if one is not None and is_password(one, password)}
    hashed = {row["email"]: right.get(row["email"]) or hash_password(password) for row in rows}
    with ctx.database.writing() as session:
        for row in rows:
            _put_back(session, ctx, row, hashed[row["email"]])
    return [SampleLogin(row["email"], row["role"]) for row in rows]


def ids(ctx: Context) -> dict[str, str]:
    """The accounts of the sample by role."""
    with ctx.database.reading() as session:
        kept = {row["role"]: accounts.by_email(session, ctx.database.keyring, row["email"]) for row in _rows()}
        return {role: account.id for role, account in kept.items() if account is not None}


def retire(ctx: Context) -> None:
    """For a programme that is no sample any more: nobody signs in with a password that was printed."""
    with ctx.database.writing() as session:
        for row in _rows():
            account = accounts.by_email(session, ctx.database.keyring, row["email"])
            if account is not None and account.disabled_at is None:
                account.disabled_at = ctx.clock()
                session.add(account)
                end_sessions(session, account.id, ctx.clock())


def _kept(session: Session, ctx: Context, email: str) -> str | None:
    account = accounts.by_email(session, ctx.database.keyring, email)
    return account.password_hash if account is not None else None


def _put_back(session: Session, ctx: Context, row: dict[str, Any], hashed: str) -> None:
    account = accounts.by_email(session, ctx.database.keyring, row["email"])
    if account is None:
        account = Account(
            id=ctx.new_id(),
            email=row["email"],
            email_lookup=accounts.email_lookup(ctx.database.keyring, row["email"]),
            name=row["name"],
            role=Role(row["role"]),
            password_hash=hashed,
            created_at=ctx.clock(),
        )
    account.role, account.password_hash, account.disabled_at = Role(row["role"]), hashed, None
    second_factor.clear(session, account)
    session.add(account)
    session.flush()


def _rows() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = yaml.load(FILE.read_text(), Loader=yaml.CSafeLoader)["staff"]
    return rows
