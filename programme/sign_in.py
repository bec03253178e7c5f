"""Signing in and out: password, then a code where a second factor is set up; who is behind a session's cookie.

Each try is written down as a failure before the password is looked at, and taken back when it was right: so many tries
at once count as many. What is said of a wrong password and of an unknown address is the same, after the same time.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlmodel import Session, col, select, update

from programme import audit, second_factor, setting
from programme.answers import Fact
from programme.context import Context
from programme.password import hash_password, is_old, is_password
from programme.rules import london
from programme.rules import sign_in as rules
from programme.tries import reserve, take_back
from storage import account as accounts
from storage.account import Account, StaffSession
from storage.enums import Role
from storage.row import lock_one
from storage.setting import Setting

HOURS, IDLE_MINUTES = "console_session_hours", "console_idle_minutes"  # settings
SEEN_EVERY = timedelta(seconds=30)  # a sign of life is written down no more often
KNOWN = "console known browser"
NOBODY = "somebody"  # in the audit log: who is not signed in


class Outcome(StrEnum):
    SIGNED_IN = "signed_in"
    CODE_WANTED = "code_wanted"
    WRONG = "wrong"
    SLOWED = "slowed"
    STARTED_OVER = "started_over"  # too much time passed between password and code


@dataclass(frozen=True)
class Staff:
    """Who is signed in. `csrf`: what each of their forms brings back. `second_factor`: whether one is set up."""

    account_id: str
    name: str
    role: Role
    session_id: str
    csrf: str
    second_factor: bool = False

    @property
    def actor(self) -> str:
        """Their name in the audit log."""
        return audit.worker(self.account_id)


@dataclass(frozen=True)
class Tried:
    """`token`: the new cookie. `known`: the browser's mark. `retry_after`: when slowed, how long until the next try."""

    outcome: Outcome
    token: str = ""
    known: str = ""
    retry_after: timedelta = timedelta(0)


def begin(ctx: Context, email: str, password: str, address: str, device: str, known: str = "") -> Tried:
    """E-mail and password. `known`: the mark of a browser that has signed in before, of any account."""
    with ctx.database.reading() as session:
        account = accounts.by_email(session, ctx.database.keyring, email)
    subject = f"email:{email.strip().lower()}"
    if account is not None and is_known(ctx, account.id, known):
        subject = f"browser:{known}"
    tries = reserve(ctx, "account", subject, address)
    if tries.waiting:
        return Tried(Outcome.SLOWED, retry_after=tries.waiting)
    right = is_password(account.password_hash if account else None, password)
    if not right or account is None or account.disabled_at is not None:
        _note_failure(ctx, account.id if account else "", "sign_in_failed")
        return Tried(Outcome.WRONG)
    new_hash = hash_password(password) if is_old(account.password_hash) else None
    with ctx.database.writing() as session:
        row = lock_one(session, Account, account.id)
        if row.disabled_at is not None or row.password_hash != account.password_hash:
            return Tried(Outcome.WRONG)  # disabled, or changed by somebody, just now
        row.password_hash = new_hash or row.password_hash
        take_back(session, tries)
        return open_for(session, ctx, row, device)


def finish(ctx: Context, token: str, code: str, address: str) -> Tried:
    """The code after the password: of the app, or one of the recovery codes. `token`: what `begin` gave."""
    with ctx.database.reading() as session:
        found = _half_open(session, ctx, token)
    if found is None:
        return Tried(Outcome.STARTED_OVER)
    tries = reserve(ctx, "code", second_factor.subject(found.account_id), address)
    if tries.waiting:
        return Tried(Outcome.SLOWED, retry_after=tries.waiting)
    spare = None if second_factor.is_short(code) else second_factor.find_spare(ctx, found.account_id, code)
    with ctx.database.writing() as session:
        account = lock_one(session, Account, found.account_id)
        half = _half_open(session, ctx, token)
        if half is None or account.disabled_at is not None:
            return Tried(Outcome.STARTED_OVER)
        if not second_factor.use(session, ctx, account, code, spare):
            _note(session, ctx, account.id, "code_failed", NOBODY)
            return Tried(Outcome.WRONG)
        take_back(session, tries)
        half.revoked_at = ctx.clock()  # the cookie of the half way is worth nothing any more
        session.add(half)
        return _signed_in(session, ctx, account, half.device or "", ctx.clock())


def who(ctx: Context, token: str, quiet: bool = False) -> Staff | None:
    """Who is behind the cookie, if anybody still is. `quiet`: this is no sign of life."""
    now = ctx.clock()
    with ctx.database.reading() as session:
        row = accounts.by_token(session, ctx.database.keyring, token)
        account = session.get(Account, row.account_id) if row is not None else None
        if row is None or account is None or not _is_whole(row, account, now, _idle(session, ctx)):
            return None
    if not quiet and now - row.seen_at > SEEN_EVERY:
        with ctx.database.writing() as session:
            session.exec(
                update(StaffSession)
                .where(col(StaffSession.id) == row.id, col(StaffSession.seen_at) < now)
                .values(seen_at=now)
            )
    return Staff(account.id, account.name, account.role, row.id, row.csrf, account.totp_confirmed_at is not None)


