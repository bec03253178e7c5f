"""Invitations instead of sign-up: a link that makes an account, or sets the password of one anew."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from programme import audit, sign_in
from programme.account import must_look_after
from programme.context import Context
from programme.password import hash_password
from programme.rules import sign_in as rules
from programme.sign_in import Staff, Tried
from storage import account as accounts
from storage.account import Account, Invitation, end_sessions
from storage.enums import Role
from storage.row import lock_one, lock_row

INVITATION = timedelta(days=7)
LONGEST_NAME = 80
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


class NotAnEmailError(ValueError):
    """That is not an email address."""


class DisabledAccountError(ValueError):
    """There is an account with this address, and it is disabled. Enable it first."""


class NoInvitationError(LookupError):
    """This invitation was used, taken back, or is too old."""


class NoNameError(ValueError):
    """A name is needed."""


class EasyPasswordError(ValueError):
    """This password is too short, or easy to guess."""


@dataclass(frozen=True)
class Invited:
    """An invitation that waits. `renews`: it is for an account that is there, and sets its password anew."""

    invitation_id: str
    email: str
    role: Role
    expires_at: datetime
    invited_by: str | None = None  # a name
    renews: bool = False
    name: str = ""  # of the account that is there


def invite(ctx: Context, by: Staff | None, email: str, role: Role) -> str:
    """A new invitation's token; earlier ones for the address end. `by` None: the command line, which may everything.

    For an address that has an account, it sets that account's password anew, and the role stays.
    Raises NotYoursError, NotAnEmailError, DisabledAccountError.
    """
    email, token = email.strip(), ctx.new_token() + ctx.new_token()
    if not _EMAIL.fullmatch(email) or len(email) > 254:
        raise NotAnEmailError(NotAnEmailError.__doc__)
    with ctx.database.writing() as session:
        there = accounts.by_email(session, ctx.database.keyring, email)
        if by is not None:
            role = there.role if there is not None else role
            must_look_after(by, role)
            if there is not None and there.disabled_at is not None:
                raise DisabledAccountError(DisabledAccountError.__doc__)
        for earlier in _open_invitations(session, ctx):
            if earlier.email.lower() == email.lower():
                earlier.revoked_at = ctx.clock()
                session.add(earlier)
        row = Invitation(
            id=ctx.new_id(),
            email=email,
            role=role,
            token_lookup=accounts.invitation_lookup(ctx.database.keyring, token),
            invited_by=by.account_id if by else None,
            created_at=ctx.clock(),
            expires_at=ctx.clock() + INVITATION,
        )
        session.add(row)
        _note(session, ctx, by.actor if by else "system", "invite", row.id, "invitation")
    return token


def find(ctx: Context, token: str) -> Invited:
    """What the invitation is for. Raises NoInvitationError."""
    with ctx.database.reading() as session:
        row = _invitation(session, ctx, token)
        there = accounts.by_email(session, ctx.database.keyring, row.email)
        return Invited(
            row.id, row.email, row.role, row.expires_at, None, there is not None, there.name if there else ""
        )


def accept(ctx: Context, token: str, name: str, password: str, device: str) -> Tried:
    """Makes the account, or sets its password anew, and signs in: with a second factor the code is still asked for.

    Raises NoInvitationError, NoNameError, EasyPasswordError.
    """
    about, name = find(ctx, token), " ".join(name.split())[:LONGEST_NAME]
    if not name:
        raise NoNameError(NoNameError.__doc__)
    if rules.is_easy(password, name, about.email):
        raise EasyPasswordError(EasyPasswordError.__doc__)
    hashed = hash_password(password)
    with ctx.database.writing() as session:
        row = lock_one(session, Invitation, about.invitation_id)
        if not _is_open(row, ctx.clock()):
            raise NoInvitationError(NoInvitationError.__doc__)  # somebody was quicker
        row.accepted_at = ctx.clock()
        account = accounts.by_email(session, ctx.database.keyring, row.email)
        if account is None:
            account = _new(ctx, row.email, name, row.role, hashed)
        else:
            account = lock_one(session, Account, account.id)
            if row.invited_by is not None and account.role is not row.role:
                raise NoInvitationError(NoInvitationError.__doc__)  # made for less than the account may by now
            account.name, account.password_hash = name, hashed
            if row.invited_by is None:
                account.role, account.disabled_at = row.role, None
            end_sessions(session, account.id, ctx.clock())
        if account.disabled_at is not None:
            raise NoInvitationError(NoInvitationError.__doc__)
        session.add_all([row, account])
        session.flush()
        _note(session, ctx, audit.worker(account.id), "accept_invitation", account.id)
        return sign_in.open_for(session, ctx, account, device)


def waiting(ctx: Context) -> list[Invited]:
    """Those that wait, the newest first."""
    with ctx.database.reading() as session:
        names = {row.id: row.name for row in session.exec(select(Account))}
        return [
            Invited(row.id, row.email, row.role, row.expires_at, names.get(row.invited_by or ""))
            for row in _open_invitations(session, ctx)
        ]


def take_back(ctx: Context, by: Staff, invitation_id: str) -> None:
    """Ends an invitation. Raises NotYoursError, NoInvitationError."""
    with ctx.database.writing() as session:
        row = lock_row(session, Invitation, invitation_id)
        if row is None or not _is_open(row, ctx.clock()):
            raise NoInvitationError(NoInvitationError.__doc__)
        must_look_after(by, row.role)
        row.revoked_at = ctx.clock()
        session.add(row)
        _note(session, ctx, by.actor, "take_back_invitation", row.id, "invitation")


def _new(ctx: Context, email: str, name: str, role: Role, hashed: str) -> Account:
    return Account(
        id=ctx.new_id(),
        email=email,
        email_lookup=accounts.email_lookup(ctx.database.keyring, email),
        name=name,
        role=role,
        password_hash=hashed,
        created_at=ctx.clock(),
    )


def _open_invitations(session: Session, ctx: Context) -> list[Invitation]:
    found = select(Invitation).where(
        col(Invitation.accepted_at).is_(None),
        col(Invitation.revoked_at).is_(None),
        Invitation.expires_at > ctx.clock(),
    )
    return list(session.exec(found.order_by(col(Invitation.created_at).desc(), col(Invitation.id))))


def _invitation(session: Session, ctx: Context, token: str) -> Invitation:
    lookups = ctx.database.keyring.lookups(token, accounts.INVITATION)
    row = session.exec(select(Invitation).where(col(Invitation.token_lookup).in_(lookups))).first()
    if row is None or not _is_open(row, ctx.clock()):
        raise NoInvitationError(NoInvitationError.__doc__)
    return row


def _is_open(row: Invitation, now: datetime) -> bool:
    return row.accepted_at is None and row.revoked_at is None and now < row.expires_at


def _note(session: Session, ctx: Context, actor: str, action: str, subject_id: str, kind: str = "account") -> None:
    audit.note(session, ctx, actor, action, kind, subject_id)
