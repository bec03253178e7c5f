"""Two hundred people want one course of fifteen places at the same moment, by the use case that every chat uses."""

import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import func
from sqlmodel import Session, col, select

from programme import booking, referral, referral_state
from programme.context import Context
from programme.outcome import Done
from programme.referral import NewReferral
from programme.rules import london
from storage.booking import Booking, Offer
from storage.conversation import Conversation
from storage.database import BusyError
from storage.enums import BookingState, Channel
from storage.identity import ChannelIdentity, external_lookup
from storage.referral import Referral
from storage.session import Course, CourseSession, Venue

PEOPLE, PLACES = 200, 15
DAYS_AHEAD, STARTS, LASTS = 20, time(11, 15), timedelta(hours=3)
NAME = "Racer {number:03d}"
TRIES = 5  # where the database was held by somebody else for too long, as a person taps again
BORN = date(1990, 1, 1)


@dataclass(frozen=True)
class Runner:
    """One of them, verified, with the course on offer."""

    referral: str
    conversation: str
    offer: str


@dataclass(frozen=True)
class Finish:
    """All counted in the database afterwards, but `seconds` and `told`: how many of them were told that it is full."""

    session: str
    people: int
    places: int
    booked: int
    refused: int
    over: int
    twice: int
    told: int
    seconds: float


def line_up(ctx: Context) -> tuple[str, list[Runner]]:
    """A new course, and the people who want it; one transaction. The course's id first."""
    now = ctx.clock()
    with ctx.database.writing() as session:
        course = _course(session, ctx, now)
        return course, [_runner(session, ctx, course, now, number) for number in range(1, PEOPLE + 1)]


def race(ctx: Context, course: str, runners: list[Runner], monotonic: Callable[[], float]) -> Finish:
    """Everybody books at once, each in a thread of their own that waits for the same start."""
    gate = threading.Barrier(len(runners) + 1)

    def run(runner: Runner) -> Done:
        gate.wait()
        for _ in range(TRIES - 1):
            try:
                return booking.book(ctx, runner.conversation, None, runner.offer).done
            except BusyError:
                continue
        return booking.book(ctx, runner.conversation, None, runner.offer).done

    with ThreadPoolExecutor(len(runners)) as threads:
        going = [threads.submit(run, runner) for runner in runners]
        gate.wait()
        began = monotonic()
        done = [each.result() for each in going]
    return _count(ctx, course, runners, done.count(Done.TAKEN), monotonic() - began)


def go_home(ctx: Context, runners: list[Runner]) -> None:
    """Who has no place is withdrawn, so that nobody is nudged about a race."""
    with ctx.database.writing() as session:
        held = select(Booking.referral_id).where(Booking.state == BookingState.ACTIVE)
        wanted = col(Referral.id).in_([runner.referral for runner in runners])
        for row in session.exec(select(Referral).where(wanted, col(Referral.id).not_in(held))):
            referral_state.move(session, ctx, row, "withdraw", "sample")


def _count(ctx: Context, course: str, runners: list[Runner], told: int, seconds: float) -> Finish:
    ids = [runner.referral for runner in runners]
    with ctx.database.reading() as session:
        on_course = (Booking.course_id == course, Booking.state == BookingState.ACTIVE)
        booked = session.exec(select(func.count()).select_from(Booking).where(*on_course)).one()
        holders = session.exec(select(func.count(func.distinct(Booking.referral_id))).where(*on_course)).one()
        places = session.get_one(Course, course).capacity
        any_place = select(Booking.referral_id).where(col(Booking.referral_id).in_(ids))
        without = select(func.count()).select_from(Referral)
        refused = session.exec(without.where(col(Referral.id).in_(ids), col(Referral.id).not_in(any_place))).one()
        held_in = session.exec(select(CourseSession.id).where(CourseSession.course_id == course)).one()
    over, twice = max(booked - places, 0), booked - holders
    return Finish(held_in, len(ids), places, booked, refused, over, twice, told, round(seconds, 2))


def _course(session: Session, ctx: Context, now: datetime) -> str:
    venue = session.exec(select(Venue).where(col(Venue.online).is_(False)).order_by(Venue.id)).first()
    if venue is None:
        raise LookupError("a venue")
    starts = london.at(london.today(now) + timedelta(days=DAYS_AHEAD), STARTS)
    course = Course(id=ctx.new_id(), venue_id=venue.id, capacity=PLACES, first_starts_at=starts, created_at=now)
    session.add(course)
    session.flush()
    ends = starts + LASTS
    session.add(CourseSession(id=ctx.new_id(), course_id=course.id, number=1, starts_at=starts, ends_at=ends))
    return course.id


def _runner(session: Session, ctx: Context, course: str, now: datetime, number: int) -> Runner:
    """Referred, and verified in a web chat that was offered the course."""
    last = london.today(now) + timedelta(days=2 * DAYS_AHEAD)
    name = NAME.format(number=number)
    row = referral.write(session, ctx, NewReferral(_reference(), name, BORN, last, last), actor="sample")
    referral_state.move(session, ctx, row, "verify", "sample")
    token = ctx.new_token()
    lookup = external_lookup(ctx.database.keyring, Channel.WEB, token)
    identity = ChannelIdentity(id=ctx.new_id(), channel=Channel.WEB, external_lookup=lookup, created_at=now)
    session.add(identity)
    session.flush()
    chat = Conversation(id=ctx.new_id(), identity_id=identity.id, channel=Channel.WEB, created_at=now)
    chat.referral_id, chat.verified_at = row.id, now
    session.add(chat)
    session.flush()
    offer = Offer(
        token=ctx.new_token(),
        conversation_id=chat.id,
        referral_id=row.id,
        course_id=course,
        batch=1,
        position=1,
        offered_at=now,
        expires_at=now + timedelta(minutes=30),
    )
    session.add(offer)
    return Runner(row.id, chat.id, offer.token)


def _reference() -> str:
    """In the sample's form; so many that two of a kind are not met."""
    letters = "BCDFGHJKLMNPQRSTVWXYZ"
    return "TVP" + "".join(secrets.choice(letters) for _ in range(4)) + f"{secrets.randbelow(100):02d}"
