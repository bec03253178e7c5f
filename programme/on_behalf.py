"""On somebody's behalf: a worker books, moves or cancels for them, in their chat or on the phone, by the chat's rules.

What the person is told goes into their chat, where they have one; the worker is given the same words to read out.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from programme import audit, booked, booking, chat, offers, setting
from programme import owner as owners
from programme.answers import Situation
from programme.booked import BookingView
from programme.context import Context
from programme.outbox import Reply
from programme.outcome import WHY_NOT, Done
from programme.rules import booking as rules
from programme.rules import deadline, london, offer
from programme.rules import referral as referral_rules
from programme.rules.booking import Verdict
from storage import booking as bookings
from storage.booking import Booking
from storage.conversation import Conversation
from storage.enums import Channel
from storage.person import Person
from storage.referral import Referral
from storage.row import lock_one
from storage.session import Course, WholeCourse


class NotProvedError(PermissionError):
    """It is not known yet that this is the person. Ask for their date of birth first."""


class NotTheirsError(LookupError):
    """This conversation is not with this person."""


@dataclass(frozen=True)
class Choice:
    """A course that could be had. `sessions`: (starts, ends) in UTC, in order."""

    course_id: str
    place: str
    venue: str
    online: bool
    step_free: bool
    sessions: tuple[tuple[datetime, datetime], ...]
    places_left: int


@dataclass(frozen=True)
class Choices:
    """`held`: the place they have; `why_not`: why none may be booked, or the held one not moved; `why_not_cancel`: why
    the held one may not be cancelled."""

    held: BookingView | None
    choices: tuple[Choice, ...]
    why_not: Done | None
    why_not_cancel: Done | None


@dataclass(frozen=True)
class Acted:
    """`told`: what the person is told; `in_chat`: that it went into their chat."""

    done: Done
    booking: BookingView | None = None
    told: str | None = None
    in_chat: bool = False


@dataclass(frozen=True)
class By:
    """Who acts and how they know whom for: in a conversation that they have, or for a caller who gave their `born`."""

    account_id: str
    conversation_id: str | None = None
    born: str | None = None  # ISO date


def whose(ctx: Context, conversation_id: str) -> str | None:
    """The referral of who has proved in this conversation who they are."""
    with ctx.database.reading() as session:
        return session.get_one(Conversation, conversation_id).referral_id


def is_born(ctx: Context, referral_id: str, born: str, account_id: str) -> bool:
    """Whether this is the date of birth (ISO) that the referral's person has; who asked is logged, and what came."""
    with ctx.database.writing() as session:
        right = _born(session, session.get_one(Referral, referral_id)) == born.strip()
        audit.note(
            session,
            ctx,
            audit.worker(account_id),
            "birth_date:right" if right else "birth_date:wrong",
            "referral",
            referral_id,
        )
        return right


def choices(ctx: Context, referral_id: str) -> Choices:
    """What may be booked, moved and cancelled today, and why not."""
    now = ctx.clock()
    with ctx.database.reading() as session:
        referral = session.get_one(Referral, referral_id)
        held = bookings.active_booking(session, referral_id)
        if held is not None:
            why_not, cancelling = booking.may_move_from(session, ctx, referral, held), _may_cancel(session, ctx, held)
        else:
            why_not, cancelling = _may_begin(referral, now), Verdict.NOT_ACTIVE
        found: list[Choice] = []
        if why_not is Verdict.YES:
            found = _fitting(session, referral, held, now)
        return Choices(
            booked.view(session, held) if held else None,
            tuple(found),
            WHY_NOT.get(why_not),
            WHY_NOT.get(cancelling),
        )


def book(ctx: Context, referral_id: str, course_id: str, by: By) -> Acted:
    """Takes a place for them, or moves the one they have to this course. Raises NotYoursError, NotTheirsError,
    NotProvedError."""
    with ctx.database.writing() as session:
        conversation, referral = _locked(session, referral_id, by)
        held = bookings.active_booking(session, referral_id)
        for key in sorted({course_id} | ({held.course_id} if held else set())):
            lock_one(session, Course, key)
        course = booked.whole_course(session, course_id, referral.id)
        if held is not None and held.course_id == course_id:
            return Acted(Done.SAME, booked.view(session, held))
        verdict = _may_take(session, ctx, referral, held, course)
        if verdict is not Verdict.YES:
            return Acted(WHY_NOT[verdict], booked.view(session, held) if held else None)
        if held is None:
            row, done = booking.new(ctx, referral, course_id, None), Done.BOOKED
        else:
            row, done = booking.instead(session, ctx, referral, held, course_id, None), Done.MOVED
        action, actor = "move" if held else "book", audit.worker(by.account_id)
        booking.save(session, ctx, conversation, referral, row, action, None, actor)
        view = booked.view(session, row)
        told = _words(session, ctx, conversation, booking.confirmation(view, row, moved=held is not None))
        return Acted(done, view, told, conversation is not None)


