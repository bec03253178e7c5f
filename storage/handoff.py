"""Requests for a person: who waits, who has them, and the claim that only one worker wins."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, Index, and_, func, or_, text, update
from sqlmodel import Field, Session, col, select

from storage.conversation import Conversation
from storage.enums import HandoffState, Owner, Urgency
from storage.row import Row, add_unless_there
from storage.types import Instant, Sealed, word

OPEN = text("state IN ('waiting', 'taken')")


class HandoffRequest(Row, table=True):
    """One open request a conversation: asked twice is one request."""

    __tablename__ = "handoff_request"
    __table_args__ = (
        Index(
            "uq_handoff_request_waiting",
            "conversation_id",
            unique=True,
            sqlite_where=OPEN,
            postgresql_where=OPEN,
        ),
    )

    id: str = Field(primary_key=True, max_length=32)
    conversation_id: str = Field(foreign_key="conversation.id", index=True, max_length=32)
    reason: str = Field(max_length=64)  # the intent or rule that asked
    urgency: Urgency = Field(sa_type=word(Urgency, "handoff_request.urgency"))
    last_words: str | None = Field(default=None, sa_type=Sealed("handoff_request.last_words"))
    state: HandoffState = Field(
        default=HandoffState.WAITING, sa_type=word(HandoffState, "handoff_request.state"), index=True
    )
    requested_at: datetime = Field(sa_type=Instant)  # gives the place in the queue, however often it comes back there
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    account_id: str | None = Field(default=None, index=True, max_length=32)  # the worker who has it, or had it last
    wanted_account_id: str | None = Field(default=None, max_length=32)  # whom it waits for first
    taken_at: datetime | None = Field(default=None, sa_type=Instant)
    first_reply_at: datetime | None = Field(default=None, sa_type=Instant)
    beat_at: datetime | None = Field(default=None, sa_type=Instant)  # the worker was last heard
    warned_at: datetime | None = Field(default=None, sa_type=Instant)
    escalated_at: datetime | None = Field(default=None, sa_type=Instant)
    told_at: datetime | None = Field(default=None, sa_type=Instant)  # the person was told that it takes longer
    outcome: str | None = Field(default=None, max_length=32)
    outcome_note: str | None = Field(default=None, sa_type=Sealed("handoff_request.outcome_note"))
    waiting_since: datetime | None = Field(default=None, sa_type=Instant)  # see `waits_since`

    @property
    def waits_since(self) -> datetime:
        """Since when the person waits for a worker's word: asked, put back in the queue, or in danger."""
        return self.waiting_since or self.requested_at

    @property
    def was_answered(self) -> bool:
        """Whether a worker has written since the person began to wait."""
        return self.first_reply_at is not None and self.first_reply_at >= self.waits_since


def open_request(session: Session, request: HandoffRequest) -> HandoffRequest:
    """Records a request for a person unless the conversation has one. Returns the open one; its id says which."""
    if add_unless_there(session, request, ["conversation_id"], OPEN):
        opened = session.get(HandoffRequest, request.id)
    else:
        opened = open_request_of(session, request.conversation_id)
    return opened if opened is not None else open_request(session, request)  # the earlier one ended just now


def open_request_of(session: Session, conversation_id: str) -> HandoffRequest | None:
    """The conversation's request that is waiting or taken."""
    return session.exec(
        select(HandoffRequest).where(
            HandoffRequest.conversation_id == conversation_id,
            col(HandoffRequest.state).in_([HandoffState.WAITING, HandoffState.TAKEN]),
        )
    ).first()


def latest_request_of(session: Session, conversation_id: str) -> HandoffRequest | None:
    """The conversation's newest request, open or not."""
    found = select(HandoffRequest).where(HandoffRequest.conversation_id == conversation_id)
    newest = col(HandoffRequest.requested_at).desc(), col(HandoffRequest.ended_at).desc(), col(HandoffRequest.id)
    return session.exec(found.order_by(*newest)).first()


