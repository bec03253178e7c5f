"""Feedback after a worker has helped: one tap, and a line if they like. Asked once, and never again soon."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from programme import audit, outbox
from programme.answers import ButtonSpec
from programme.context import Context
from programme.outbox import Reply
from storage import feedback as rows
from storage.conversation import Conversation
from storage.enums import Rating, Urgency
from storage.feedback import Feedback
from storage.handoff import HandoffRequest
from storage.row import lock_one

ASK, LINE = "notice_feedback", "utter_step_feedback_words"
RATE = "rate"  # the intent of its buttons
NOT_AGAIN = timedelta(days=7)  # after it was asked here, answered or not
LONGEST_WORDS = 1000


@dataclass(frozen=True)
class FeedbackView:
    request_id: str | None
    rating: Rating
    words: str | None
    given_at: datetime


def invite(session: Session, ctx: Context, conversation: Conversation, request: HandoffRequest) -> bool:
    """Asks how it was, after a worker has closed or handed back a (locked) conversation; whether it was asked.

    Not after danger, not where no worker wrote, not where it was asked a short while ago, and once a request.
    """
    if request.urgency is Urgency.DANGER or request.first_reply_at is None or conversation.closed_at is not None:
        return False
    if rows.was_asked(session, conversation.id, ASK, since=ctx.clock() - NOT_AGAIN):
        return False
    taps = [
        ButtonSpec(RATE, label, carries={"rating": rating.value, "request": request.id})
        for rating, label in (
            (Rating.GOOD, "label_feedback_good"),
            (Rating.MIXED, "label_feedback_mixed"),
            (Rating.BAD, "label_feedback_bad"),
        )
    ]
    return bool(outbox.say(session, ctx, conversation, [Reply(ASK, {}, taps, unique_key=f"feedback:{request.id}")]))


def rate(ctx: Context, conversation_id: str, request_id: str, rating: str) -> bool:
    """Keeps the tap; a second one changes the first. False where there is nothing here to rate."""
    if rating not in set(Rating):
        return False
    with ctx.database.writing() as session:
        if not _is_theirs(session, conversation_id, request_id):
            return False
        row = rows.of_request(session, request_id) or Feedback(
            id=ctx.new_id(),
            conversation_id=conversation_id,
            request_id=request_id,
            rating=Rating(rating),
            given_at=ctx.clock(),
        )
        row.rating, row.given_at = Rating(rating), ctx.clock()
        session.add(row)
        audit.note(session, ctx, "person", "feedback", "conversation", conversation_id)
        return True


def add_words(ctx: Context, conversation_id: str, request_id: str, words: str) -> bool:
    """Keeps a line beside the tap; a second one comes after the first. False where there is no tap."""
    with ctx.database.writing() as session:
        row = rows.of_request(session, request_id) if _is_theirs(session, conversation_id, request_id) else None
        if row is None:
            return False
        row.words = "\n".join(filter(None, [row.words, words.strip()]))[:LONGEST_WORDS] or None
        row.given_at = ctx.clock()
        session.add(row)
        return True


def is_awaited(session: Session, conversation_id: str) -> bool:
    """Whether a line was asked for just now: what is written next is that, and no new concern."""
    return rows.is_last(session, conversation_id, LINE)


def _is_theirs(session: Session, conversation_id: str, request_id: str) -> bool:
    lock_one(session, Conversation, conversation_id)
    request = session.get(HandoffRequest, request_id)
    return request is not None and request.conversation_id == conversation_id


def of_conversation(ctx: Context, conversation_id: str) -> list[FeedbackView]:
    """What the person said of the help that they got here, the newest first."""
    with ctx.database.reading() as session:
        return listed(session, conversation_id)


def listed(session: Session, conversation_id: str) -> list[FeedbackView]:
    """The same, in a transaction that goes on."""
    found = rows.of_conversation(session, conversation_id)
    return [FeedbackView(row.request_id, row.rating, row.words, row.given_at) for row in found]
