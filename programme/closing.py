"""Closing a case: a worker has done what was to do, or has seen that nothing is."""

from sqlmodel import Session

from programme import audit
from programme.context import Context
from programme.rules.danger import DANGERS
from storage.case import Case
from storage.row import lock_row

OUTCOMES = ("done", "not_needed", "passed_to_others")


class NoOpenCaseError(LookupError):
    """There is no such case that is open and that may be closed like this."""


class UnknownOutcomeError(ValueError):
    """A case cannot end like this."""


def close(ctx: Context, case_id: str, account_id: str, outcome: str) -> None:
    """A worker has done what was to do, or seen that nothing is. Danger is cleared elsewhere: by programme/danger.py.

    Raises NoOpenCaseError, UnknownOutcomeError.
    """
    if outcome not in OUTCOMES:
        raise UnknownOutcomeError(UnknownOutcomeError.__doc__)
    with ctx.database.writing() as session:
        row = lock_row(session, Case, case_id)
        if row is None or row.closed_at is not None or row.reason.value in DANGERS:
            raise NoOpenCaseError(NoOpenCaseError.__doc__)
        end(session, ctx, row, account_id, outcome)


def end(session: Session, ctx: Context, row: Case, account_id: str, outcome: str) -> None:
    """Closes an open (locked) case in the caller's transaction, and notes who did."""
    row.closed_at, row.closed_by, row.outcome = ctx.clock(), account_id, outcome
    session.add(row)
    audit.note(session, ctx, audit.worker(account_id), "case:closed", "case", row.id, {"outcome": outcome})