def cancel(ctx: Context, referral_id: str, booking_id: str, by: By) -> Acted:
    """Gives their place up, if it is still the one that was looked at. Raises as `book` does."""
    with ctx.database.writing() as session:
        conversation, referral = _locked(session, referral_id, by)
        held = bookings.active_booking(session, referral_id)
        if held is None:
            return Acted(Done.NOT_BOOKED)
        lock_one(session, Course, held.course_id)
        view = booked.view(session, held)
        if held.id != booking_id:
            return Acted(Done.CHANGED, view)
        verdict = _may_cancel(session, ctx, held)
        if verdict is not Verdict.YES:
            return Acted(WHY_NOT[verdict], view)
        reply = booking.give_up(session, ctx, conversation, referral, held, None, audit.worker(by.account_id))
        return Acted(Done.CANCELLED, view, _words(session, ctx, conversation, reply), conversation is not None)


def _locked(session: Session, referral_id: str, by: By) -> tuple[Conversation | None, Referral]:
    """Locks in the order of every transaction. The conversation: the worker's, or a caller's newest chat."""
    conversation_id = by.conversation_id or chat.newest(session, referral_id)
    conversation = lock_one(session, Conversation, conversation_id) if conversation_id else None
    referral = lock_one(session, Referral, referral_id)
    if by.conversation_id is not None and conversation is not None:
        if conversation.referral_id != referral_id:
            raise NotTheirsError(NotTheirsError.__doc__)
        owners.held(session, conversation.id, by.account_id)
    elif by.born is None or _born(session, referral) != by.born.strip():
        raise NotProvedError(NotProvedError.__doc__)
    return conversation, referral


def _born(session: Session, referral: Referral) -> str:
    return session.get_one(Person, referral.person_id).date_of_birth


def _may_begin(referral: Referral, now: datetime) -> Verdict:
    if not referral_rules.may_book(referral.state.value):
        return Verdict.NOT_OPEN
    state = deadline.state(deadline.Deadlines(referral.book_by, referral.finish_by), london.today(now))
    return {"past": Verdict.DEADLINE_PAST, "unknown": Verdict.DEADLINE_UNKNOWN}.get(state, Verdict.YES)


def _may_take(session: Session, ctx: Context, referral: Referral, held: Booking | None, course: WholeCourse) -> Verdict:
    limits = deadline.Deadlines(referral.book_by, referral.finish_by)
    starts, places = [each.starts_at for each in course.sessions], booking.places(course)
    if held is None:
        return rules.may_book(
            verified=True,
            referral_state=referral.state.value,
            has_active=False,
            deadlines=limits,
            starts=starts,
            places_left=places,
            now=ctx.clock(),
        )
    verdict = booking.may_move_from(session, ctx, referral, held)
    if verdict is not Verdict.YES:
        return verdict
    return rules.may_move_to(
        course_id=held.course_id,
        new_course_id=course.course.id,
        deadlines=limits,
        starts=starts,
        places_left=places,
        now=ctx.clock(),
    )


def _may_cancel(session: Session, ctx: Context, held: Booking) -> Verdict:
    return rules.may_cancel(
        state=held.state.value,
        starts=booked.view(session, held).starts,
        now=ctx.clock(),
        cutoff_hours=booking.cutoff(session, ctx),
    )


def _fitting(session: Session, referral: Referral, held: Booking | None, now: datetime) -> list[Choice]:
    """Every course that the chat could offer, the soonest first."""
    limits = deadline.Deadlines(referral.book_by, referral.finish_by)
    rows = {row.course.id: row for row in offers.open_to(session, referral, now, any_day=True)}
    shown = {held.course_id} if held else set()
    found: list[Choice] = []
    more = True
    while more:
        chosen = offer.choose([offers.as_slot(row) for row in rows.values()], None, limits, now, already_shown=shown)
        found += [_choice(rows[slot.course_id]) for slot in chosen.slots]
        shown |= {slot.course_id for slot in chosen.slots}
        more = chosen.more
    return found


def _choice(row: WholeCourse) -> Choice:
    times = tuple((each.starts_at, each.ends_at) for each in row.sessions)
    venue = row.venue
    return Choice(row.course.id, venue.place, venue.name, venue.online, venue.step_free, times, row.free)


def _words(session: Session, ctx: Context, conversation: Conversation | None, reply: Reply) -> str:
    """What the person is told, as it reads in their chat; to be read out where they have none."""
    facts, now = setting.facts(session), ctx.clock()
    channel = conversation.channel if conversation else Channel.TELEGRAM  # its words speak of no page
    situation = Situation(channel.value, verified=True, booked=True, open=setting.is_open(facts, now))
    return ctx.answers.render(reply.answer, reply.values, situation, facts, london.today(now)).text
