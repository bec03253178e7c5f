"""Looks at what is not one person's record, a page or a setting: each is a line of the audit log."""

from programme import audit
from programme.context import Context

VIEWED = "viewed"


def note(ctx: Context, account_id: str, kind: str, key: str) -> None:
    """Writes down who looked at which "page" or "setting"."""
    with ctx.database.writing() as session:
        audit.note(session, ctx, audit.worker(account_id), VIEWED, kind, key)
