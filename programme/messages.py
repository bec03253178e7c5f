"""What we send unasked: a person may stop it, and start it again."""

from datetime import datetime

from programme.context import Context
from storage.conversation import Conversation
from storage.row import lock_one


def stop(ctx: Context, conversation_id: str) -> None:
    """No more reminders here. The programme goes on all the same."""
    _set(ctx, conversation_id, ctx.clock())


def start(ctx: Context, conversation_id: str) -> None:
    """Reminders again."""
    _set(ctx, conversation_id, None)


def _set(ctx: Context, conversation_id: str, at: datetime | None) -> None:
    with ctx.database.writing() as session:
        conversation = lock_one(session, Conversation, conversation_id)
        conversation.messages_stopped_at = at
        session.add(conversation)
