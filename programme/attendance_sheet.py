"""A session's list: who has a place and who came, one tap each; the referral's state follows, and can be put right."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from programme import audit, referral_state, second_chance
from programme import session as sessions
from programme.context import Context
from programme.rules import attendance as rules
from programme.rules import referral as rules_of_state
from programme.session import SessionView
from storage import attendance
from storage.account import Account
from storage.attendance import Attendance
from storage.booking import Booking, active_booking, on_course
from storage.enums import BookingState, Mark, ReferralState
from storage.person import Person
from storage.referral import Referral
from storage.row import lock_one
from storage.session import CourseSession


class NotYetError(ValueError):
    """The list opens an hour before the session."""


class NoPlaceError(LookupError):
    """They have no place in this session any more."""


@dataclass(frozen=True)
class Line:
    """Somebody on the list. `elsewhere`: this place was given up after it was missed, and they may have a
    new one."""

    booking_id: str
    referral_id: str
    name: str
    access_needs: str | None
    language: str
    confirmed: bool
    state: ReferralState
    mark: Mark | None
    marked_by: str | None
    marked_at: datetime | None
    elsewhere: bool


@dataclass(frozen=True)
class Sheet:
    """`open`: whether it can be filled in now."""

    session: SessionView
    lines: tuple[Line, ...]
    open: bool


def read(ctx: Context, session_id: str, account_id: str, again: bool = False) -> Sheet:
    """The list, by name; the look is logged, unless it is the page renewing itself (`again`). Raises
    sessions.NoSuchSessionError."""
    with ctx.database.writing() as session:
        shown = sessions.view(session, session_id)
        rows = on_course(session, shown.course_id, BookingState.ACTIVE, BookingState.MISSED)
        marks = {row.booking_id: row for row in attendance.marks_in(session, [session_id])}
        named = select(Account).where(col(Account.id).in_({row.account_id for row in marks.values()}))
        names = {row.id: row.name for row in session.exec(named)}
        lines = [_line(session, row, marks.get(row.id), names) for row in rows]
        if not again:
            _record(session, ctx, account_id, "viewed", "session", session_id)
        open_now = not shown.cancelled and rules.may_mark(shown.starts, ctx.clock())
        return Sheet(shown, tuple(sorted(lines, key=lambda line: line.name.casefold())), open_now)


def mark(ctx: Context, session_id: str, booking_id: str, what: Mark, account_id: str) -> ReferralState:
    """Marks one line, instead of what stood there; the referral's state after it. Raises NotYetError, NoPlaceError."""
    with ctx.database.writing() as session:
        referral, booking, row = _locked(session, session_id, booking_id)
        if not rules.may_mark(row.starts_at, ctx.clock()):
            raise NotYetError(NotYetError.__doc__)
        before = attendance.standing(session, session_id, booking_id)
        if before is not None and before.mark is what:
            return referral.state
        _take_back(session, ctx, before, account_id)
        session.add(
            Attendance(
                id=ctx.new_id(),
                session_id=session_id,
                booking_id=booking_id,
                mark=what,
                account_id=account_id,
                marked_at=ctx.clock(),
            )
        )
        _record(session, ctx, account_id, f"marked:{what.value}", "booking", booking_id)
        return _follow(session, ctx, referral, booking, account_id)


def undo(ctx: Context, session_id: str, booking_id: str, account_id: str) -> ReferralState:
    """Takes back what stands in a line; the referral's state after it. Raises NoPlaceError."""
    with ctx.database.writing() as session:
        referral, booking, _ = _locked(session, session_id, booking_id)
        before = attendance.standing(session, session_id, booking_id)
        if before is not None:
            _take_back(session, ctx, before, account_id)
            _record(session, ctx, account_id, "marked:undone", "booking", booking_id)
        return _follow(session, ctx, referral, booking, account_id)


