"""The second chance: what is made at once of a session that somebody missed, and why they did, as far as they say."""

from datetime import datetime

from sqlmodel import Session, and_, col, select

from programme import audit, booked, case, chat, happening, offers, referral_state, setting
from programme import owner as owners
from programme.answers import ButtonSpec
from programme.context import Context
from programme.occasion import THEN
from programme.outbox import Reply
from programme.rules import attendance as rules
from programme.rules import deadline, london
from programme.rules.attendance import Chances, Missed
from storage import absence as absences
from storage import attendance
from storage import booking as bookings
from storage.absence import Absence
from storage.attendance import Attendance
from storage.booking import Booking
from storage.conversation import Conversation
from storage.enums import AbsenceStep, BookingState, CaseReason, Mark, ReferralState, Urgency
from storage.referral import Referral
from storage.row import add_unless_there, lock_one
from storage.session import CourseSession

TIMES, DAYS = "second_chances", "second_chance_days"
MOST = 3  # dates that are offered at once
AWAY = (Mark.ABSENT, Mark.LATE)
REASON = "missed_session"  # what a button carries beside why


def chances(session: Session, now: datetime) -> Chances:
    """By the settings."""
    facts, today = setting.facts(session), london.today(now)
    return Chances(setting.number(facts, TIMES, today), setting.number(facts, DAYS, today))


def tick(ctx: Context) -> None:
    """Looks at everybody of whom a list says since a while that they were not there, once for each place. Who is told,
    and how, is the business of reaching people (outreach_due.py)."""
    now = ctx.clock()
    standing = and_(col(Attendance.booking_id) == col(Booking.id), col(Attendance.undone_at).is_(None))
    found = (
        select(Booking.id, Booking.referral_id)
        .join(Attendance, standing)
        .join(Referral, col(Referral.id) == col(Booking.referral_id))
        .join(Absence, col(Absence.booking_id) == col(Booking.id), isouter=True)
        .where(
            Booking.state == BookingState.ACTIVE,
            Referral.state == ReferralState.MISSED,
            col(Attendance.mark).in_(AWAY),
            Attendance.marked_at <= now - rules.SETTLES,
            col(Absence.id).is_(None),
        )
    )
    with ctx.database.reading() as session:
        due = dict(session.exec(found).all())
    for booking_id, referral_id in due.items():
        with ctx.database.writing() as session:
            _look(session, ctx, booking_id, referral_id)


def _look(session: Session, ctx: Context, booking_id: str, referral_id: str) -> None:
    chat_id = chat.newest(session, referral_id)
    conversation = lock_one(session, Conversation, chat_id) if chat_id else None
    referral = lock_one(session, Referral, referral_id)
    held = lock_one(session, Booking, booking_id)
    marked = _away(session, ctx, held)
    if marked is None or held.state != BookingState.ACTIVE or referral.state != ReferralState.MISSED:
        return
    if happening.open_cases(session, referral.id).get(referral.id, set()) & happening.DANGER:
        return  # until a worker has looked
    row = Absence(
        id=ctx.new_id(),
        referral_id=referral.id,
        booking_id=held.id,
        session_id=marked.session_id,
        late=marked.mark is Mark.LATE,
        noted_at=ctx.clock(),
        step=AbsenceStep.WORKER,
    )
    if not add_unless_there(session, row, ["booking_id"]):
        return
    row = lock_one(session, Absence, row.id)
    missed_on = london.today(session.get_one(CourseSession, marked.session_id).starts_at)
    if _verdict(session, ctx, referral, held) is Missed.AGAIN:
        row.until, row.step = chances(session, ctx.clock()).until(missed_on), AbsenceStep.DATES
        session.add(row)
        give(session, ctx, referral, held, owners.CLOCK)
        session.flush()
        if not offers.any_open(session, referral, ctx.clock()):
            row.step = AbsenceStep.NO_SESSION
    session.add(row)
    _open_case(session, ctx, row, referral, conversation, is_silent=chat.has_stopped(session, referral.id))


