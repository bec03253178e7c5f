"""Booking, moving and cancelling a place. Each is one transaction, which also writes what the person is told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlmodel import Session

from programme import case, outbox, setting
from programme.context import Context
from programme.outbox import Reply
from programme.rules import booking as rules
from programme.rules import calendar_file as ics
from programme.rules import deadline, london
from programme.rules.booking import Verdict
from storage import booking as bookings
from storage import session as courses
from storage.audit import record
from storage.booking import Booking, Offer
from storage.conversation import Conversation
from storage.enums import BookingState, CaseReason, CourseState, ReferralState, Urgency
from storage.message import replies_to
from storage.referral import Referral
from storage.row import lock_one
from storage.session import Course, WholeCourse


class Done(StrEnum):
    """What became of a wish to book, move or cancel; all but the first three change nothing."""

    BOOKED = "booked"
    MOVED = "moved"
    CANCELLED = "cancelled"
    SAME = "same"  # a second tap: it was done before
    CHANGED = "changed"  # what was asked about is no longer what is held
    ALREADY_BOOKED = "already_booked"
    TAKEN = "taken"  # the last place went meanwhile
    EXPIRED = "expired"  # the offer is too old, or not of this person
    STARTED = "started"
    DEADLINE = "deadline"  # past, unknown, or before this course: a worker must check
    TOO_LATE = "too_late"  # after the cut-off: a worker is offered
    TOO_MANY_MOVES = "too_many_moves"
    NOT_BOOKED = "not_booked"
    NOT_VERIFIED = "not_verified"


_WHY_NOT = {
    Verdict.NOT_VERIFIED: Done.NOT_VERIFIED,
    Verdict.ALREADY_BOOKED: Done.ALREADY_BOOKED,
    Verdict.DEADLINE_UNKNOWN: Done.DEADLINE,
    Verdict.DEADLINE_PAST: Done.DEADLINE,
    Verdict.AFTER_DEADLINE: Done.DEADLINE,
    Verdict.STARTED: Done.STARTED,
    Verdict.FULL: Done.TAKEN,
    Verdict.NOT_ACTIVE: Done.NOT_BOOKED,
    Verdict.RULE_UNKNOWN: Done.TOO_LATE,
    Verdict.TOO_LATE: Done.TOO_LATE,
    Verdict.TOO_MANY_MOVES: Done.TOO_MANY_MOVES,
    Verdict.SAME_COURSE: Done.SAME,
}


@dataclass(frozen=True)
class BookingView:
    """A booking as it is shown. `sessions`: (starts, ends) in UTC, in order."""

    id: str
    course_id: str
    venue: str
    place: str
    address: str | None
    directions: str | None
    online: bool
    join_link: str | None
    sessions: tuple[tuple[datetime, datetime], ...]
    calendar_token: str

    def values(self) -> dict[str, Any]:
        """The values that answers about a booking use."""
        return {
            "starts_at": self.sessions[0][0].isoformat(),
            "ends_at": self.sessions[0][1].isoformat(),
            "last_starts_at": self.sessions[-1][0].isoformat(),
            "sessions": len(self.sessions),
            "times": [[starts.isoformat(), ends.isoformat()] for starts, ends in self.sessions],
            "venue": self.venue,
            "place": self.place,
            "where": self.join_link if self.online else ", ".join(p for p in (self.venue, self.address) if p),
            "calendar": f"/calendar/{self.calendar_token}.ics",
        }


@dataclass(frozen=True)
class Result:
    done: Done
    booking: BookingView | None = None


def current(ctx: Context, conversation_id: str) -> BookingView | None:
    """The active booking of the person who proved in this conversation who they are."""
    with ctx.database.reading() as session:
        conversation = session.get_one(Conversation, conversation_id)
        held = bookings.active_booking(session, conversation.referral_id) if conversation.referral_id else None
        return _view(session, held) if held else None


def held_by_offer(ctx: Context, conversation_id: str, offer_token: str) -> BookingView | None:
    """The active booking of the person in this conversation, if it was made with this offer."""
    with ctx.database.reading() as session:
        conversation = session.get_one(Conversation, conversation_id)
        held = bookings.active_booking(session, conversation.referral_id) if conversation.referral_id else None
        return _view(session, held) if held and held.offer_token == offer_token else None


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
            return Result(Done.EXPIRED, _view(session, held) if held else None)
        course = _course(session, offer.course_id)
        verdict = rules.may_book(
            verified=True,
            has_active=held is not None,
            deadlines=deadline.Deadlines(referral.book_by, referral.finish_by),
            starts=[each.starts_at for each in course.sessions],
            places_left=_places(course),
            now=ctx.clock(),
        )
        if verdict is not Verdict.YES:
            return _refuse(session, ctx, conversation, verdict, held)
        row = _new(ctx, referral, offer, ctx.new_id(), ctx.new_token())
        _save(session, ctx, conversation, referral, row, "book", turn_id)
        return Result(Done.BOOKED, _view(session, row))


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
            return Result(Done.EXPIRED, _view(session, held))
        verdict = _may_move(session, ctx, held)
        course = _course(session, offer.course_id)
        if verdict is Verdict.YES:
            verdict = rules.may_move_to(
                course_id=held.course_id,
                new_course_id=offer.course_id,
                deadlines=deadline.Deadlines(referral.book_by, referral.finish_by),
                starts=[each.starts_at for each in course.sessions],
                places_left=_places(course),
                now=ctx.clock(),
            )
        if verdict is not Verdict.YES:
            return _refuse(session, ctx, conversation, verdict, held)
        held.state, held.ended_at = BookingState.MOVED, ctx.clock()
        session.add(held)
        session.flush()
        row = _new(ctx, referral, offer, held.calendar_uid, held.calendar_token)
        row.moves, row.calendar_sequence = held.moves + 1, held.calendar_sequence + 1
        _save(session, ctx, conversation, referral, row, "move", turn_id)
        return Result(Done.MOVED, _view(session, row))


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
            return Result(Done.CHANGED, _view(session, held))
        view = _view(session, held)
        verdict = rules.may_cancel(
            state=held.state.value, starts=_starts(view), now=ctx.clock(), cutoff_hours=_cutoff(session, ctx)
        )
        if verdict is not Verdict.YES:
            return _refuse(session, ctx, conversation, verdict, held)
        held.state, held.ended_at = BookingState.CANCELLED, ctx.clock()
        held.calendar_sequence += 1
        referral.state = ReferralState.VERIFIED
        session.add_all([held, referral])
        session.flush()
        _note(session, ctx, "cancel", held)
        values = {**view.values(), "book_by": referral.book_by}
        reply = Reply("notice_cancelled", values, unique_key=f"cancelled:{held.id}")
        outbox.say(session, ctx, conversation, [reply], turn_id)
        return Result(Done.CANCELLED, view)


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
            verdict = _may_move(session, ctx, held)
        else:
            starts = _starts(_view(session, held))
            verdict = rules.may_cancel(
                state=held.state.value, starts=starts, now=ctx.clock(), cutoff_hours=_cutoff(session, ctx)
            )
        if verdict is not Verdict.YES:
            return _refuse(session, ctx, conversation, verdict, held)
        return Result(Done.MOVED if moving else Done.CANCELLED, _view(session, held))


def calendar_file(ctx: Context, calendar_token: str) -> str | None:
    """The calendar file of a booking, as it stands now: moved and cancelled ones update the person's calendar."""
    with ctx.database.reading() as session:
        held = bookings.booking_by_calendar(session, calendar_token)
        if held is None:
            return None
        view = _view(session, held)
        events = [
            ics.Event(
                uid=f"{held.calendar_uid}-{number}",
                starts=starts,
                ends=ends,
                summary=ctx.answers.label("label_calendar_title"),
                location=view.values()["where"] or "",
                description=ctx.answers.label("label_calendar_note"),
            )
            for number, (starts, ends) in enumerate(view.sessions, 1)
        ]
        cancelled = held.state == BookingState.CANCELLED
        return ics.build(
            events, sequence=held.calendar_sequence, made_at=held.ended_at or held.made_at, cancelled=cancelled
        )


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
    return Result(Done.SAME, _view(session, done))