def recount(ctx: Context, course_id: str, account_id: str) -> None:
    """A session of this course is not held any more: each state is by the lists of the others."""
    with ctx.database.reading() as session:
        rows = on_course(session, course_id, BookingState.ACTIVE)
    for row in rows:
        with ctx.database.writing() as session:
            referral = lock_one(session, Referral, row.referral_id)
            booking = lock_one(session, Booking, row.id)
            if booking.state == BookingState.ACTIVE:
                _follow(session, ctx, referral, booking, account_id)


def _locked(session: Session, session_id: str, booking_id: str) -> tuple[Referral, Booking, CourseSession]:
    booking, row = session.get(Booking, booking_id), session.get(CourseSession, session_id)
    if booking is None or row is None or booking.course_id != row.course_id or row.cancelled_at is not None:
        raise NoPlaceError(NoPlaceError.__doc__)
    referral = lock_one(session, Referral, booking.referral_id)
    booking = lock_one(session, Booking, booking_id)
    if referral.erased_at is not None:
        raise NoPlaceError(NoPlaceError.__doc__)
    if booking.state not in (BookingState.ACTIVE, BookingState.MISSED):
        raise NoPlaceError(NoPlaceError.__doc__)
    return referral, booking, row


def _take_back(session: Session, ctx: Context, before: Attendance | None, account_id: str) -> None:
    if before is not None:
        before.undone_at, before.undone_by = ctx.clock(), account_id
        session.add(before)
    session.flush()


def _follow(session: Session, ctx: Context, referral: Referral, booking: Booking, account_id: str) -> ReferralState:
    """The state by all lists of the course. Who has another place, or is past it all, is not touched: they have moved
    on. Who had got another chance and was there after all has this place again."""
    session.flush()
    marks = attendance.marks_of(session, booking.id)
    held = select(CourseSession.id).where(
        CourseSession.course_id == booking.course_id, col(CourseSession.cancelled_at).is_(None)
    )
    in_order = [marks.get(key) for key in session.exec(held.order_by(col(CourseSession.number)))]
    second_chance.put_right(session, ctx, booking.id, not set(in_order) & set(second_chance.AWAY))
    before = referral.state
    if booking.state != BookingState.ACTIVE:
        return _again(session, ctx, referral, booking, in_order, account_id)
    after = referral_state.listed(session, ctx, referral, in_order, audit.worker(account_id))
    if after is not before:
        _record(session, ctx, account_id, f"state:{after.value}", "referral", referral.id)
    return after


def _again(
    session: Session,
    ctx: Context,
    referral: Referral,
    booking: Booking,
    marks: Sequence[Mark | None],
    account_id: str,
) -> ReferralState:
    """The list is put right after the place was given up for another chance that is not taken yet."""
    after = ReferralState(rules_of_state.as_put_right(referral.state.value, marks))
    if after is referral.state or active_booking(session, referral.id) is not None:
        return referral.state
    booking.state, booking.ended_at = BookingState.ACTIVE, None
    session.add(booking)
    referral_state.put_right(session, ctx, referral, after, audit.worker(account_id))
    _record(session, ctx, account_id, f"state:{after.value}", "referral", referral.id)
    return after


def _line(session: Session, row: Booking, marked: Attendance | None, names: dict[str, str]) -> Line:
    referral = session.get_one(Referral, row.referral_id)
    person = session.get_one(Person, referral.person_id)
    return Line(
        booking_id=row.id,
        referral_id=referral.id,
        name=person.name,
        access_needs=person.access_needs,
        language=person.language,
        confirmed=row.confirmed_at is not None,
        state=referral.state,
        mark=marked.mark if marked else None,
        marked_by=names.get(marked.account_id) if marked else None,
        marked_at=marked.marked_at if marked else None,
        elsewhere=row.state == BookingState.MISSED,
    )


def _record(session: Session, ctx: Context, account_id: str, action: str, kind: str, subject: str) -> None:
    audit.note(session, ctx, audit.worker(account_id), action, kind, subject)
