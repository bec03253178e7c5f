"""Sessions as staff plan them: courses at a venue, one or a series week after week; who runs them; the diary."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlmodel import Session, col, select

from programme import audit, setting
from programme.context import Context
from programme.rules import london
from programme.rules import session as rules
from storage import attendance, waiting
from storage import session as courses
from storage.account import Account
from storage.enums import CourseState, Role
from storage.row import lock_one
from storage.session import Course, CourseSession, CourseStaff, Venue, WholeCourse

RUNS = (Role.WORKER, Role.LEAD, Role.MANAGER)


class WrongPlanError(ValueError):
    """This cannot be planned: `wrong` says why, by field."""

    def __init__(self, wrong: dict[str, str]) -> None:
        super().__init__(self.__doc__)
        self.wrong = wrong


class NoSuchSessionError(LookupError):
    """There is no such session, course or venue."""


@dataclass(frozen=True)
class About:
    """What is said of a course besides its times. `staff`: accounts; empty texts are none."""

    capacity: int
    language: str = ""
    join_link: str = ""
    access_notes: str = ""
    staff: tuple[str, ...] = ()


@dataclass(frozen=True)
class Planned:
    """`courses`: the new ones; `skipped`: the days on which none was planned, since it is a holiday or one is there."""

    courses: tuple[str, ...]
    skipped: tuple[date, ...]


@dataclass(frozen=True)
class SessionView:
    """One session in the diary. `number` of `of`, of which so many are `held`; `marked`: how many lines of its
    list are filled in; `off_at`, `off_why`: cancelled by us, with its course or alone."""

    id: str
    course_id: str
    number: int
    of: int
    held: int
    starts: datetime
    ends: datetime
    venue: Venue
    course: Course
    taken: int
    marked: int
    staff: tuple[str, ...]
    off_at: datetime | None
    off_why: str | None

    @property
    def cancelled(self) -> bool:
        """With its course, or alone."""
        return self.off_at is not None

    @property
    def free(self) -> int:
        return max(0, self.course.capacity - self.taken)


def plan(ctx: Context, account_id: str, venue_id: str, times: rules.Times, about: About) -> Planned:
    """Plans a course, or one a week. Days on which nobody is there, and courses that are there already, are left out.
    Raises WrongPlanError; then nothing was written."""
    wrong = rules.wrong(times, about.capacity, ctx.clock()) | _wrong_link(about)
    with ctx.database.writing() as session:
        venue = session.get(Venue, venue_id)
        if venue is None or venue.closed_at is not None:
            wrong["venue"] = "gone"
        if wrong:
            raise WrongPlanError(wrong)
        closed = setting.days_off(setting.facts(session))
        there = {
            row.first_starts_at
            for row in session.exec(select(Course).where(Course.venue_id == venue_id, Course.state == CourseState.OPEN))
        }
        repeat_id = ctx.new_id() if times.weeks > 1 else None
        made, skipped = [], []
        for sessions in rules.courses(times):
            if sessions[0][0] in there or rules.falls_on(sessions, closed):
                skipped.append(london.today(sessions[0][0]))
            else:
                made.append(_write(session, ctx, account_id, venue_id, sessions, about, repeat_id))
        return Planned(tuple(made), tuple(skipped))


def change(ctx: Context, account_id: str, course_id: str, about: About, rest: bool = False) -> int:
    """Changes what is said of a course; `rest`: also of those after it that were planned with it. How many changed.

    Raises WrongPlanError where more places are taken than there would be; then nothing was written.
    """
    with ctx.database.writing() as session:
        first = session.get(Course, course_id)
        if first is None:
            raise NoSuchSessionError(NoSuchSessionError.__doc__)
        keys = [course_id]
        if rest and first.repeat_id:
            later = select(Course.id).where(
                Course.repeat_id == first.repeat_id, Course.first_starts_at > first.first_starts_at
            )
            keys += session.exec(later.where(Course.state == CourseState.OPEN)).all()
        wrong = _wrong_link(about)
        if not 1 <= about.capacity <= rules.MOST_PLACES:
            wrong["capacity"] = "range"
        if wrong:
            raise WrongPlanError(wrong)
        for key in sorted(keys):
            course = lock_one(session, Course, key)
            whole = courses.whole_course(session, key)
            if whole is not None and whole.taken > about.capacity:
                raise WrongPlanError({"capacity": "taken"})
            link = course.join_link
            _say_of(session, ctx, course, about)
            if course.join_link != link:
                course.changed_at = ctx.clock()
            _record(session, ctx, account_id, "change_course", course.id)
        return len(keys)


def diary(ctx: Context, first: date, last: date) -> list[SessionView]:
    """Every session that starts on these London days, both included, the soonest first."""
    begins, ends = london.at(first, time()), london.at(date.fromordinal(last.toordinal() + 1), time())
    with ctx.database.reading() as session:
        found = _views(session, courses.courses_between(session, begins, ends))
        return sorted((each for each in found if begins <= each.starts < ends), key=lambda each: (each.starts, each.id))


def one(ctx: Context, session_id: str) -> SessionView:
    """A session as the diary has it. Raises NoSuchSessionError."""
    with ctx.database.reading() as session:
        return view(session, session_id)


def view(session: Session, session_id: str) -> SessionView:
    """`one` inside a transaction."""
    row = session.get(CourseSession, session_id)
    whole = courses.whole_course(session, row.course_id) if row else None
    if whole is None:
        raise NoSuchSessionError(NoSuchSessionError.__doc__)
    return next(each for each in _views(session, [whole]) if each.id == session_id)


def venues(ctx: Context) -> list[Venue]:
    """Every venue, by place and name; those that are closed last."""
    with ctx.database.reading() as session:
        return sorted(courses.venues(session), key=lambda row: row.closed_at is not None)


def staff(ctx: Context) -> list[tuple[str, str]]:
    """Who may run a session: (account, name), by name."""
    with ctx.database.reading() as session:
        found = select(Account).where(col(Account.role).in_(RUNS), col(Account.disabled_at).is_(None))
        return sorted(((row.id, row.name) for row in session.exec(found)), key=lambda each: each[1].casefold())


def on_the_list(ctx: Context) -> int:
    """How many wait for a place."""
    with ctx.database.reading() as session:
        return len(waiting.on_the_list(session))


def _wrong_link(about: About) -> dict[str, str]:
    link = about.join_link.strip()
    return {"join_link": "link"} if link and not link.startswith("https://") else {}


def _views(session: Session, found: Sequence[WholeCourse]) -> list[SessionView]:
    by_course = courses.staff_of(session, [row.course.id for row in found])
    accounts = {key for keys in by_course.values() for key in keys}
    names = {row.id: row.name for row in session.exec(select(Account).where(col(Account.id).in_(accounts)))}
    marked: dict[str, int] = {}
    for mark in attendance.marks_in(session, [each.id for row in found for each in row.sessions]):
        marked[mark.session_id] = marked.get(mark.session_id, 0) + 1
    return [
        SessionView(
            id=each.id,
            course_id=row.course.id,
            number=each.number,
            of=len(row.sessions) + len(row.cancelled),
            held=len(row.sessions),
            starts=each.starts_at,
            ends=each.ends_at,
            venue=row.venue,
            course=row.course,
            taken=row.taken,
            marked=marked.get(each.id, 0),
            staff=tuple(sorted(names[key] for key in by_course.get(row.course.id, []))),
            off_at=each.cancelled_at or row.course.cancelled_at,
            off_why=each.cancelled_why if each.cancelled_at else row.course.cancelled_why,
        )
        for row in found
        for each in sorted([*row.sessions, *row.cancelled], key=lambda one: one.number)
    ]


def _write(
    session: Session,
    ctx: Context,
    account_id: str,
    venue_id: str,
    sessions: tuple[tuple[datetime, datetime], ...],
    about: About,
    repeat_id: str | None,
) -> str:
    course = Course(
        id=ctx.new_id(),
        venue_id=venue_id,
        capacity=about.capacity,
        first_starts_at=sessions[0][0],
        created_at=ctx.clock(),
        repeat_id=repeat_id,
    )
    session.add(course)
    session.flush()
    for number, (starts, ends) in enumerate(sessions, 1):
        session.add(CourseSession(id=ctx.new_id(), course_id=course.id, number=number, starts_at=starts, ends_at=ends))
    _say_of(session, ctx, course, about)
    _record(session, ctx, account_id, "plan_course", course.id)
    return course.id


def _say_of(session: Session, ctx: Context, course: Course, about: About) -> None:
    course.capacity = about.capacity
    course.language = about.language.strip() or None
    course.join_link = about.join_link.strip() or None
    course.access_notes = about.access_notes.strip() or None
    session.add(course)
    for row in session.exec(select(CourseStaff).where(CourseStaff.course_id == course.id)).all():
        session.delete(row)
    session.flush()
    for key in dict.fromkeys(about.staff):
        if session.get(Account, key) is not None:
            session.add(CourseStaff(id=ctx.new_id(), course_id=course.id, account_id=key))


def _record(session: Session, ctx: Context, account_id: str, action: str, course_id: str) -> None:
    audit.note(session, ctx, audit.worker(account_id), action, "course", course_id)