def _stands(session: Session, offer: Offer, conversation: Conversation, referral: Referral, now: datetime) -> bool:
    ours = offer.conversation_id == conversation.id and offer.referral_id == referral.id
    return ours and offer.expires_at > now and bookings.booking_by_offer(session, offer.token) is None


def _places(course: WholeCourse) -> int:
    """Places that may be taken: none of a course that is no longer held."""
    return course.free if course.course.state == CourseState.OPEN else 0


def _was_cancelled(session: Session, turn_id: str | None) -> bool:
    """Whether this very turn has cancelled already, and is tried again after a crash."""
    return bool(turn_id) and any(row.answer == "notice_cancelled" for row in replies_to(session, turn_id or ""))


def _may_move(session: Session, ctx: Context, held: Booking) -> Verdict:
    facts, today = setting.facts(session), london.today(ctx.clock())
    return rules.may_move(
        state=held.state.value,
        starts=_starts(_view(session, held)),
        now=ctx.clock(),
        cutoff_hours=setting.number(facts, "change_cutoff_hours", today),
        moves=held.moves,
        most_moves=setting.number(facts, "most_moves", today),
    )


def _cutoff(session: Session, ctx: Context) -> int | None:
    return setting.number(setting.facts(session), "change_cutoff_hours", london.today(ctx.clock()))


