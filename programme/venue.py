"""Venues as staff keep them: rooms and online rooms, how to get there or in, and what helps whom."""

from dataclasses import dataclass

from sqlmodel import Session, col, select

from programme import audit
from programme.context import Context
from storage.enums import CourseState
from storage.row import lock_one, lock_row
from storage.session import Course, CourseSession, Venue

LONGEST = {"name": 200, "place": 100, "address": 500, "directions": 1000, "join_link": 500, "access_notes": 500}
ONLINE = "online"  # what a venue online has as its place


class WrongVenueError(ValueError):
    """This venue cannot be kept: `wrong` says why, by field."""

    def __init__(self, wrong: dict[str, str]) -> None:
        super().__init__(self.__doc__)
        self.wrong = wrong


@dataclass(frozen=True)
class Given:
    """What is written of a venue; empty is none."""

    name: str
    place: str
    address: str = ""
    directions: str = ""
    online: bool = False
    join_link: str = ""
    step_free: bool = False
    access_notes: str = ""
    closed: bool = False


def save(ctx: Context, account_id: str, venue_id: str | None, given: Given) -> str:
    """Adds a venue, or changes the one with this id; its id. Raises WrongVenueError, LookupError."""
    wrong = _wrong(given)
    if wrong:
        raise WrongVenueError(wrong)
    with ctx.database.writing() as session:
        row = lock_row(session, Venue, venue_id) if venue_id else Venue(id=ctx.new_id(), name="", place="")
        if row is None:
            raise LookupError(venue_id)
        before = _place(row)
        row.name, row.place = given.name.strip(), ONLINE if given.online else given.place.strip()
        row.address, row.directions = given.address.strip() or None, given.directions.strip() or None
        row.join_link, row.access_notes = given.join_link.strip() or None, given.access_notes.strip() or None
        row.online, row.step_free = given.online, given.step_free or given.online
        row.closed_at = (row.closed_at or ctx.clock()) if given.closed else None
        session.add(row)
        if venue_id and _place(row) != before:
            _note_changed(session, ctx, row)
        audit.note(session, ctx, audit.worker(account_id), "change_venue" if venue_id else "add_venue", "venue", row.id)
        return row.id


def _place(row: Venue) -> tuple[object, ...]:
    """What somebody must know to get there, or in."""
    return row.name, row.place, row.address, row.join_link, row.online


def _note_changed(session: Session, ctx: Context, row: Venue) -> None:
    """Whoever has a place here that is still to come is told (outreach_news.py)."""
    ahead = select(CourseSession.course_id).where(CourseSession.starts_at > ctx.clock())
    found = select(Course.id).where(
        Course.venue_id == row.id, Course.state == CourseState.OPEN, col(Course.id).in_(ahead)
    )
    for key in sorted(session.exec(found)):
        course = lock_one(session, Course, key)
        course.changed_at = ctx.clock()
        session.add(course)


def _wrong(given: Given) -> dict[str, str]:
    wrong = {name: "long" for name, most in LONGEST.items() if len(getattr(given, name).strip()) > most}
    if not given.name.strip():
        wrong["name"] = "empty"
    if not given.online and not given.place.strip():
        wrong["place"] = "empty"
    if given.join_link.strip() and not given.join_link.strip().startswith("https://"):
        wrong["join_link"] = "link"
    return wrong
