"""Where a person can be told something unasked."""

from sqlmodel import Session, col, select

from storage.conversation import Conversation


def newest(session: Session, referral_id: str) -> str | None:
    """The newest chat in which this person has proved who they are, and that they have not left."""
    found = select(Conversation.id).where(
        Conversation.referral_id == referral_id,
        col(Conversation.closed_at).is_(None),
        col(Conversation.messages_stopped_at).is_(None),
    )
    return session.exec(found.order_by(col(Conversation.created_at).desc())).first()