def _refuse(
    session: Session, ctx: Context, conversation: Conversation, verdict: Verdict, held: Booking | None
) -> Result:
    done = _WHY_NOT[verdict]
    if done in (Done.TOO_LATE, Done.TOO_MANY_MOVES):
        case.open_for(session, ctx, CaseReason.CUT_OFF, Urgency.DEADLINE, conversation, {"why": verdict.value})
    if done is Done.DEADLINE:
        unknown = verdict is Verdict.DEADLINE_UNKNOWN
        reason = CaseReason.DEADLINE_UNKNOWN if unknown else CaseReason.DEADLINE_PAST
        case.open_for(session, ctx, reason, Urgency.DEADLINE, conversation)
    return Result(done, _view(session, held) if held else None)


def _new(ctx: Context, referral: Referral, offer: Offer, uid: str, calendar_token: str) -> Booking:
    return Booking(
        id=ctx.new_id(),
        referral_id=referral.id,
        course_id=offer.course_id,
        offer_token=offer.token,
        calendar_uid=uid,
        calendar_token=calendar_token,
        made_at=ctx.clock(),
    )


def _save(
    session: Session,
    ctx: Context,
    conversation: Conversation,
    referral: Referral,
    row: Booking,
    action: str,
    turn_id: str | None,
) -> None:
    referral.state = ReferralState.BOOKED
    session.add_all([row, referral])
    session.flush()
    bookings.withdraw_offers(session, conversation.id, ctx.clock())
    _note(session, ctx, action, row)
    view = _view(session, row)
    reply = Reply(
        ("notice_moved" if action == "move" else "notice_booked") + ("_online" if view.online else ""),
        view.values(),
        unique_key=f"booked:{row.id}",
        attachment=f"calendar:{row.calendar_token}",
    )
    outbox.say(session, ctx, conversation, [reply], turn_id)


def _note(session: Session, ctx: Context, action: str, row: Booking) -> None:
    record(
        session,
        id=ctx.new_id(),
        at=ctx.clock(),
        actor="person",
        action=action,
        subject_kind="booking",
        subject_id=row.id,
    )


def _view(session: Session, held: Booking) -> BookingView:
    course = _course(session, held.course_id)
    return BookingView(
        id=held.id,
        course_id=held.course_id,
        venue=course.venue.name,
        place=course.venue.place,
        address=course.venue.address,
        directions=course.venue.directions,
        online=course.venue.online,
        join_link=course.venue.join_link,
        sessions=tuple((each.starts_at, each.ends_at) for each in course.sessions),
        calendar_token=held.calendar_token,
    )


def _course(session: Session, course_id: str) -> WholeCourse:
    course = courses.whole_course(session, course_id)
    if course is None:
        raise LookupError(course_id)
    return course


def _starts(view: BookingView) -> Sequence[datetime]:
    return [starts for starts, _ in view.sessions]
