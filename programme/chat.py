"""Where a person can be told something unasked, and whether they want to be."""

from collections.abc import Collection

from sqlmodel import Session, and_, col, or_, select

from storage.conversation import Conversation


def newest(session: Session, referral_id: str) -> str | None:
    """The newest chat in which this person has proved who they are, and that they have not left."""
    found = select(Conversation.id).where(
        Conversation.referral_id == referral_id,
        col(Conversation.closed_at).is_(None),
        col(Conversation.messages_stopped_at).is_(None),
    )
    return session.exec(found.order_by(col(Conversation.created_at).desc())).first()


def with_chat(session: Session, referral_ids: Collection[str]) -> set[str]:
    """Those of these people for whom `newest` finds a chat."""
    found = select(col(Conversation.referral_id)).where(
        col(Conversation.referral_id).in_(referral_ids),
        col(Conversation.closed_at).is_(None),
        col(Conversation.messages_stopped_at).is_(None),
    )
    return {key for key in session.exec(found) if key is not None}


def has_stopped(session: Session, referral_id: str) -> bool:
    """Whether they want no reminders: said in a chat of theirs, or straight behind the link that we sent them."""
    behind_link = and_(col(Conversation.linked_referral_id) == referral_id, col(Conversation.referral_id).is_(None))
    theirs = or_(col(Conversation.referral_id) == referral_id, behind_link)
    found = select(Conversation.id).where(theirs, col(Conversation.messages_stopped_at).is_not(None))
    return session.exec(found.limit(1)).first() is not None