def open_requests(session: Session, *states: HandoffState) -> list[HandoffRequest]:
    """All that wait or are taken, or only those in these states; the oldest first."""
    wanted = states or (HandoffState.WAITING, HandoffState.TAKEN)
    found = select(HandoffRequest).where(col(HandoffRequest.state).in_(wanted))
    return list(session.exec(found.order_by(col(HandoffRequest.requested_at), col(HandoffRequest.id))))


def taken_by(session: Session, account_id: str) -> list[HandoffRequest]:
    """What this worker has, the oldest first."""
    found = select(HandoffRequest).where(
        HandoffRequest.account_id == account_id, HandoffRequest.state == HandoffState.TAKEN
    )
    return list(session.exec(found.order_by(col(HandoffRequest.requested_at), col(HandoffRequest.id))))


def claim(session: Session, conversation_id: str, owners: Collection[str]) -> bool:
    """Makes a worker the owner of a conversation that one of `owners` has: one statement, which one of many wins."""
    return (
        session.execute(
            update(Conversation)
            .where(
                col(Conversation.id) == conversation_id,
                col(Conversation.owner).in_([Owner(owner) for owner in owners]),
            )
            .values(owner=Owner.WORKER)
            .returning(col(Conversation.id))
            .execution_options(synchronize_session=False)
        ).first()
        is not None
    )


def beat(session: Session, conversation_id: str, account_id: str, now: datetime) -> bool:
    """The worker is still there. False where they have it no longer."""
    return _touch(
        session,
        [
            col(HandoffRequest.conversation_id) == conversation_id,
            col(HandoffRequest.account_id) == account_id,
            col(HandoffRequest.state) == HandoffState.TAKEN,
        ],
        beat_at=now,
    )


def note_reply(session: Session, request_id: str, now: datetime) -> bool:
    """A worker has written: noted for the first time since the person began to wait."""
    return _touch(session, [col(HandoffRequest.id) == request_id, _unanswered()], first_reply_at=now)


def mark_once(session: Session, request_id: str, step: str, now: datetime) -> bool:
    """Marks `warned_at`, `escalated_at` or `told_at`, where nobody has answered yet and this was not done since the
    person began to wait. One of many processes gets True."""
    column = getattr(HandoffRequest, step)
    still_open = col(HandoffRequest.state).in_([HandoffState.WAITING, HandoffState.TAKEN])
    not_yet = or_(column.is_(None), column < _since())
    return _touch(session, [col(HandoffRequest.id) == request_id, still_open, not_yet, _unanswered()], **{step: now})


def answered(session: Session, limit: int) -> list[tuple[datetime, datetime]]:
    """Of the requests that were answered last: since when the person waited, and when a worker first wrote."""
    found = (
        select(_since(), HandoffRequest.first_reply_at)
        .where(col(HandoffRequest.first_reply_at).is_not(None), col(HandoffRequest.first_reply_at) >= _since())
        .order_by(col(HandoffRequest.first_reply_at).desc())
    )
    return [(since, replied) for since, replied in session.execute(found.limit(limit)).all()]


def _since() -> ColumnElement[datetime]:
    return func.coalesce(
        col(HandoffRequest.waiting_since),
        col(HandoffRequest.requested_at),
        type_=HandoffRequest.__table__.c.requested_at.type,  # type: ignore[attr-defined]
    )


def _unanswered() -> ColumnElement[bool]:
    replied = col(HandoffRequest.first_reply_at)
    return or_(replied.is_(None), and_(replied.is_not(None), replied < _since()))


def _touch(session: Session, where: list[ColumnElement[bool]], **values: datetime) -> bool:
    changed = update(HandoffRequest).where(*where).values(**values).returning(col(HandoffRequest.id))
    return session.execute(changed.execution_options(synchronize_session="fetch")).first() is not None
