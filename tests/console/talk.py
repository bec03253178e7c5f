"""What was said in a chat, and what the audit log has of it."""

from programme.context import Context
from storage import message as messages
from storage.audit import audit_of
from storage.enums import Sender
from storage.message import MessageOut


def said(ctx: Context, chat: str) -> list[MessageOut]:
    with ctx.database.reading() as session:
        return [row for row in messages.after(session, chat, 0) if row.sender is Sender.WORKER]


def logged(ctx: Context, kind: str, key: str) -> list[tuple[str, str]]:
    with ctx.database.reading() as session:
        return [(line.actor, line.action) for line in audit_of(session, kind, key)]
