"""Tokens by which other systems send us referrals: made by a manager, told once, taken back at any time."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from programme import audit
from programme.context import Context
from storage.account import Account
from storage.api_token import ApiToken, all_tokens, by_token, token_lookup
from storage.row import lock_one

LONGEST_NAME = 80
PREFIX = "referrals_"  # so that one that is lying about is known for what it is
USED = timedelta(minutes=1)  # its last use is written down no more often


class NoNameError(ValueError):
    """Write which system will have it."""


class LongNameError(ValueError):
    """This is too long. Please write less than 80 letters."""


@dataclass(frozen=True)
class TokenView:
    """`by`: the name of who made it."""

    id: str
    name: str
    by: str
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


def make(ctx: Context, account_id: str, name: str) -> str:
    """A new token, told this once: only its keyed hash is kept. Raises NoNameError, LongNameError."""
    name = " ".join(name.split())
    if not name:
        raise NoNameError(NoNameError.__doc__)
    if len(name) > LONGEST_NAME:
        raise LongNameError(LongNameError.__doc__)
    token = f"{PREFIX}{ctx.new_token()}{ctx.new_token()}"
    with ctx.database.writing() as session:
        row = ApiToken(
            id=ctx.new_id(),
            name=name,
            token_lookup=token_lookup(ctx.database.keyring, token),
            account_id=account_id,
            created_at=ctx.clock(),
        )
        session.add(row)
        _record(session, ctx, "make_token", row.id, account_id)
    return token


def take_back(ctx: Context, account_id: str, token_id: str) -> None:
    """It opens nothing from now on. Raises NoRowError."""
    with ctx.database.writing() as session:
        row = lock_one(session, ApiToken, token_id)
        if row.revoked_at is None:
            row.revoked_at = ctx.clock()
            session.add(row)
            _record(session, ctx, "take_back_token", row.id, account_id)


def use(ctx: Context, token: str) -> str | None:
    """Who acts by this token, as the audit log names it; None where it is none of ours, or was taken back."""
    with ctx.database.reading() as session:
        row = by_token(session, ctx.database.keyring, token)
        if row is None:
            return None
        key, last = row.id, row.last_used_at
    if last is None or ctx.clock() - last >= USED:
        with ctx.database.writing() as session:
            used = lock_one(session, ApiToken, key)
            used.last_used_at = ctx.clock()
            session.add(used)
    return f"token:{key}"


def listing(ctx: Context) -> tuple[TokenView, ...]:
    """Every token, without what it opens."""
    with ctx.database.reading() as session:
        names = {row.account_id: session.get_one(Account, row.account_id).name for row in all_tokens(session)}
        return tuple(
            TokenView(row.id, row.name, names[row.account_id], row.created_at, row.last_used_at, row.revoked_at)
            for row in all_tokens(session)
        )


def _record(session: Session, ctx: Context, action: str, token_id: str, account_id: str) -> None:
    audit.note(session, ctx, audit.worker(account_id), action, "api_token", token_id)
