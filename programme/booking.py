"""Booking, moving and cancelling a place. Each is one transaction, which also writes what the person is told."""

from datetime import datetime

from sqlmodel import Session

from programme import audit, booked, outbox, outreach, referral_state, setting
from programme.booked import BookingView
from programme.context import Context
from programme.outbox import Reply
from programme.outcome import Done, Result, refuse
from programme.rules import booking as rules
from programme.rules import deadline, london
from programme.rules import referral as referral_rules
from programme.rules.booking import Verdict
from storage import booking as bookings
from storage import waiting
from storage.booking import Booking, Offer
from storage.conversation import Conversation
from storage.enums import BookingState, CourseState
from storage.message import replies_to
from storage.referral import Referral
from storage.row import lock_one
from storage.session import Course, WholeCourse


def book(ctx: Context, conversation_id: str, turn_id: str | None, offer_token: str) -> Result:
    """Takes a place on the offered course. The confirmation is written here, once; the caller does not say it again."""
    with ctx.database.writing() as session:
        conversation, referral, offer = _locked(session, conversation_id, offer_token)
        if referral is None:
            return Result(Done.NOT_VERIFIED)
        held = bookings.active_booking(session, referral.id)
        if (again := _second_tap(session, referral, offer_token)) is not None:
            return again
        if offer is None or not _stands(session, offer, conversation, referral, ctx.clock()):
            return Result(Done.EXPIRED, booked.view(session, held) if held else None)
        course = booked.whole_course(session, offer.course_id, referral.id)
        verdict = rules.may_book(
            verified=True,
            referral_state=referral.state.value,
            has_active=held is not None,
            deadlines=deadline.Deadlines(referral.book_by, referral.finish_by),
            starts=[each.starts_at for each in course.sessions],
            places_left=places(course),
            now=ctx.clock(),
        )
        if verdict is not Verdict.YES:
            return refuse(session, ctx, conversation, verdict, held)
        row = new(ctx, referral, offer.course_id, offer.token)
        save(session, ctx, conversation, referral, row, "book", turn_id)
        return Result(Done.BOOKED, booked.view(session, row))


def move(ctx: Context, conversation_id: str, turn_id: str | None, offer_token: str) -> Result:
    """Gives the held place up for the offered one, in one step: the old one is kept unless the new one is had."""
    with ctx.database.writing() as session:
        conversation, referral, offer = _locked(session, conversation_id, offer_token)
        if referral is None:
            return Result(Done.NOT_VERIFIED)
        if (again := _second_tap(session, referral, offer_token)) is not None:
            return again
        held = bookings.active_booking(session, referral.id)
        if held is None:
            return Result(Done.NOT_BOOKED)
        if offer is None or not _stands(session, offer, conversation, referral, ctx.clock()):
            return Result(Done.EXPIRED, booked.view(session, held))
        verdict = may_move_from(session, ctx, referral, held)
        course = booked.whole_course(session, offer.course_id, referral.id)
        if verdict is Verdict.YES:
            verdict = rules.may_move_to(
                course_id=held.course_id,
                new_course_id=offer.course_id,
                deadlines=deadline.Deadlines(referral.book_by, referral.finish_by),
                starts=[each.starts_at for each in course.sessions],
                places_left=places(course),
                now=ctx.clock(),
            )
        if verdict is not Verdict.YES:
            return refuse(session, ctx, conversation, verdict, held)
        row = instead(session, ctx, referral, held, offer.course_id, offer.token)
        save(session, ctx, conversation, referral, row, "move", turn_id)
        return Result(Done.MOVED, booked.view(session, row))