def _away(session: Session, ctx: Context, held: Booking) -> Attendance | None:
    """The mark by which they were not there, where it has stood long enough."""
    found = (
        select(Attendance, CourseSession)
        .join(CourseSession)
        .where(col(CourseSession.cancelled_at).is_(None))
        .where(Attendance.booking_id == held.id, col(Attendance.undone_at).is_(None), col(Attendance.mark).in_(AWAY))
    )
    for row, held_on in session.exec(found.order_by(col(CourseSession.number))):
        late = row.mark is Mark.LATE
        if rules.is_told_from(late=late, marked_at=row.marked_at, ends=held_on.ends_at, now=ctx.clock()):
            return row
    return None


def _verdict(session: Session, ctx: Context, referral: Referral, held: Booking) -> Missed:
    earlier = bookings.bookings_of(session, referral.id)
    return rules.by_list(
        referral_state=referral.state.value,
        sessions=booked.view(session, held).sessions,
        missed=sum(each.state == BookingState.MISSED for each in earlier),
        chances=chances(session, ctx.clock()),
        deadlines=deadline.Deadlines(referral.book_by, referral.finish_by),
        now=ctx.clock(),
    )


def give(session: Session, ctx: Context, referral: Referral, held: Booking | None, actor: str) -> None:
    """By the programme's setting: the place that was missed is given up, and the next may be booked."""
    if held is not None:
        _give_up(session, ctx, held, actor)
        referral_state.move(session, ctx, referral, "miss", actor)
    if referral.state == ReferralState.MISSED:
        referral_state.move(session, ctx, referral, "allow", "setting")
        audit.note(session, ctx, "setting", "second_chance", "referral", referral.id)
    session.add(referral)


def clear_place(session: Session, ctx: Context, referral: Referral, actor: str) -> None:
    """Whoever gets another chance by a worker's hand must be able to take it: the (locked) referral's place is given
    up as missed, or it would stand in the way of the next one, of nudges, and of being looked for."""
    held = bookings.active_booking(session, referral.id)
    if held is not None:
        _give_up(session, ctx, held, actor)


def _give_up(session: Session, ctx: Context, held: Booking, actor: str) -> None:
    held.state, held.ended_at = BookingState.MISSED, ctx.clock()
    session.add(held)
    audit.note(session, ctx, actor, "missed", "booking", held.id)


def note_told(session: Session, ctx: Context, referral: Referral, held: Booking, again: bool) -> None:
    """They said themselves that they missed the place they `held`; `again`: the next one may be chosen."""
    missed_on = london.today(booked.view(session, held).sessions[-1][0])
    row = Absence(
        id=ctx.new_id(),
        referral_id=referral.id,
        booking_id=held.id,
        noted_at=ctx.clock(),
        step=AbsenceStep.DATES if again else AbsenceStep.WORKER,
        until=chances(session, ctx.clock()).until(missed_on) if again else None,
    )
    add_unless_there(session, row, ["booking_id"])


def note_why(session: Session, ctx: Context, referral_id: str, why: str) -> bool:
    """What got in the way of the session that they missed last; a later tap stands instead of an earlier one."""
    rows = absences.absences_of(session, referral_id)
    if why not in rules.WHYS or not rows:
        return False
    row = lock_one(session, Absence, rows[0].id)
    row.why, row.why_at = why, ctx.clock()
    session.add(row)
    return True


def put_right(session: Session, ctx: Context, booking_id: str, is_there: bool) -> None:
    """The list of a session was changed: what was made of the absence is marked, and stays to be seen."""
    row = absences.absence_of(session, booking_id)
    if row is not None:
        row.put_right_at = (row.put_right_at or ctx.clock()) if is_there else None
        session.add(row)


