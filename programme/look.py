"""Looks at what is not one person's record, a page or a setting: each is a line of the audit log."""

from programme.context import Context
from storage.audit import record

VIEWED = "viewed"


def note(ctx: Context, account_id: str, kind: str, key: str) -> None:
    """Writes down who looked at which "page" or "setting"."""
    with ctx.database.writing() as session:
        record(
            session,
            id=ctx.new_id(),
            at=ctx.clock(),
            actor=f"worker:{account_id}",
            action=VIEWED,
            subject_kind=kind,
            subject_id=key,
        )
