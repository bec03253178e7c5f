"""What we send unasked, as the person wants it: stopped, and sent again. The programme goes on all the same."""

from collections.abc import Callable
from datetime import datetime

from sqlmodel import Session

from programme import outreach
from programme.context import Context
from programme.outreach_due import chats_of
from storage.conversation import Conversation
from storage.row import lock_one


def stop(ctx: Context, conversation_id: str) -> None:
    """No more reminders, here or any other way, once we know who it is; what is not out yet is taken back."""

    def settle(session: Session, conversation: Conversation) -> None:
        _set(session, conversation, ctx.clock())
        if conversation.referral_id is not None:
            outreach.withdraw_for_person(session, conversation.referral_id)

    _locked(ctx, conversation_id, settle)


def start(ctx: Context, conversation_id: str) -> None:
    """Reminders again; also where they were stopped in another chat of the same person."""

    def settle(session: Session, conversation: Conversation) -> None:
        others = chats_of(session, conversation.referral_id) if conversation.referral_id else []
        for each in {chat.id: chat for chat in (*others, conversation)}.values():
            _set(session, each, None)

    _locked(ctx, conversation_id, settle)


def _locked(ctx: Context, conversation_id: str, settle: Callable[[Session, Conversation], None]) -> None:
    with ctx.database.writing() as session:
        settle(session, lock_one(session, Conversation, conversation_id))


def _set(session: Session, conversation: Conversation, at: datetime | None) -> None:
    conversation.messages_stopped_at = at
    session.add(conversation)
