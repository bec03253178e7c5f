"""What was said to somebody on a page that they have not opened since: after a day a worker hears of it, once, and
rings or writes; after two hours where we cancelled their session and no text message or e-mail of it has arrived.
Reminders and nudges have a way of their own (programme/outreach_plan.py)."""

from datetime import timedelta

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, or_, select

from programme import case
from programme.calling_off import CALLED_OFF
from programme.context import Context
from programme.happening import ARRIVED
from storage.conversation import Conversation
from storage.enums import CaseReason, Channel, OutreachKind, OutState, Sender, Urgency
from storage.message import MessageOut
from storage.outreach import Outreach
from storage.row import lock_one

PATIENCE = timedelta(hours=24)
AT_ONCE, SOON = "notice_called_off", timedelta(hours=2)  # or they set out for a session that is not held
UNREAD = "unread"  # stands in the message's `failure` from then on; a page that is opened later shows it all the same
TOLD = (  # what matters, and whose other way is a worker; a place may be booked, moved or given up on the phone
    "notice_booked",
    "notice_moved",
    "notice_cancelled",
    "notice_called_off",
    "notice_place_kept",
    "notice_place_gone",
    "notice_nobody_came",
)
MOST = 100


def tick(ctx: Context) -> None:
    """Opens a case for each chat in which something that matters has waited for a day."""
    with ctx.database.reading() as session:
        found = select(MessageOut.conversation_id).join(Conversation).where(*_unread(ctx))
        chats = sorted(set(session.exec(found.limit(MOST))))
    for key in chats:
        with ctx.database.writing() as session:
            _tell(session, ctx, lock_one(session, Conversation, key))


def _tell(session: Session, ctx: Context, chat: Conversation) -> None:
    wanted = select(MessageOut).join(Conversation).where(MessageOut.conversation_id == chat.id, *_unread(ctx))
    rows = session.exec(wanted.order_by(col(MessageOut.seq))).all()
    for row in rows:
        row.failure = UNREAD
        session.add(row)
    rows = [row for row in rows if not _came_otherwise(session, row)]
    if rows:
        detail = {"message": rows[0].id, "answer": rows[0].answer, "failure": UNREAD}
        if any((row.answer or "").startswith(AT_ONCE) for row in rows):
            detail["why"] = CALLED_OFF
        case.open_for(session, ctx, CaseReason.NOT_DELIVERED, Urgency.STUCK, chat, detail)


def _came_otherwise(session: Session, row: MessageOut) -> bool:
    """Whether a text message or an e-mail has told them the same (programme/outreach_news.py), and has arrived."""
    kind, _, booking_id = (row.unique_key or "").partition(":")
    if kind != CALLED_OFF:
        return False
    told = select(Outreach.id).where(Outreach.booking_id == booking_id, Outreach.kind == OutreachKind.CHANGED)
    return session.exec(told.where(col(Outreach.state).in_(ARRIVED))).first() is not None


def _unread(ctx: Context) -> list[ColumnElement[bool]]:
    told = [col(MessageOut.answer).startswith(each) for each in TOLD]
    return [
        col(Conversation.channel) == Channel.WEB,
        col(MessageOut.state).in_([OutState.WAITING, OutState.SENT]),
        col(MessageOut.failure).is_(None),
        col(MessageOut.created_at) <= ctx.clock() - SOON,
        or_(
            col(MessageOut.created_at) <= ctx.clock() - PATIENCE,
            col(MessageOut.answer).startswith(AT_ONCE),
        ),
        or_(col(MessageOut.sender) == Sender.WORKER, *told),
    ]
