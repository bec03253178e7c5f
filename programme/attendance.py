"""Coming, being late, having missed it: what the person says of it, noted in one transaction each."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from sqlmodel import Session

from programme import audit, booked, concern, outreach, second_chance
from programme import owner as owners
from programme.booked import BookingView
from programme.concern import Said
from programme.context import Context
from programme.rules import attendance as rules
from programme.rules import deadline
from programme.rules.attendance import Missed
from storage import booking as bookings
from storage.booking import Booking
from storage.conversation import Conversation
from storage.enums import BookingState, CaseReason
from storage.referral import Referral
from storage.row import lock_one

MISSED_INTENT = "missed_session"
What = TypeVar("What")


class Coming(StrEnum):
    """What there is to come to."""

    NO_PLACE = "no_place"
    AHEAD = "ahead"
    TODAY = "today"
    OVER = "over"


@dataclass(frozen=True)
class Told(Generic[What]):
    """What was found, and the place it is about."""

    what: What
    booking: BookingView | None = None


def confirm(ctx: Context, conversation_id: str) -> Told[Coming]:
    """Notes that they will be there, once for a booking."""
    with ctx.database.writing() as session:
        _, _, held = _held(session, conversation_id)
        found = _coming(session, ctx, held)
        if held is not None and found.what in (Coming.AHEAD, Coming.TODAY) and held.confirmed_at is None:
            held.confirmed_at = ctx.clock()
            session.add(held)
            outreach.withdraw_for_booking(session, held)
            _record(session, ctx, "confirm", "booking", held.id)
        return found


def late(ctx: Context, conversation_id: str, said: Said) -> Told[Coming]:
    """A worker must hear of it at once where the session is today."""
    with ctx.database.writing() as session:
        conversation, _, held = _held(session, conversation_id)
        found = _coming(session, ctx, held)
        if found.what is Coming.TODAY:
            concern.write(session, ctx, conversation, CaseReason.RUNNING_LATE, said, now=True)
        return found


def trouble(ctx: Context, conversation_id: str, said: Said) -> Told[Coming]:
    """Something does not work: a worker must hear of it at once where the session is today."""
    with ctx.database.writing() as session:
        conversation, _, held = _held(session, conversation_id)
        found = _coming(session, ctx, held)
        if found.what is Coming.TODAY:
            concern.write(session, ctx, conversation, CaseReason.TECHNICAL_PROBLEM, said, now=True)
        return found


def tell_missed(ctx: Context, conversation_id: str, said: Said) -> Told[Missed]:
    """What can be done about it: the next place at once, where the programme allows that, else by a worker. Either way
    a worker gets a case, with the reason where it was given."""
    with ctx.database.writing() as session:
        conversation, referral, held = _held(session, conversation_id)
        if referral is None:
            return Told(Missed.NOTHING)
        found = booked.view(session, held) if held else None
        earlier = bookings.bookings_of(session, referral.id)
        verdict = rules.after_missing(
            referral_state=referral.state.value,
            sessions=found.sessions if found else (),
            missed=sum(each.state == BookingState.MISSED for each in earlier),
            chances=second_chance.chances(session, ctx.clock()),
            deadlines=deadline.Deadlines(referral.book_by, referral.finish_by),
            now=ctx.clock(),
        )
        if verdict in (Missed.AGAIN, Missed.WORKER):
            words = said.words or concern.words_of(session, conversation_id, MISSED_INTENT)
            concern.write(session, ctx, conversation, CaseReason.MISSED_SESSION, Said(said.turn, words))
            if held is not None:
                second_chance.note_told(session, ctx, referral, held, verdict is Missed.AGAIN)
        if verdict is Missed.AGAIN:
            second_chance.give(session, ctx, referral, held, owners.PERSON)
        return Told(verdict, found)


def tell_why(ctx: Context, conversation_id: str, said: Said) -> None:
    """What got in the way, told with a tap: for the worker's case, and kept with the session that was missed."""
    with ctx.database.writing() as session:
        conversation, referral, _ = _held(session, conversation_id)
        concern.write(session, ctx, conversation, CaseReason.MISSED_SESSION, said)
        if referral is not None and said.why is not None:
            second_chance.note_why(session, ctx, referral.id, said.why)


def dispute(ctx: Context, conversation_id: str, said: Said) -> None:
    """They were there, they say: a case against the list, with what it holds against them."""
    with ctx.database.writing() as session:
        conversation, referral, _ = _held(session, conversation_id)
        facts = second_chance.mark_of(session, referral.id) if referral is not None else {}
        concern.write(session, ctx, conversation, CaseReason.ATTENDANCE_DISPUTED, said, facts=facts)


def _held(session: Session, conversation_id: str) -> tuple[Conversation, Referral | None, Booking | None]:
    """Locked in the order of every transaction: conversation, then referral."""
    conversation = lock_one(session, Conversation, conversation_id)
    if conversation.referral_id is None:
        return conversation, None, None
    referral = lock_one(session, Referral, conversation.referral_id)
    return conversation, referral, bookings.active_booking(session, referral.id)


def _coming(session: Session, ctx: Context, held: Booking | None) -> Told[Coming]:
    if held is None:
        return Told(Coming.NO_PLACE)
    found, now = booked.view(session, held), ctx.clock()
    if rules.is_over(found.sessions, now):
        return Told(Coming.OVER, found)
    return Told(Coming.TODAY if rules.is_today(found.sessions, now) else Coming.AHEAD, found)


def _record(session: Session, ctx: Context, action: str, kind: str, subject: str, actor: str = "person") -> None:
    audit.note(session, ctx, actor, action, kind, subject)
