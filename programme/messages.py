"""What we send unasked, as the person wants it: stopped, and sent again. The programme goes on all the same."""

from collections.abc import Callable
from datetime import datetime

from sqlmodel import Session

from programme import outreach, outreach_news, second_chance
from programme.context import Context
from programme.outreach_due import chats_by_link, chats_of
from storage.conversation import Conversation
from storage.row import lock_one


def stop(ctx: Context, conversation_id: str) -> None:
    """No more reminders, here or any other way, once we know whose chat this is: they proved it, or the link that we
    sent them has opened it. What is not out yet is taken back."""

    def settle(session: Session, conversation: Conversation) -> None:
        _set(session, conversation, ctx.clock())
        whose = conversation.referral_id or conversation.linked_referral_id
        if whose is not None:
            outreach.withdraw_for_person(session, whose)
            if (unheard := outreach_news.missed_unheard(session, whose, ctx.clock())) is not None:
                second_chance.note_silent(session, ctx, unheard, conversation)

    _locked(ctx, conversation_id, settle)


def start(ctx: Context, conversation_id: str) -> None:
    """Reminders again; also where they were stopped in another chat of the same person."""

    def settle(session: Session, conversation: Conversation) -> None:
        whose = conversation.referral_id
        others = [*chats_of(session, whose), *chats_by_link(session, whose)] if whose else []
        for each in {chat.id: chat for chat in (*others, conversation)}.values():
            _set(session, each, None)

    _locked(ctx, conversation_id, settle)


def _locked(ctx: Context, conversation_id: str, settle: Callable[[Session, Conversation], None]) -> None:
    with ctx.database.writing() as session:
        settle(session, lock_one(session, Conversation, conversation_id))


def _set(session: Session, conversation: Conversation, at: datetime | None) -> None:
    conversation.messages_stopped_at = at
    session.add(conversation)
