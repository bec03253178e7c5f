"""One's own account: name, password, and the browsers that are signed in."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from programme import audit, sign_in
from programme.context import Context
from programme.invitation import LONGEST_NAME, EasyPasswordError, NoNameError
from programme.password import hash_password, is_password
from programme.rules import sign_in as rules
from programme.sign_in import Staff
from programme.tries import SlowedError, reserve, take_back
from storage.account import Account, StaffSession, end_sessions
from storage.row import lock_one, lock_row


class WrongPasswordError(PermissionError):
    """That is not your password."""


@dataclass(frozen=True)
class Browser:
    """A browser that is signed in. `here`: the one that asks."""

    session_id: str
    device: str
    since: datetime
    seen_at: datetime
    here: bool


@dataclass(frozen=True)
class Own:
    """One's own account."""

    name: str
    email: str
    role: str
    second_factor_since: datetime | None


def own(ctx: Context, staff: Staff) -> Own:
    """What there is to know of it."""
    with ctx.database.reading() as session:
        row = session.get_one(Account, staff.account_id)
        return Own(row.name, row.email, row.role.value, row.totp_confirmed_at)


def browsers(ctx: Context, staff: Staff) -> list[Browser]:
    """Where one is signed in, this browser first."""
    with ctx.database.reading() as session:
        account = session.get_one(Account, staff.account_id)
        found = [
            Browser(row.id, row.device or "", row.created_at, row.seen_at, row.id == staff.session_id)
            for row in sign_in.live_sessions(session, ctx, account)
        ]
    return sorted(found, key=lambda one: not one.here)


def end_browser(ctx: Context, staff: Staff, session_id: str) -> None:
    """Signs one browser out; one that is not of this account, or is gone, changes nothing."""
    with ctx.database.writing() as session:
        row = lock_row(session, StaffSession, session_id)
        if row is None or row.account_id != staff.account_id or row.revoked_at is not None:
            return
        row.revoked_at = ctx.clock()
        session.add(row)
        _note(ctx, session, staff, "end_session")


def end_others(ctx: Context, staff: Staff) -> None:
    """Signs out everywhere but here."""
    with ctx.database.writing() as session:
        end_sessions(session, staff.account_id, ctx.clock(), but=staff.session_id)
        _note(ctx, session, staff, "end_other_sessions")


def rename(ctx: Context, staff: Staff, name: str) -> None:
    """The name that colleagues, and people who are helped, see. Raises NoNameError."""
    name = " ".join(name.split())[:LONGEST_NAME]
    if not name:
        raise NoNameError(NoNameError.__doc__)
    with ctx.database.writing() as session:
        account = lock_one(session, Account, staff.account_id)
        account.name = name
        session.add(account)
        _note(ctx, session, staff, "rename")


def change_password(ctx: Context, staff: Staff, old: str, new: str) -> None:
    """Sets a new password and signs out everywhere but here.

    Raises SlowedError, WrongPasswordError, EasyPasswordError.
    """
    with ctx.database.reading() as session:
        account = session.get_one(Account, staff.account_id)
    if rules.is_easy(new, account.name, account.email):
        raise EasyPasswordError(EasyPasswordError.__doc__)
    tries = reserve(ctx, "code", f"password:{staff.account_id}")
    if tries.waiting:
        raise SlowedError(tries.waiting)
    if not is_password(account.password_hash, old):
        raise WrongPasswordError(WrongPasswordError.__doc__)
    hashed = hash_password(new)
    with ctx.database.writing() as session:
        row = lock_one(session, Account, staff.account_id)
        if row.password_hash != account.password_hash:
            raise WrongPasswordError(WrongPasswordError.__doc__)
        row.password_hash = hashed
        session.add(row)
        take_back(session, tries)
        end_sessions(session, row.id, ctx.clock(), but=staff.session_id)
        _note(ctx, session, staff, "change_password")


def _note(ctx: Context, session: Session, staff: Staff, action: str) -> None:
    audit.note(session, ctx, staff.actor, action, "account", staff.account_id)