def cancel(ctx: Context, conversation_id: str, turn_id: str | None, booking_id: str) -> Result:
    """Gives the held place up, if it is still the one that was asked about. The person is told here what was cancelled
    and by when they must book again."""
    with ctx.database.writing() as session:
        conversation, referral, _ = _locked(session, conversation_id, None)
        if referral is None:
            return Result(Done.NOT_VERIFIED)
        held = bookings.active_booking(session, referral.id)
        if held is None:
            return Result(Done.CANCELLED if _was_cancelled(session, turn_id) else Done.NOT_BOOKED)
        if held.id != booking_id:
            return Result(Done.CHANGED, booked.view(session, held))
        view = booked.view(session, held)
        verdict = rules.may_cancel(
            state=held.state.value, starts=view.starts, now=ctx.clock(), cutoff_hours=cutoff(session, ctx)
        )
        if verdict is not Verdict.YES:
            return refuse(session, ctx, conversation, verdict, held)
        give_up(session, ctx, conversation, referral, held, turn_id)
        return Result(Done.CANCELLED, view)


def may_book_now(ctx: Context, conversation_id: str) -> Result:
    """Whether this person's referral is one that a place may be booked on: BOOKED if so. A no opens a worker's case."""
    with ctx.database.writing() as session:
        conversation, referral, _ = _locked(session, conversation_id, None)
        if referral is None:
            return Result(Done.NOT_VERIFIED)
        if not referral_rules.may_book(referral.state.value):
            return refuse(session, ctx, conversation, Verdict.NOT_OPEN, None)
        return Result(Done.BOOKED)


def may_move_now(ctx: Context, conversation_id: str) -> Result:
    """Whether the held place may be moved at all, before anything is offered. A refusal opens a worker's case."""
    return _ask_rule(ctx, conversation_id, moving=True)


def may_cancel_now(ctx: Context, conversation_id: str) -> Result:
    """Whether the held place may be cancelled, before it is confirmed. A refusal opens a worker's case."""
    return _ask_rule(ctx, conversation_id, moving=False)


def _ask_rule(ctx: Context, conversation_id: str, moving: bool) -> Result:
    with ctx.database.writing() as session:
        conversation, referral, _ = _locked(session, conversation_id, None)
        if referral is None:
            return Result(Done.NOT_VERIFIED)
        held = bookings.active_booking(session, referral.id)
        if held is None:
            return Result(Done.NOT_BOOKED)
        if moving:
            verdict = may_move_from(session, ctx, referral, held)
        else:
            starts = booked.view(session, held).starts
            verdict = rules.may_cancel(
                state=held.state.value, starts=starts, now=ctx.clock(), cutoff_hours=cutoff(session, ctx)
            )
        if verdict is not Verdict.YES:
            return refuse(session, ctx, conversation, verdict, held)
        return Result(Done.MOVED if moving else Done.CANCELLED, booked.view(session, held))


def _locked(
    session: Session, conversation_id: str, offer_token: str | None
) -> tuple[Conversation, Referral | None, Offer | None]:
    """Locks in one order everywhere: conversation, referral, then courses by id."""
    conversation = lock_one(session, Conversation, conversation_id)
    if conversation.referral_id is None:
        return conversation, None, None
    referral = lock_one(session, Referral, conversation.referral_id)
    offer = session.get(Offer, offer_token) if offer_token else None
    held = bookings.active_booking(session, referral.id)
    touched = {offer.course_id for offer in [offer] if offer} | {held.course_id for held in [held] if held}
    for course_id in sorted(touched):
        lock_one(session, Course, course_id)
    return conversation, referral, offer


def _second_tap(session: Session, referral: Referral, offer_token: str) -> Result | None:
    done = bookings.booking_by_offer(session, offer_token)
    if done is None or done.referral_id != referral.id or done.state != BookingState.ACTIVE:
        return None
    return Result(Done.SAME, booked.view(session, done))


def _stands(session: Session, offer: Offer, conversation: Conversation, referral: Referral, now: datetime) -> bool:
    ours = offer.conversation_id == conversation.id and offer.referral_id == referral.id
    return ours and offer.expires_at > now and bookings.booking_by_offer(session, offer.token) is None


def places(course: WholeCourse) -> int:
    """Places that may be taken: none of a course that is no longer held."""
    return course.free if course.course.state == CourseState.OPEN else 0


def _was_cancelled(session: Session, turn_id: str | None) -> bool:
    """Whether this very turn has cancelled already, and is tried again after a crash."""
    return bool(turn_id) and any(row.answer == "notice_cancelled" for row in replies_to(session, turn_id or ""))