def replies(session: Session, ctx: Context, conversation: Conversation, row: Absence, key: str) -> list[Reply]:
    """What the person is told: that the list says so, kindly, with one tap for why; then the next dates at once, or who
    looks at it. In a transaction that has locked their chat and the referral. `key`: each is said once."""
    referral = session.get_one(Referral, row.referral_id)
    asked = Reply("notice_missed_late" if row.late else "notice_missed", values(session, row), whys(), unique_key=key)
    return [asked, _then(session, ctx, conversation, row, referral, f"{key}{THEN}")]


def _then(
    session: Session, ctx: Context, conversation: Conversation, row: Absence, referral: Referral, key: str
) -> Reply:
    if row.step is AbsenceStep.WORKER:
        return Reply("notice_missed_worker", unique_key=key)
    choices = offers.lay(session, ctx, conversation, referral, MOST)
    if choices:
        return Reply("notice_missed_dates", {}, [offers.button(each) for each in choices], unique_key=key)
    row.step = AbsenceStep.NO_SESSION
    session.add(row)
    _open_case(session, ctx, row, referral, conversation)
    return Reply("notice_missed_none", unique_key=key)


def dates(ctx: Context, conversation_id: str) -> tuple[offers.OfferView, ...]:
    """The next dates, for whoever has a second chance and no place; else none."""
    with ctx.database.writing() as session:
        conversation = lock_one(session, Conversation, conversation_id)
        if conversation.referral_id is None:
            return ()
        referral = lock_one(session, Referral, conversation.referral_id)
        if referral.state is not ReferralState.SECOND_CHANCE:
            return ()
        return tuple(offers.lay(session, ctx, conversation, referral, MOST))


def values(session: Session, row: Absence) -> dict[str, str]:
    """What the words about it use."""
    return {"starts_at": missed_at(session, row).isoformat()}


def missed_at(session: Session, row: Absence) -> datetime:
    """When the session was that they missed."""
    if row.session_id is not None:
        return session.get_one(CourseSession, row.session_id).starts_at
    return booked.view(session, session.get_one(Booking, row.booking_id)).starts[-1]


def whys() -> list[ButtonSpec]:
    """One tap each for what may have got in the way."""
    return [ButtonSpec("tell_worker", f"label_why_{why}", carries={"reason": REASON, "why": why}) for why in rules.WHYS]


def mark_of(session: Session, referral_id: str) -> dict[str, str]:
    """What a list holds against somebody who says that they were there: its session, the mark, and who made it."""
    for held in bookings.bookings_of(session, referral_id):
        for session_id in attendance.marks_of(session, held.id):
            marked = attendance.standing(session, session_id, held.id)
            if marked is not None and marked.mark in AWAY:
                return {"session": session_id, "booking": held.id, "mark": marked.mark.value}
    return {}


def note_silent(session: Session, ctx: Context, row: Absence, conversation: Conversation) -> None:
    """They want no more messages before they were told that a list has them as not there: a worker tells them."""
    referral = lock_one(session, Referral, row.referral_id)
    if referral.state in (ReferralState.MISSED, ReferralState.SECOND_CHANCE):
        _open_case(session, ctx, row, referral, conversation, is_silent=True)


def _open_case(
    session: Session,
    ctx: Context,
    row: Absence,
    referral: Referral,
    conversation: Conversation | None,
    is_silent: bool = False,
) -> None:
    """For a worker: where a machine may not give a date, where there is none, and where they want no messages."""
    if row.step is AbsenceStep.DATES and not is_silent:
        return
    reason = CaseReason.NO_SESSION if row.step is AbsenceStep.NO_SESSION else CaseReason.MISSED_SESSION
    detail = {"booking": row.booking_id, "list": True} | ({"silent": True} if is_silent else {})
    if conversation is not None:
        case.open_for(session, ctx, reason, Urgency.DEADLINE, conversation, detail)
    else:
        case.open_about(session, ctx, reason, Urgency.DEADLINE, referral, detail)
