"""Somebody who wants a person, what was said in a chat, and what the audit log has of it."""

from programme import handoff
from programme.context import Context
from storage import message as messages
from storage.audit import audit_of
from storage.conversation import Conversation
from storage.enums import Sender
from storage.message import MessageOut
from tests.builders import NOW, a_message_in, a_person, a_referral
from tests.programme.desk import proved


def said(ctx: Context, chat: str) -> list[MessageOut]:
    with ctx.database.reading() as session:
        return [row for row in messages.after(session, chat, 0) if row.sender is Sender.WORKER]


def logged(ctx: Context, kind: str, key: str) -> list[tuple[str, str]]:
    with ctx.database.reading() as session:
        return [(line.actor, line.action) for line in audit_of(session, kind, key)]


def asks_for_somebody(ctx: Context) -> str:
    """Alex Green, proved, wants a person; their conversation's id."""
    referral = a_referral(ctx.database, person=a_person(ctx.database, name="Alex Green"), reference="TVP4F7K92")
    conversation_id = proved(ctx, referral)
    with ctx.database.reading() as session:
        conversation = session.get_one(Conversation, conversation_id)
    a_message_in(ctx.database, conversation, "can <b>somebody</b> ring me", received_at=NOW)
    handoff.ask(ctx, conversation_id, "request_human", last_words="can <b>somebody</b> ring me")
    return conversation_id
