"""Reports: how far people have come, how long it took, by week, place, channel and need; small numbers hidden.

Everybody counts in the week in which they were referred, over whole weeks that have ended. Every table has a row for
everybody, those without a place or a chat too, so that all tables have the same totals and none gives another away.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import Session, col, select

from programme import happening
from programme.context import Context
from programme.rules import london, small_number
from programme.rules.small_number import Shown
from storage.booking import Booking
from storage.conversation import Conversation
from storage.enums import Channel
from storage.handoff import HandoffRequest
from storage.person import Person
from storage.referral import Referral
from storage.session import Course, Venue

WEEK = timedelta(weeks=1)
WEEKS = (4, 12, 26, 52)  # what may be asked for: few choices, so that two of them say little more than one
STAGES = ("referred", "reached", "verified", "booked", "attended", "completed")
FEW = ("referred", "booked", "attended", "completed")
NONE = "none"  # the group of those without one
DAYS = ((1, "day_1"), (3, "days_3"), (7, "days_7"), (14, "days_14"), (28, "days_28"))  # at most so many
MINUTES = ((10, "minutes_10"), (60, "hour_1"), (240, "hours_4"), (1440, "day_1"))
LONGER = "longer"
DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Table:
    """`groups`: what each row is about, a word or a name; `rows` and `totals` hold None for what is hidden."""

    key: str
    columns: tuple[str, ...]
    groups: tuple[str, ...]
    rows: tuple[Shown, ...]
    totals: Shown

    @property
    def hides(self) -> bool:
        """Whether anything is hidden."""
        return any(each is None for row in (*self.rows, self.totals) for each in row)


@dataclass(frozen=True)
class Report:
    """`first` to `last`: London days of referral, both included."""

    first: date
    last: date
    tables: tuple[Table, ...]

    def table(self, key: str) -> Table | None:
        return next((each for each in self.tables if each.key == key), None)


@dataclass(frozen=True)
class _One:
    """A person, as far as reports go. `stage`: of STAGES, by its place."""

    week: date
    stage: int
    channel: str
    language: str
    need: str
    venue: str
    weekday: str
    booked_after: str


def read(ctx: Context, weeks: int) -> Report:
    """The whole report over so many weeks, the last of which has ended."""
    today = london.today(ctx.clock())
    end = today - timedelta(days=today.weekday())
    start = end - weeks * WEEK
    with ctx.database.reading() as session:
        people = _people(session, start, end)
        waits = _waits(session, london_start(start), london_start(end))
    every_week = [(start + each * WEEK).isoformat() for each in range(weeks)]
    spans = [*(word for _, word in DAYS), LONGER, NONE]
    tables = (
        _table("funnel", STAGES, people, lambda one: one.week.isoformat(), every_week),
        _counted("time_to_booking", [one.booked_after for one in people], spans),
        _counted("waits", waits, [*(word for _, word in MINUTES), LONGER, NONE]),
        _table("venue", FEW, people, lambda one: one.venue),
        _table("weekday", FEW, people, lambda one: one.weekday, [*DAY_NAMES, NONE]),
        _table("channel", FEW, people, lambda one: one.channel),
        _table("language", FEW, people, lambda one: one.language),
        _table("access_need", FEW, people, lambda one: one.need, ["yes", "no"]),
    )
    return Report(start, end - timedelta(days=1), tables)


def london_start(day: date) -> datetime:
    """The instant at which a London day begins."""
    return london.at(day, datetime.min.time())


def _table(
    key: str,
    columns: tuple[str, ...],
    people: Sequence[_One],
    group: Callable[[_One], str],
    groups: Sequence[str] = (),
) -> Table:
    names = list(groups) or [*sorted({group(one) for one in people} - {NONE}), NONE]
    steps = [STAGES.index(column) for column in columns]
    counts = {name: [0] * len(columns) for name in names}
    for one in people:
        for at, step in enumerate(steps):
            counts[group(one)][at] += one.stage >= step
    guarded = small_number.guard([counts[name] for name in names])
    return Table(key, columns, tuple(names), guarded.rows, guarded.totals)


def _counted(key: str, found: Sequence[str], groups: Sequence[str]) -> Table:
    guarded = small_number.guard([[found.count(name)] for name in groups])
    return Table(key, ("people",), tuple(groups), guarded.rows, guarded.totals)


def _people(session: Session, start: date, end: date) -> list[_One]:
    rows = session.exec(
        select(Referral, Person.language, col(Person.access_needs).is_not(None))
        .join(Person)
        .where(Referral.referred_on >= start, Referral.referred_on < end)
    ).all()
    reached, came = happening.reached(session), happening.attended(session)
    done, places, channels = happening.completed(session), _places(session), _channels(session)
    people = []
    for row, language, need in rows:
        of, day, place = row.id, row.referred_on, places.get(row.id)
        marks = [True, of in reached, row.verified_at is not None, place is not None, of in came, of in done]
        people.append(
            _One(
                week=day - timedelta(days=day.weekday()),
                stage=max(at for at, holds in enumerate(marks) if holds),
                channel=channels.get(of, NONE),
                language=language,
                need="yes" if need else "no",
                venue=place[0] if place else NONE,
                weekday=DAY_NAMES[london.local(place[1]).weekday()] if place else NONE,
                booked_after=_bucket((place[2] - row.created_at) / timedelta(days=1), DAYS) if place else NONE,
            )
        )
    return people


def _places(session: Session) -> dict[str, tuple[str, datetime, datetime]]:
    """By referral: where and when the newest place is, and when the first one was booked."""
    rows = session.exec(
        select(Booking.referral_id, Venue.place, col(Course.first_starts_at), col(Booking.made_at))
        .join(Course, col(Booking.course_id) == col(Course.id))
        .join(Venue, col(Course.venue_id) == col(Venue.id))
        .order_by(col(Booking.made_at), col(Booking.moves))
    )
    found: dict[str, tuple[str, datetime, datetime]] = {}
    for of, place, starts_at, made_at in rows:
        found[of] = (place, starts_at, found[of][2] if of in found else made_at)
    return found


def _channels(session: Session) -> dict[str, str]:
    """The channel in which somebody first proved who they are."""
    rows = select(Conversation.referral_id, Conversation.channel).where(col(Conversation.referral_id).is_not(None))
    newest_first = rows.order_by(col(Conversation.created_at).desc())
    return {of or "": Channel(channel).value for of, channel in session.exec(newest_first)}


def _waits(session: Session, start: datetime, end: datetime) -> list[str]:
    """How long each who asked for a person waited for the first reply."""
    rows = session.exec(
        select(col(HandoffRequest.requested_at), col(HandoffRequest.first_reply_at)).where(
            HandoffRequest.requested_at >= start, HandoffRequest.requested_at < end
        )
    )
    return [
        _bucket((replied - asked) / timedelta(minutes=1), MINUTES) if replied is not None else NONE
        for asked, replied in rows
    ]


def _bucket(length: float, spans: Sequence[tuple[int, str]]) -> str:
    return next((word for most, word in spans if length <= most), LONGER)