def end(ctx: Context, staff: Staff) -> None:
    """Signs out this browser."""
    with ctx.database.writing() as session:
        row = lock_one(session, StaffSession, staff.session_id)
        row.revoked_at = row.revoked_at or ctx.clock()
        session.add(row)
        _note(session, ctx, staff.account_id, "sign_out")


def open_for(session: Session, ctx: Context, account: Account, device: str) -> Tried:
    """Signs in whoever has proved their password, or has just set it; the code comes next where there is one."""
    if account.totp_confirmed_at is not None:
        return Tried(Outcome.CODE_WANTED, _open(session, ctx, account, device, rules.CODE_TIME))
    return _signed_in(session, ctx, account, device, None)


def is_known(ctx: Context, account_id: str, mark: str) -> bool:
    """Whether the mark is one that this account's browser was given."""
    salt, _, signed = mark.partition(".")
    return bool(salt) and any(hmac.compare_digest(signed, one) for one in _marks(ctx, account_id, salt))


def live_sessions(session: Session, ctx: Context, account: Account) -> list[StaffSession]:
    """The account's sessions that have not ended, the one that was seen last first."""
    now, idle = ctx.clock(), _idle(session, ctx)
    found = select(StaffSession).where(
        StaffSession.account_id == account.id,
        col(StaffSession.revoked_at).is_(None),
        StaffSession.expires_at > now,
    )
    rows = session.exec(found.order_by(col(StaffSession.seen_at).desc(), col(StaffSession.id)))
    return [row for row in rows if _is_whole(row, account, now, idle)]


def _signed_in(
    session: Session, ctx: Context, account: Account, device: str, second_factor_at: datetime | None
) -> Tried:
    hours = _setting(session, ctx, HOURS)
    lasts = timedelta(hours=hours) if hours else rules.SESSION
    token = _open(session, ctx, account, device, lasts, second_factor_at)
    _note(session, ctx, account.id, "sign_in")
    salt = ctx.new_token()
    return Tried(Outcome.SIGNED_IN, token, f"{salt}.{_marks(ctx, account.id, salt)[0]}")


def _open(
    session: Session,
    ctx: Context,
    account: Account,
    device: str,
    lasts: timedelta,
    second_factor_at: datetime | None = None,
) -> str:
    """A new session; its cookie, of which only the keyed hash is kept."""
    now, token = ctx.clock(), ctx.new_token() + ctx.new_token()
    session.add(
        StaffSession(
            id=ctx.new_id(),
            account_id=account.id,
            token_lookup=accounts.session_lookup(ctx.database.keyring, token),
            csrf=ctx.new_token(),
            created_at=now,
            seen_at=now,
            expires_at=now + lasts,
            second_factor_at=second_factor_at,
            device=device[:80] or None,
        )
    )
    return token


def _is_whole(row: StaffSession, account: Account, now: datetime, idle: timedelta) -> bool:
    half = account.totp_confirmed_at is not None and row.second_factor_at is None
    ended = row.revoked_at is not None or account.disabled_at is not None
    return not half and not ended and not rules.is_over(now, row.seen_at, row.expires_at, idle)


def _half_open(session: Session, ctx: Context, token: str) -> StaffSession | None:
    """The session that waits for its code."""
    row = accounts.by_token(session, ctx.database.keyring, token)
    if row is None or row.revoked_at is not None or row.second_factor_at is not None:
        return None
    account = session.get(Account, row.account_id)
    if account is None or account.totp_confirmed_at is None or account.disabled_at is not None:
        return None
    return None if ctx.clock() >= row.expires_at else row


def _idle(session: Session, ctx: Context) -> timedelta:
    minutes = _setting(session, ctx, IDLE_MINUTES)
    return timedelta(minutes=minutes) if minutes else rules.IDLE


def _setting(session: Session, ctx: Context, key: str) -> int | None:
    """One setting alone: this is asked at every page."""
    row = session.get(Setting, key)
    known = {key: Fact(row.value, row.review_by)} if row is not None else {}
    return setting.number(known, key, london.today(ctx.clock()))


def _marks(ctx: Context, account_id: str, salt: str) -> list[str]:
    text = f"{account_id}.{salt}".encode()
    return [hmac.new(key, text, "sha256").hexdigest() for key in ctx.database.keyring.derive(KNOWN)]


def _note_failure(ctx: Context, account_id: str, action: str) -> None:
    """`account_id` "": there is none. That is written down too, so that both take as long."""
    with ctx.database.writing() as session:
        _note(session, ctx, account_id, action, NOBODY)


def _note(session: Session, ctx: Context, account_id: str, action: str, actor: str = "") -> None:
    audit.note(session, ctx, actor or audit.worker(account_id), action, "account", account_id)
