"""A course that we cancel: everybody who has a place is told at once with new choices, and it counts as ours."""

import json
from dataclasses import dataclass

from sqlmodel import Session, select

from programme import attendance_sheet, audit, booked, case, chat, offers, referral_state
from programme import owner as owners
from programme.context import Context
from programme.occasion import called_off_key
from programme.outbox import Reply, say
from programme.rules import deadline, london
from storage import waiting
from storage.booking import Booking, on_course
from storage.conversation import Conversation
from storage.enums import BookingState, CaseReason, CourseState, HoldEnd, Urgency
from storage.referral import Referral
from storage.row import lock_one
from storage.session import Course, CourseSession
from storage.waiting import Hold

CHOICES = 3
CALLED_OFF = "called_off"


class OverError(ValueError):
    """This course is over, or was cancelled before."""


@dataclass(frozen=True)
class CalledOff:
    """How many had a place, and how many of them have a chat in which they were told; the others have a case each."""

    people: int
    told: int


@dataclass
class _Ended:
    conversations: list[str]
    people: int = 0


def call_off(ctx: Context, course_id: str, account_id: str, why: str) -> CalledOff:
    """Cancels a course for us. `why`: for colleagues, never sent. Raises OverError."""
    now = ctx.clock()
    with ctx.database.writing() as session:
        course = lock_one(session, Course, course_id)
        whole = booked.whole_course(session, course_id)
        if course.state != CourseState.OPEN or all(each.ends_at <= now for each in whole.sessions):
            raise OverError(OverError.__doc__)
        course.state, course.cancelled_at, course.cancelled_why = CourseState.CANCELLED, now, why.strip()[:200] or None
        course.changed_at = now  # by which the clock finds whom a text message or an e-mail must tell
        session.add(course)
        _record(session, ctx, "course", course_id, audit.worker(account_id))
    ended = _finish(ctx, [course_id], audit.worker(account_id))
    return CalledOff(ended.people, len(ended.conversations))


def call_off_one(ctx: Context, session_id: str, account_id: str, why: str) -> int:
    """Cancels this one session of a course that goes on; its people are told by the clock (outreach_news.py). How many
    they are. Raises OverError, also where no other session is left: then the course is to be cancelled."""
    now = ctx.clock()
    with ctx.database.writing() as session:
        row = session.get(CourseSession, session_id)
        if row is None:
            raise OverError(OverError.__doc__)
        course = lock_one(session, Course, row.course_id)
        row = lock_one(session, CourseSession, session_id)
        others = [each for each in booked.whole_course(session, course.id).sessions if each.id != session_id]
        is_over = row.cancelled_at is not None or row.ends_at <= now
        if course.state != CourseState.OPEN or is_over or not others:
            raise OverError(OverError.__doc__)
        row.cancelled_at, row.cancelled_why = now, why.strip()[:200] or None
        course.changed_at, course.first_starts_at = now, others[0].starts_at
        people = on_course(session, course.id, BookingState.ACTIVE)
        for held in people:
            held.calendar_sequence += 1
        session.add_all([row, course, *people])
        audit.note(session, ctx, audit.worker(account_id), CALLED_OFF, "session", session_id)
        course_id = course.id
    attendance_sheet.recount(ctx, course_id, account_id)
    return len(people)


def tick(ctx: Context) -> list[str]:
    """Ends what a process that stopped in the middle has left; the conversations in which somebody was told."""
    with ctx.database.reading() as session:
        held = select(Booking.id).where(Booking.course_id == Course.id, Booking.state == BookingState.ACTIVE).exists()
        unfinished = sorted(session.exec(select(Course.id).where(Course.state == CourseState.CANCELLED, held)))
    return _finish(ctx, unfinished, owners.CLOCK).conversations if unfinished else []


def _finish(ctx: Context, course_ids: list[str], actor: str) -> _Ended:
    """Each person in a transaction of their own: one who cannot be told holds up nobody. `actor`: who did it."""
    ended = _Ended([])
    with ctx.database.reading() as session:
        rows = [row for key in course_ids for row in on_course(session, key, BookingState.ACTIVE)]
        holds = [row for row in waiting.open_holds(session) if row.course_id in course_ids]
    for booking in rows:
        with ctx.database.writing() as session:
            told = _end_place(session, ctx, booking.id, booking.referral_id, actor)
        ended.people += 1
        ended.conversations += [told] if told else []
    for hold in holds:
        with ctx.database.writing() as session:
            lock_one(session, Referral, hold.referral_id)
            kept = session.get_one(Hold, hold.id)
            if kept.ended_at is None:
                waiting.end_hold(session, kept, HoldEnd.CALLED_OFF, ctx.clock())
    return ended


def _end_place(session: Session, ctx: Context, booking_id: str, referral_id: str, actor: str) -> str | None:
    """The conversation in which they were told."""
    chat_id = chat.newest(session, referral_id)
    conversation = lock_one(session, Conversation, chat_id) if chat_id else None
    referral = lock_one(session, Referral, referral_id)
    held = lock_one(session, Booking, booking_id)
    if held.state != BookingState.ACTIVE:
        return None
    now = ctx.clock()
    held.state, held.ended_at, held.called_off_at = BookingState.CANCELLED, now, now
    held.calendar_sequence += 1
    session.add(held)
    referral_state.move(session, ctx, referral, "call_off", actor)
    session.flush()
    _record(session, ctx, "booking", held.id, actor)
    if conversation is None:
        _leave_to_a_worker(session, ctx, referral, held)
        return None
    say(session, ctx, conversation, [_reply(session, ctx, conversation, referral, held)])
    return conversation.id


def _leave_to_a_worker(session: Session, ctx: Context, referral: Referral, held: Booking) -> None:
    """Who has no chat is told by the clock, where a text message or an e-mail can be sent, and a worker makes sure. A
    case that was open since nothing reaches them says this too."""
    detail = {"why": CALLED_OFF, "booking": held.id}
    row = case.open_about(session, ctx, CaseReason.NOT_DELIVERED, Urgency.DEADLINE, referral, detail)
    row.detail, row.urgency = json.dumps({**json.loads(row.detail or "{}"), **detail}), Urgency.DEADLINE
    session.add(row)


def _reply(session: Session, ctx: Context, conversation: Conversation, referral: Referral, held: Booking) -> Reply:
    """With new choices where there are any; else a worker looks, and it is said that the person need do nothing."""
    key, values = called_off_key(held.id), booked.view(session, held).values()
    state = deadline.state(deadline.Deadlines(referral.book_by, referral.finish_by), london.today(ctx.clock()))
    choices = offers.lay(session, ctx, conversation, referral, CHOICES) if state == "open" else []
    if not choices:
        detail = {"why": CALLED_OFF, "booking": held.id}
        case.open_for(session, ctx, CaseReason.NO_SESSION, Urgency.DEADLINE, conversation, detail)
        return Reply("notice_called_off_none", values, unique_key=key)
    return Reply("notice_called_off", values, [offers.button(each) for each in choices], unique_key=key)


def _record(session: Session, ctx: Context, kind: str, subject: str, actor: str) -> None:
    audit.note(session, ctx, actor, CALLED_OFF, kind, subject)
