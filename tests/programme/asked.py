"""Somebody asks what a setting answers, and what is known of the setting."""

from programme import known, outbox
from programme.context import Context
from programme.outbox import Reply
from storage import message as messages
from storage.conversation import Conversation
from storage.enums import MessageKind
from storage.message import MessageIn, MessageOut, add_in
from tests.builders import new_id
from tests.programme.desk import opened


def ask(ctx: Context, answer: str, words: str = "what do i pay", conversation_id: str | None = None) -> MessageOut:
    """Somebody asks, and the dialogue has chosen this answer."""
    conversation_id = conversation_id or opened(ctx)
    with ctx.database.writing() as session:
        conversation = session.get_one(Conversation, conversation_id)
        asked = MessageIn(
            id=new_id(),
            conversation_id=conversation_id,
            channel_message_id=new_id(),
            kind=MessageKind.TEXT,
            text=words,
            received_at=ctx.clock(),
        )
        add_in(session, asked)
        outbox.say(session, ctx, conversation, [Reply(answer)], asked.id)
    with ctx.database.reading() as session:
        return messages.after(session, conversation_id, 0)[-1]


def view(ctx: Context, key: str) -> known.View:
    return known.one(ctx, key).view
