"""What is done is written down: one line of the audit log, by whom and about what, in the transaction that does it."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from programme.context import Context
from storage.audit import record

WORKER = "worker:"


def worker(account_id: str) -> str:
    """A worker as the audit log names them."""
    return f"{WORKER}{account_id}"


def account_of(actor: str) -> str | None:
    """The account of a worker that the audit log names; None of anybody else."""
    return actor.removeprefix(WORKER) if actor.startswith(WORKER) else None


def note(
    session: Session,
    ctx: Context,
    actor: str,
    action: str,
    kind: str,
    subject_id: str,
    detail: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> None:
    """`actor` did `action` to the record of this `kind`. `detail`: sealed, nothing where it is empty; `at`: now."""
    record(
        session,
        id=ctx.new_id(),
        at=at or ctx.clock(),
        actor=actor,
        action=action,
        subject_kind=kind,
        subject_id=subject_id,
        detail=json.dumps(detail) if detail else None,
    )
