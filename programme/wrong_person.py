"""The wrong person: somebody whom our messages were not meant for."""

from programme import callback, concern, verification
from programme.concern import Said
from programme.context import Context
from storage import case as cases
from storage.conversation import Conversation
from storage.enums import CaseReason
from storage.row import lock_one


def report(ctx: Context, conversation_id: str, said: Said) -> None:
    """A case for a worker, no more messages here, and what this conversation had proved holds no more. Once: a second
    time finds nobody known here, and the case that is open."""
    with ctx.database.writing() as session:
        conversation = lock_one(session, Conversation, conversation_id)
        known = conversation.referral_id or conversation.linked_referral_id
        if known or not cases.open_cases_in(session, conversation_id, CaseReason.WRONG_PERSON):
            facts = {"reached_by_link_of": known} if known else None
            concern.write(session, ctx, conversation, CaseReason.WRONG_PERSON, said, facts=facts)
        conversation.messages_stopped_at = conversation.messages_stopped_at or ctx.clock()
        callback.take_back(session, ctx, conversation)
        verification.take_back(session, ctx, conversation)
