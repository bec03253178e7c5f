"""A person's own referral, as they may ask about it in a conversation where they proved who they are."""

from programme import case
from programme.context import Context
from programme.rules.deadline import Deadlines
from storage.conversation import Conversation
from storage.enums import CaseReason, Urgency
from storage.referral import Referral
from storage.row import lock_one


def deadlines(ctx: Context, conversation_id: str) -> Deadlines | None:
    """Their two dates; None where nobody has proved who they are."""
    with ctx.database.reading() as session:
        conversation = session.get_one(Conversation, conversation_id)
        if conversation.referral_id is None:
            return None
        referral = session.get_one(Referral, conversation.referral_id)
        return Deadlines(referral.book_by, referral.finish_by)


def ask_more_time(ctx: Context, conversation_id: str, words: str | None) -> None:
    """Asks a worker for more time on this person's behalf: a case, once."""
    with ctx.database.writing() as session:
        conversation = lock_one(session, Conversation, conversation_id)
        case.open_for(session, ctx, CaseReason.MORE_TIME, Urgency.DEADLINE, conversation, {"words": words})
