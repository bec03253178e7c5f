"""The second factor: codes of an authenticator app, and recovery codes for whoever has lost it."""

import re
from dataclasses import dataclass
from datetime import timedelta

import pyotp
from sqlmodel import Session, col, delete, select

from programme import audit
from programme.context import Context
from programme.password import hash_password, is_password
from programme.tries import SlowedError, Tries, reserve, take_back
from storage.account import Account, RecoveryCode, StaffSession, end_sessions
from storage.row import lock_one

ISSUER = "Druglink console"
STEP = 30  # seconds that a code lasts
DIGITS = 6
SLACK = (-1, 0, 1)  # steps that a phone's clock may be off
SPARE_CODES = 10
_SPARE_LENGTH = 10


@dataclass(frozen=True)
class Setup:
    """What an authenticator app is given: `secret` to type, `address` as QR code."""

    secret: str
    address: str


class AlreadyOnError(RuntimeError):
    """The second factor is on already."""


def set_up(ctx: Context, account_id: str) -> Setup:
    """A secret that waits for its first code; the same again while it waits. Raises AlreadyOnError."""
    with ctx.database.writing() as session:
        account = lock_one(session, Account, account_id)
        if account.totp_confirmed_at is not None:
            raise AlreadyOnError(AlreadyOnError.__doc__)
        if account.totp_secret is None:
            account.totp_secret = pyotp.random_base32()
            session.add(account)
        address = pyotp.TOTP(account.totp_secret).provisioning_uri(name=account.email, issuer_name=ISSUER)
        return Setup(account.totp_secret, address)


def confirm(ctx: Context, account_id: str, session_id: str, code: str) -> list[str]:
    """Turns it on with the app's first code; the recovery codes, which are seen this once. []: a wrong code.

    Every other session of the account ends. Raises AlreadyOnError.
    """
    spare = _new_codes()
    hashes = [hash_password(_plain(one)) for one in spare]
    with ctx.database.writing() as session:
        account = lock_one(session, Account, account_id)
        if account.totp_confirmed_at is not None:
            raise AlreadyOnError(AlreadyOnError.__doc__)
        if not _use_app(session, ctx, account, code):
            return []
        account.totp_confirmed_at = ctx.clock()
        here = lock_one(session, StaffSession, session_id)
        here.second_factor_at = ctx.clock()
        session.add_all([account, here])
        end_sessions(session, account_id, ctx.clock(), but=session_id)
        _keep(session, ctx, account_id, hashes)
        _note(session, ctx, account_id, "second_factor_on")
    return spare


def renew_codes(ctx: Context, account_id: str, code: str) -> list[str]:
    """New recovery codes for the old, against a code of the app; [] for a wrong one. Raises SlowedError."""
    tries = _reserve(ctx, account_id)
    spare = _new_codes()
    hashes = [hash_password(_plain(one)) for one in spare]
    with ctx.database.writing() as session:
        account = lock_one(session, Account, account_id)
        if account.totp_confirmed_at is None or not _use_app(session, ctx, account, code):
            return []
        take_back(session, tries)
        _keep(session, ctx, account_id, hashes)
        _note(session, ctx, account_id, "recovery_codes_new")
    return spare


def turn_off(ctx: Context, account_id: str, code: str) -> bool:
    """Takes it away, against a code of the app or a recovery code; whether that was right. Raises SlowedError."""
    tries = _reserve(ctx, account_id)
    spare = None if is_short(code) else find_spare(ctx, account_id, code)
    with ctx.database.writing() as session:
        account = lock_one(session, Account, account_id)
        if account.totp_confirmed_at is None or not use(session, ctx, account, code, spare):
            return False
        take_back(session, tries)
        clear(session, account)
        _note(session, ctx, account_id, "second_factor_off")
        return True


def subject(account_id: str) -> str:
    """What wrong codes are counted against."""
    return f"code:{account_id}"


def _reserve(ctx: Context, account_id: str) -> Tries:
    tries = reserve(ctx, "code", subject(account_id))
    if tries.waiting:
        raise SlowedError(tries.waiting)
    return tries


def clear(session: Session, account: Account) -> None:
    """Forgets the app and the recovery codes."""
    account.totp_secret = account.totp_confirmed_at = None
    session.add(account)
    session.exec(delete(RecoveryCode).where(col(RecoveryCode.account_id) == account.id))


def codes_left(ctx: Context, account_id: str) -> int:
    """How many recovery codes were not used yet."""
    with ctx.database.reading() as session:
        return len(_unused(session, account_id))


def is_short(code: str) -> bool:
    """Whether it is as long as the app's codes, so not one of the recovery codes."""
    return len(_plain(code)) <= DIGITS


def find_spare(ctx: Context, account_id: str, code: str) -> str | None:
    """The id of the unused recovery code that this is. Hashes are compared here, outside any transaction."""
    if len(_plain(code)) != _SPARE_LENGTH:
        return None
    with ctx.database.reading() as session:
        unused = _unused(session, account_id)
    return next((row.id for row in unused if is_password(row.code_hash, _plain(code))), None)


def use(session: Session, ctx: Context, account: Account, code: str, spare: str | None) -> bool:
    """Whether the code is right; it is used up by that. `account` is locked; `spare`: what `find_spare` found."""
    if spare is None:
        return _use_app(session, ctx, account, code)
    row = lock_one(session, RecoveryCode, spare)
    if row.used_at is not None:
        return False
    row.used_at = ctx.clock()
    session.add(row)
    _note(session, ctx, account.id, "recovery_code_used")
    return True


def _use_app(session: Session, ctx: Context, account: Account, code: str) -> bool:
    """A code is good for its own half minute and those beside it, and only after the last that was used."""
    typed = _plain(code)
    if account.totp_secret is None or not re.fullmatch(rf"[0-9]{{{DIGITS}}}", typed):
        return False
    totp, now = pyotp.TOTP(account.totp_secret), ctx.clock()
    for step in SLACK:
        at = now + timedelta(seconds=step * STEP)
        counter = int(at.timestamp()) // STEP
        if counter > account.totp_last_step and pyotp.utils.strings_equal(totp.at(at), typed):
            account.totp_last_step = counter
            session.add(account)
            return True
    return False


def _new_codes() -> list[str]:
    """Written as abcde-fghij: letters and digits that are not taken for one another."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    return [_show(pyotp.random_base32(32, alphabet)[:_SPARE_LENGTH]) for _ in range(SPARE_CODES)]


def _show(code: str) -> str:
    return f"{code[:5]}-{code[5:]}"


def _plain(code: str) -> str:
    return re.sub(r"[\s-]", "", code).lower()


def _unused(session: Session, account_id: str) -> list[RecoveryCode]:
    found = select(RecoveryCode).where(RecoveryCode.account_id == account_id, col(RecoveryCode.used_at).is_(None))
    return list(session.exec(found.order_by(col(RecoveryCode.id))))


def _keep(session: Session, ctx: Context, account_id: str, hashes: list[str]) -> None:
    session.exec(delete(RecoveryCode).where(col(RecoveryCode.account_id) == account_id))
    session.add_all(
        RecoveryCode(id=ctx.new_id(), account_id=account_id, code_hash=one, created_at=ctx.clock()) for one in hashes
    )


def _note(session: Session, ctx: Context, account_id: str, action: str) -> None:
    audit.note(session, ctx, audit.worker(account_id), action, "account", account_id)
