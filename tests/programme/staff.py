"""Staff for tests: accounts with one password, and those who are signed in."""

from datetime import timedelta
from functools import cache
from typing import Any

import pyotp
from argon2 import PasswordHasher

from programme import password, sign_in
from programme.context import Context
from programme.password import hash_password
from programme.sign_in import Staff, Tried
from storage.account import Account
from storage.enums import Role
from tests.builders import an_account

PASSWORD = "brass lantern otter"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
password._HASHER = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)  # what it costs is tested by itself


@cache
def _hash() -> str:
    return hash_password(PASSWORD)


def a_member(ctx: Context, role: Role = Role.WORKER, *, second_factor: bool = False, **given: Any) -> Account:
    """An account with PASSWORD, and with SECRET in its authenticator app where there is a second factor."""
    app = {"totp_secret": SECRET, "totp_confirmed_at": ctx.clock()} if second_factor else {}
    email = given.pop("email", f"{role.value}@example.org")
    return an_account(ctx.database, role=role, email=email, **{"password_hash": _hash()} | app | given)


def code(ctx: Context, steps: int = 0) -> str:
    """What the app shows, or showed `steps` half minutes from now."""
    return pyotp.TOTP(SECRET).at(ctx.clock() + timedelta(seconds=30 * steps))


def signed_in(ctx: Context, account: Account, known: str = "") -> tuple[Staff, Tried]:
    """Somebody with their session."""
    tried = sign_in.begin(ctx, account.email, PASSWORD, "", "Firefox, Linux", known)
    if account.totp_confirmed_at is not None:
        tried = sign_in.finish(ctx, tried.token, code(ctx), "")
    staff = sign_in.who(ctx, tried.token)
    assert staff is not None
    return staff, tried
