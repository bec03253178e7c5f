"""Tries of staff to prove who they are: each is a failure until it was right, counted by account and by address."""

from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import Session

from programme.context import Context
from programme.rules import sign_in as rules
from storage import identity as identities
from storage.enums import AttemptKind
from storage.identity import Attempt
from storage.row import lock_row


@dataclass(frozen=True)
class Tries:
    """`ids`: what to take back when it was right. `waiting`: how long until the next try; then nothing was counted."""

    ids: tuple[str, ...]
    waiting: timedelta


class SlowedError(RuntimeError):
    """Too many wrong tries: wait before the next one. The first argument is how long."""

    def __init__(self, waiting: timedelta) -> None:
        super().__init__(waiting)
        self.waiting = waiting


def reserve(ctx: Context, kind: str, subject: str, address: str = "") -> Tries:
    """Writes a failure down for what is about to be tried, unless it must wait. `kind`: "account" or "code"."""
    now, keyring = ctx.clock(), ctx.database.keyring
    counted = [(AttemptKind.ACCOUNT, subject), *([(AttemptKind.STAFF_ADDRESS, address)] if address else [])]
    with ctx.database.writing() as session:
        for lookup in sorted(identities.subject_lookup(keyring, of, what) for of, what in counted):
            identities.lock_subject(session, lookup)
        since = now - rules.WINDOW
        failed = [identities.failed_attempts(session, keyring, of, what, since) for of, what in counted]
        waiting = rules.wait_for(kind, failed[0], failed[1] if address else [], now)
        if waiting > timedelta(0):
            return Tries((), waiting)
        rows = [
            Attempt(
                id=ctx.new_id(),
                kind=of,
                subject_lookup=identities.subject_lookup(keyring, of, what),
                failed_at=now,
            )
            for of, what in counted
        ]
        ids = tuple(row.id for row in rows)
        session.add_all(rows)
    return Tries(ids, waiting)


def take_back(session: Session, tries: Tries) -> None:
    """It was right: no failure."""
    for one in tries.ids:
        row = lock_row(session, Attempt, one)
        if row is not None:  # else it was forgotten meanwhile
            session.delete(row)