def may_move_from(session: Session, ctx: Context, referral: Referral, held: Booking) -> Verdict:
    """Whether the held place may be moved at all, by the programme's settings."""
    facts, today = setting.facts(session), london.today(ctx.clock())
    return rules.may_move(
        referral_state=referral.state.value,
        state=held.state.value,
        starts=booked.view(session, held).starts,
        now=ctx.clock(),
        cutoff_hours=setting.number(facts, "change_cutoff_hours", today),
        moves=held.moves,
        most_moves=setting.number(facts, "most_moves", today),
    )


def cutoff(session: Session, ctx: Context) -> int | None:
    """Hours before a session until which its place may be changed; None while the setting is not known."""
    return setting.number(setting.facts(session), "change_cutoff_hours", london.today(ctx.clock()))


def new(ctx: Context, referral: Referral, course_id: str, offer_token: str | None) -> Booking:
    """A place on a course, not stored yet; `offer_token`: what was tapped, none where a worker chose it."""
    return Booking(
        id=ctx.new_id(),
        referral_id=referral.id,
        course_id=course_id,
        offer_token=offer_token,
        calendar_uid=ctx.new_id(),
        calendar_token=ctx.new_token(),
        made_at=ctx.clock(),
    )


def instead(
    session: Session, ctx: Context, referral: Referral, held: Booking, course_id: str, offer_token: str | None
) -> Booking:
    """`new` in the place of what is held, which ends here; the person's calendar follows."""
    held.state, held.ended_at = BookingState.MOVED, ctx.clock()
    session.add(held)
    session.flush()
    outreach.withdraw_for_booking(session, held)
    row = new(ctx, referral, course_id, offer_token)
    row.calendar_uid, row.calendar_token = held.calendar_uid, held.calendar_token
    row.moves, row.calendar_sequence = held.moves + 1, held.calendar_sequence + 1
    return row


def save(
    session: Session,
    ctx: Context,
    conversation: Conversation | None,
    referral: Referral,
    row: Booking,
    action: str,
    turn_id: str | None,
    actor: str = "person",
) -> None:
    """Stores a new place, with its line in the audit log and what the person is told, where they have a chat."""
    referral_state.move(session, ctx, referral, "book", actor)
    session.add_all([row, referral])
    session.flush()
    _note(session, ctx, action, row, actor)
    waiting.settle(session, referral.id, row.course_id, ctx.clock())
    if conversation is not None:
        bookings.withdraw_offers(session, conversation.id, ctx.clock())
        reply = confirmation(booked.view(session, row), row, moved=action == "move")
        outbox.say(session, ctx, conversation, [reply], turn_id)


def confirmation(view: BookingView, row: Booking, moved: bool) -> Reply:
    """What is said once a place is had."""
    return Reply(
        ("notice_moved" if moved else "notice_booked") + ("_online" if view.online else ""),
        view.values(),
        unique_key=f"booked:{row.id}",
        attachment=f"calendar:{row.calendar_token}",
    )


def give_up(
    session: Session,
    ctx: Context,
    conversation: Conversation | None,
    referral: Referral,
    held: Booking,
    turn_id: str | None,
    actor: str = "person",
) -> Reply:
    """Ends a place; the person is told what was cancelled and by when they must book again. What is said of it."""
    held.state, held.ended_at = BookingState.CANCELLED, ctx.clock()
    held.calendar_sequence += 1
    referral_state.move(session, ctx, referral, "cancel", actor)
    session.add_all([held, referral])
    session.flush()
    outreach.withdraw_for_booking(session, held)
    _note(session, ctx, "cancel", held, actor)
    values = {**booked.view(session, held).values(), "book_by": referral.book_by}
    reply = Reply("notice_cancelled", values, unique_key=f"cancelled:{held.id}")
    if conversation is not None:
        outbox.say(session, ctx, conversation, [reply], turn_id)
    return reply


def _note(session: Session, ctx: Context, action: str, row: Booking, actor: str) -> None:
    audit.note(session, ctx, actor, action, "booking", row.id)
