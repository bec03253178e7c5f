"""What is booked, as it is shown: in a chat, and in the person's calendar."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from programme.context import Context
from programme.rules import calendar_file as ics
from storage import booking as bookings
from storage import session as courses
from storage.booking import Booking
from storage.conversation import Conversation
from storage.enums import BookingState
from storage.session import WholeCourse


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

    @property
    def starts(self) -> list[datetime]:
        """When each session begins."""
        return [starts for starts, _ in self.sessions]

    @property
    def where(self) -> str | None:
        """The address, or for a course online the link to join; None while that is not known."""
        return self.join_link if self.online else ", ".join(part for part in (self.venue, self.address) if part)

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
            "where": self.where if self.online else "\n".join(part for part in (self.where, self.directions) if part),
            "calendar": f"/calendar/{self.calendar_token}.ics",
            "proof": f"/proof/{self.calendar_token}.pdf",
        }


def current(ctx: Context, conversation_id: str) -> BookingView | None:
    """The active booking of the person who proved in this conversation who they are."""
    with ctx.database.reading() as session:
        held = _held(session, conversation_id)
        return view(session, held) if held else None


def held_by_offer(ctx: Context, conversation_id: str, offer_token: str) -> BookingView | None:
    """The active booking of the person in this conversation, if it was made with this offer."""
    with ctx.database.reading() as session:
        held = _held(session, conversation_id)
        return view(session, held) if held and held.offer_token == offer_token else None


def _held(session: Session, conversation_id: str) -> Booking | None:
    conversation = session.get_one(Conversation, conversation_id)
    return bookings.active_booking(session, conversation.referral_id) if conversation.referral_id else None


def view(session: Session, held: Booking) -> BookingView:
    """A booking with all that is shown of it."""
    course = whole_course(session, held.course_id)
    return BookingView(
        id=held.id,
        course_id=held.course_id,
        venue=course.venue.name,
        place=course.venue.place,
        address=course.venue.address,
        directions=course.venue.directions,
        online=course.venue.online,
        join_link=course.course.join_link or course.venue.join_link,
        sessions=tuple((each.starts_at, each.ends_at) for each in course.sessions),
        calendar_token=held.calendar_token,
    )


def whole_course(session: Session, course_id: str, whose: str | None = None) -> WholeCourse:
    """A course that must be there. `whose`: a referral; what is kept for it counts as free. Raises LookupError."""
    course = courses.whole_course(session, course_id, whose)
    if course is None:
        raise LookupError(course_id)
    return course


def calendar_file(ctx: Context, calendar_token: str) -> str | None:
    """The calendar file of a booking, as it stands now: moved and cancelled ones update the person's calendar.

    A course with fewer sessions than the one before it takes the others out of the calendar by name.
    """
    with ctx.database.reading() as session:
        chain = bookings.bookings_by_calendar(session, calendar_token)
        if not chain:
            return None
        held, events = chain[0], dict[int, ics.Event]()
        for booking in reversed(chain):  # the oldest first: what is held now has the last word
            shown, course = view(session, booking), whole_course(session, booking.course_id)
            for each in (*course.sessions, *course.cancelled):
                uid, is_off = f"{held.calendar_uid}-{each.number}", booking is not held or each in course.cancelled
                events[each.number] = _event(ctx, shown, uid, (each.starts_at, each.ends_at), cancelled=is_off)
        return ics.build(
            [events[number] for number in sorted(events)],
            sequence=held.calendar_sequence,
            made_at=held.ended_at or held.made_at,
            cancelled=held.state == BookingState.CANCELLED,
        )


def _event(
    ctx: Context, shown: BookingView, uid: str, times: tuple[datetime, datetime], *, cancelled: bool
) -> ics.Event:
    return ics.Event(
        uid=uid,
        starts=times[0],
        ends=times[1],
        summary=ctx.answers.label("label_calendar_title"),
        location=shown.where or "",
        description=ctx.answers.label("label_calendar_note"),
        cancelled=cancelled,
    )
