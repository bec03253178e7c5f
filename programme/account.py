"""Accounts of staff: who there is, and what leads and managers do to accounts."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from programme import audit, second_factor
from programme.context import Context
from programme.rules import role as roles
from programme.sign_in import Staff
from storage import account as accounts
from storage.account import Account, StaffSession, end_sessions, open_shift_of
from storage.enums import Role
from storage.row import lock_one


class NotYoursError(PermissionError):
    """This account, or this role, is not yours to give or change."""


class LastManagerError(RuntimeError):
    """This is the last manager. Make somebody else a manager first."""


@dataclass(frozen=True)
class Member:
    """An account as the list shows it. `yours`: whether whoever looks may change it."""

    account_id: str
    name: str
    email: str
    role: Role
    second_factor: bool
    on_shift: bool
    seen_at: datetime | None
    disabled_at: datetime | None
    yours: bool


def members(ctx: Context, by: Staff) -> list[Member]:
    """Every account, by name; the disabled last."""
    with ctx.database.reading() as session:
        seen = dict(
            session.exec(
                select(StaffSession.account_id, func.max(StaffSession.seen_at)).group_by(StaffSession.account_id)
            ).all()
        )
        shifts = {shift.account_id for shift in accounts.open_shifts(session)}
        found = [
            Member(
                row.id,
                row.name,
                row.email,
                row.role,
                row.totp_confirmed_at is not None,
                row.id in shifts,
                seen.get(row.id),
                row.disabled_at,
                roles.may_look_after(by.role, row.role),
            )
            for row in session.exec(select(Account))
        ]
    return sorted(found, key=lambda one: (one.disabled_at is not None, one.name.lower(), one.account_id))


def disable(ctx: Context, by: Staff, account_id: str) -> None:
    """Ends the account's sessions and its shift; nobody signs in to it. Raises NotYoursError, LastManagerError."""
    with ctx.database.writing() as session:
        account = _lock(session, by, account_id, None)
        if account.disabled_at is not None:
            return
        account.disabled_at = ctx.clock()
        session.add(account)
        end_sessions(session, account.id, ctx.clock())
        shift = open_shift_of(session, account.id)
        if shift is not None:
            shift.ended_at = ctx.clock()
            session.add(shift)
        _note(session, ctx, by.actor, "disable_account", account.id)


def enable(ctx: Context, by: Staff, account_id: str) -> None:
    """Lets somebody sign in again. Raises NotYoursError."""
    with ctx.database.writing() as session:
        account = lock_one(session, Account, account_id)
        must_look_after(by, account.role)
        account.disabled_at = None
        session.add(account)
        _note(session, ctx, by.actor, "enable_account", account.id)


def change_role(ctx: Context, by: Staff, account_id: str, role: Role) -> None:
    """Gives an account another role, from its next page on. Raises NotYoursError, LastManagerError."""
    with ctx.database.writing() as session:
        account = _lock(session, by, account_id, role)
        must_look_after(by, role)
        account.role = role
        session.add(account)
        _note(session, ctx, by.actor, f"make_{role.value}", account.id)


def forget_second_factor(ctx: Context, by: Staff, account_id: str) -> None:
    """For somebody who has lost phone and recovery codes. Their sessions end. Raises NotYoursError."""
    with ctx.database.writing() as session:
        account = lock_one(session, Account, account_id)
        if account.id == by.account_id:
            raise NotYoursError(NotYoursError.__doc__)  # one's own is turned off with a code
        must_look_after(by, account.role)
        second_factor.clear(session, account)
        end_sessions(session, account.id, ctx.clock())
        _note(session, ctx, by.actor, "forget_second_factor", account.id)


def _lock(session: Session, by: Staff, account_id: str, role: Role | None) -> Account:
    """The account to be changed, with every manager locked in one order: two cannot both lose the last but one."""
    of = select(Account.id).where(Account.role == Role.MANAGER, col(Account.disabled_at).is_(None))
    managers = [lock_one(session, Account, one) for one in session.exec(of.order_by(Account.id)).all()]
    left = [one for one in managers if one.role is Role.MANAGER and one.disabled_at is None]
    account = lock_one(session, Account, account_id)
    must_look_after(by, account.role)
    if role is None and account.id == by.account_id:
        raise NotYoursError(NotYoursError.__doc__)  # nobody locks themselves out
    able = account.disabled_at is None
    if able and not roles.keeps_a_manager(account.role.value, role.value if role else None, len(left)):
        raise LastManagerError(LastManagerError.__doc__)
    return account


def must_look_after(by: Staff, role: Role) -> None:
    """Raises NotYoursError unless they may give this role, or change an account that has it."""
    if not roles.may_look_after(by.role.value, role.value):
        raise NotYoursError(NotYoursError.__doc__)


def _note(session: Session, ctx: Context, actor: str, action: str, subject_id: str) -> None:
    audit.note(session, ctx, actor, action, "account", subject_id)
