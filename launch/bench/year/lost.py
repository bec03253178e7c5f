"""What was lost: messages that nobody answered or nobody got, reminders that never were, people whom all forgot."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from sqlmodel import Session, col, or_, select

from launch.bench.year.fault import Fault
from programme import outreach_due as due
from programme import setting
from programme.rules import london
from programme.rules import outreach as rules
from storage.booking import Booking
from storage.case import Case
from storage.conversation import Conversation
from storage.decision import decisions_in
from storage.enums import (
    BookingState,
    CourseState,
    DecisionState,
    HandoffState,
    OutreachState,
    OutState,
    ReferralState,
    Sender,
    TurnEnd,
    TurnState,
)
from storage.handoff import HandoffRequest
from storage.message import MessageIn, MessageOut
from storage.outreach import Outreach
from storage.referral import Referral
from storage.session import Course, CourseSession

AT_ONCE = timedelta(minutes=15)  # by then a turn has long ended
UNREAD = timedelta(days=7)  # so long a message may wait for a page to be opened, or for a channel that is away
LATE = timedelta(hours=2)  # after what it was useful for
DECIDE = timedelta(days=28)  # after the last deadline: by then somebody has decided, or has a case to decide
REQUEST = timedelta(days=8)  # for a worker; by the setting nobody waits longer without being told
ENDED = (ReferralState.COMPLETED, ReferralState.RETURNED, ReferralState.WITHDRAWN, ReferralState.CLOSED)
PASSING = ("notice_worker_here", "notice_worker_done", "notice_assistant_back", "notice_feedback")
OVER = (OutState.FAILED, OutState.BLOCKED, OutState.DROPPED)


def turns(session: Session, now: datetime) -> Iterator[Fault]:
    """Messages of people whose handling never ended, or ended without a word."""
    for key in session.exec(
        select(MessageIn.id).where(MessageIn.state != TurnState.ENDED, MessageIn.received_at < now - AT_ONCE)
    ):
        yield Fault("lost", "unended", key)
    answered = select(col(MessageOut.reply_to_id)).where(col(MessageOut.reply_to_id).is_not(None))
    silent = select(MessageIn.id).where(
        MessageIn.state == TurnState.ENDED,
        col(MessageIn.ended_as).in_([TurnEnd.ANSWERED, TurnEnd.MENU]),
        col(MessageIn.id).not_in(answered),
    )
    for key in session.exec(silent):
        yield Fault("lost", "unanswered", key)


def left_to_workers(session: Session, now: datetime) -> Iterator[Fault]:
    """Messages that were left to a worker who never wrote, where no request is open and none was closed since."""
    left = select(MessageIn.id, MessageIn.conversation_id, MessageIn.received_at).where(
        MessageIn.ended_as == TurnEnd.LEFT_TO_WORKER, MessageIn.received_at < now - AT_ONCE
    )
    for key, chat, at in session.exec(left).all():
        wrote = select(MessageOut.id).where(
            MessageOut.conversation_id == chat, MessageOut.sender == Sender.WORKER, MessageOut.created_at >= at
        )
        cared = select(HandoffRequest.id).where(
            HandoffRequest.conversation_id == chat,
            or_(col(HandoffRequest.ended_at).is_(None), col(HandoffRequest.ended_at) >= at),
        )
        if not any(session.exec(each.limit(1)).first() for each in (wrote, cared)):
            yield Fault("lost", "left_alone", key)


def requests(session: Session, now: datetime) -> Iterator[Fault]:
    """People who have waited for a worker beyond the time at which they are told that nobody came."""
    waiting = select(HandoffRequest).where(HandoffRequest.state == HandoffState.WAITING)
    for row in session.exec(waiting).all():
        if row.waits_since < now - REQUEST:
            yield Fault("lost", "request", row.id)


def messages(session: Session, now: datetime) -> Iterator[Fault]:
    """Messages of ours that nobody got: given up without a reason, or still waiting and nothing else done about it."""
    bare = select(MessageOut.id).where(col(MessageOut.state).in_(OVER), col(MessageOut.failure).is_(None))
    for key in session.exec(bare):
        yield Fault("lost", "no_reason", key)
    cared = _cared_for(session)
    unread = (
        select(MessageOut, col(Conversation.referral_id))
        .join(Conversation)
        .where(col(MessageOut.state).in_([OutState.WAITING, OutState.SENT]), MessageOut.created_at < now - UNREAD)
    )
    tried = set(session.exec(select(col(Outreach.message_id)).where(col(Outreach.message_id).is_not(None))))
    for row, referral_id in session.exec(unread).all():
        if row.id in tried:
            if row.useful_until is not None and row.useful_until < now - LATE:
                yield Fault("lost", "never_dropped", row.id)  # tried another way meanwhile, but its end must be known
        elif row.failure is None and _matters(row) and referral_id not in cared:  # else a worker was told
            yield Fault("lost", f"unread:{row.answer or 'worker'}", row.id)


def letters(session: Session, now: datetime) -> Iterator[Fault]:
    """Text messages and e-mail that neither left nor were given up, or were given up without a reason."""
    for row in session.exec(select(Outreach).where(Outreach.state == OutreachState.WAITING)).all():
        until = row.useful_until or row.created_at + timedelta(days=15)
        if row.message_id is None and until < now - LATE:
            yield Fault("lost", "letter", row.id)
    given_up = [OutreachState.FAILED, OutreachState.DROPPED]
    bare = select(Outreach.id).where(col(Outreach.state).in_(given_up), col(Outreach.failure).is_(None))
    for key in session.exec(bare.where(col(Outreach.message_id).is_(None))):
        yield Fault("lost", "no_reason", key)


def links(session: Session, now: datetime) -> Iterator[Fault]:
    """Referrals for which no personal link was even tried."""
    tried = select(Outreach.referral_id).where(col(Outreach.occasion).startswith("link:"))
    found = select(Referral.id).where(Referral.created_at < now - timedelta(days=1), col(Referral.id).not_in(tried))
    for key in session.exec(found):
        yield Fault("lost", "link", key)


def reminders(session: Session, now: datetime) -> Iterator[Fault]:
    """Reminders that fell due while a place stood, and of which there is no trace. Worked out anew from the place, its
    sessions and the settings; who said that they come, wants none, or is somebody else, is to get none."""
    of = due.pace(setting.facts(session), now)
    tried = set(session.exec(select(Outreach.occasion).where(col(Outreach.occasion).startswith("reminder:"))))
    sessions: defaultdict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    for each in session.exec(select(CourseSession).order_by(col(CourseSession.number))):
        sessions[each.course_id].append((each.starts_at, each.ends_at))
    stopped = _stopped(session)
    rows = select(Booking, Course).join(Course).where(Course.first_starts_at < now)
    for booking, course in session.exec(rows).all():
        if booking.referral_id in stopped:
            continue
        ends = [at for at in (booking.ended_at, booking.confirmed_at, course.cancelled_at, now) if at is not None]
        for number, step in rules.reminders(sessions[course.id], of.days, of.hours, booking.made_at, of.quiet):
            key = due.reminder_key(booking.id, number, step.name)
            if step.until < min(ends) and key not in tried:
                yield Fault("lost", "reminder", key)


def people(session: Session, now: datetime) -> Iterator[Fault]:
    """Referrals that have not ended long after their deadline, with no case open and no decision under way; and those
    whose session went by without anybody marking them."""
    cared = _cared_for(session)
    limit: date = london.today(now - DECIDE)
    for row in session.exec(select(Referral).where(col(Referral.state).not_in(ENDED))).all():
        days = [day for day in (row.book_by, row.finish_by) if day is not None]
        if days and max(days) < limit and row.id not in cared:
            yield Fault("lost", f"person:{row.state.value}", row.id)
    over = (
        select(Booking.referral_id)
        .join(Course)
        .join(CourseSession, col(CourseSession.course_id) == Course.id)
        .join(Referral, col(Referral.id) == Booking.referral_id)
        .where(Booking.state == BookingState.ACTIVE, Course.state == CourseState.CANCELLED)
    )
    for key in set(session.exec(over)):
        yield Fault("lost", "called_off_untold", key)


def _matters(row: MessageOut) -> bool:
    """All but what only says that a worker has come or gone, or asks how it was: that is of no use afterwards."""
    return row.answer not in PASSING


def _cared_for(session: Session) -> set[str]:
    """Referrals with an open case, their own or of a chat of theirs, or with a decision that waits for a second one."""
    own = select(col(Case.referral_id)).where(col(Case.closed_at).is_(None), col(Case.referral_id).is_not(None))
    talks = (
        select(col(Conversation.referral_id))
        .join(Case, col(Case.conversation_id) == Conversation.id)
        .where(col(Case.closed_at).is_(None), col(Conversation.referral_id).is_not(None))
    )
    ids = {key for found in (own, talks) for key in session.exec(found) if key is not None}
    return ids | {row.referral_id for row in decisions_in(session, DecisionState.PROPOSED)}


def _stopped(session: Session) -> set[str]:
    """Who wants no reminders, or wrote that they are somebody else, ever: their time is not worked out."""
    stopped = select(col(Conversation.referral_id)).where(
        col(Conversation.messages_stopped_at).is_not(None), col(Conversation.referral_id).is_not(None)
    )
    wrong = select(col(Case.referral_id)).where(col(Case.reason).in_(due.HOLDS_ALL), col(Case.referral_id).is_not(None))
    return {key for found in (stopped, wrong) for key in session.exec(found) if key is not None}


COUNTERS = (turns, left_to_workers, requests, messages, letters, links, reminders, people)
