"""When somebody is written to unasked, which way next, and when it is too late to be of use. Never in quiet hours."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from programme.rules import london

SETTLED = timedelta(hours=1)  # who has just booked has just been told when and where
LEAST = timedelta(minutes=30)  # before a session: later than that, a reminder tells nobody anything they can use
EVENING = timedelta(hours=1)  # before quiet hours begin: when to remind of what starts before they are over
NUDGE_LASTS = timedelta(days=2)  # a nudge that could not be sent for so long is left to the next one
NUDGES_APART = timedelta(hours=20)
HELD_APART = timedelta(hours=6)  # what was held back for so long that the next one is near is left to that one
NUDGE_AT = time(10, 0)  # London, on the days before a deadline
LOOK_AHEAD = 3  # days: quiet hours end within these


@dataclass(frozen=True)
class Quiet:
    """London time between which nobody is written to; over midnight where `begins` is later. Equal: no quiet hours."""

    begins: time
    ends: time


@dataclass(frozen=True)
class Step:
    """One thing to be sent, once: from `due` on, and before `until`. `name`: "7d", "2h", "after24h", "before3d"."""

    name: str
    due: datetime
    until: datetime


@dataclass(frozen=True)
class Tried:
    """What came of one way: `state` is waiting, sent, delivered, seen, failed, blocked or dropped."""

    way: str
    state: str
    at: datetime


def is_quiet(quiet: Quiet, now: datetime) -> bool:
    """Whether nobody may be written to at `now`."""
    clock = london.local(now).time()
    if quiet.begins <= quiet.ends:
        return quiet.begins <= clock < quiet.ends
    return clock >= quiet.begins or clock < quiet.ends


def next_loud(quiet: Quiet, now: datetime) -> datetime:
    """`now`, or where that is quiet the first instant after it that is not."""
    if not is_quiet(quiet, now):
        return now
    ends = [each for day in _days(now) for each in (*_instants(day, quiet.ends), *_changes(day))]
    return min(each for each in ends if each > now and not is_quiet(quiet, each))


def next_quiet(quiet: Quiet, now: datetime) -> datetime | None:
    """`now`, or where that is not quiet the first instant after it that is; None: there are no quiet hours."""
    if quiet.begins == quiet.ends:
        return None
    if is_quiet(quiet, now):
        return now
    begins = [each for day in _days(now) for each in (*_instants(day, quiet.begins), *_changes(day))]
    return min((each for each in begins if each > now and is_quiet(quiet, each)), default=None)


def reminders(
    sessions: Sequence[tuple[datetime, datetime]],
    days: Collection[int],
    hours: Collection[int],
    made_at: datetime,
    quiet: Quiet,
) -> list[tuple[int, Step]]:
    """For each session (starts, ends; in order), numbered from 1: what to send, the earliest first.

    `days` count on London's calendar, at the session's own time of day. Each holds until the next one is due. Left
    out: what fell due before the place was taken, or before the session before it was over.
    """
    found = []
    for number, (starts, _) in enumerate(sessions, 1):
        free_from = sessions[number - 2][1] if number > 1 else made_at + SETTLED
        for step in _before(starts, days, hours, quiet):
            if step.due >= max(free_from, made_at + SETTLED):
                found.append((number, step))
    return found


def nudges(
    referred_at: datetime,
    book_by: date | None,
    after_hours: Collection[int],
    before_days: Collection[int],
    quiet: Quiet,
) -> list[Step]:
    """What to send to somebody who has not booked, the earliest first; nothing once the day to book by is over."""
    ends = london.at(book_by + timedelta(days=1), time.min) if book_by else None
    planned = [(f"after{hours}h", referred_at + timedelta(hours=hours)) for hours in after_hours]
    if book_by:
        last = [(f"before{days}d", london.at(book_by - timedelta(days=days), NUDGE_AT)) for days in before_days]
        planned += [(name, due) for name, due in last if due >= referred_at + NUDGES_APART]
    planned = sorted(((name, due) for name, due in planned if ends is None or due < ends), key=lambda one: one[1])
    steps = []
    for place, (name, due) in enumerate(planned):
        follows = planned[place + 1][1] if place + 1 < len(planned) else None
        if follows is not None and follows - due < NUDGES_APART:
            continue  # the next one says the same
        near = follows - HELD_APART if follows is not None else None
        until = min(each for each in (near, ends, due + NUDGE_LASTS) if each is not None)
        if (loud := next_loud(quiet, due)) < until:
            steps.append(Step(name, loud, until))
    return steps


def current(steps: Iterable[Step], now: datetime, quiet: Quiet) -> list[Step]:
    """What may be sent now: after an outage or a jump of the clock, what is still of use and nothing else."""
    return [] if is_quiet(quiet, now) else [step for step in steps if step.due <= now < step.until]


def next_way(
    order: Sequence[str], tried: Sequence[Tried], now: datetime, patience: Mapping[str, timedelta]
) -> str | None:
    """The way to try now; None: one got through, one is still under way, or none is left.

    A way that can tell that nobody has looked yet (`patience`) is given so long before the next one is tried too.
    """
    for each in tried:
        under_way = each.state in ("waiting", "sent")
        if each.state in ("delivered", "seen") or (under_way and not _is_over(each, now, patience)):
            return None
    done = {each.way for each in tried}
    return next((way for way in order if way not in done), None)


def got_through(tried: Iterable[Tried]) -> bool:
    """Whether it arrived, as far as a channel can tell."""
    return any(each.state in ("delivered", "seen") for each in tried)


def numbers(text: str) -> tuple[int, ...]:
    """The whole numbers above nought of a setting such as "7, 3, 1", the largest first, each once."""
    found = {int(part) for part in text.replace(",", " ").split() if part.isdecimal() and len(part) <= 4}
    return tuple(sorted(found - {0}, reverse=True))


def _before(starts: datetime, days: Collection[int], hours: Collection[int], quiet: Quiet) -> list[Step]:
    clock = london.local(starts)
    planned = [(f"{day}d", london.at(clock.date() - timedelta(days=day), clock.time())) for day in days]
    planned += [(f"{hour}h", starts - timedelta(hours=hour)) for hour in hours]
    planned.sort(key=lambda one: one[1])
    steps: list[Step] = []
    for place, (name, due) in enumerate(planned):
        is_last = place + 1 == len(planned)
        until = starts - LEAST if is_last else planned[place + 1][1]
        loud = next_loud(quiet, due)
        if loud < until:
            steps.append(Step(name, loud, until))
        elif is_last:
            steps += _evening(name, due, quiet)
    cut = [_cut(step, steps[place + 1 :]) for place, step in enumerate(steps)]
    return [step for step in cut if step.due < step.until]


def _evening(name: str, due: datetime, quiet: Quiet) -> list[Step]:
    """What falls into quiet hours that are over too late goes out before they begin."""
    begins = [each for day in _days(due - timedelta(days=2)) for each in _instants(day, quiet.begins) if each <= due]
    evening = max(begins) - EVENING if begins else due
    return [] if is_quiet(quiet, evening) else [Step(name, evening, max(begins))]


def _cut(step: Step, later: Sequence[Step]) -> Step:
    """Until the next one is due, where that was brought forward."""
    return Step(step.name, step.due, min([step.until, *(each.due for each in later)]))


def _is_over(each: Tried, now: datetime, patience: Mapping[str, timedelta]) -> bool:
    return each.way in patience and now - each.at >= patience[each.way]


def _days(now: datetime) -> list[date]:
    return list(london.days(london.today(now), LOOK_AHEAD))


def _instants(day: date, clock: time) -> tuple[datetime, ...]:
    """Both times of an hour that happens twice; an hour later where it is skipped."""
    return london.at(day, clock), datetime.combine(day, clock.replace(fold=1), london.ZONE).astimezone(UTC)


def _changes(day: date) -> tuple[datetime, ...]:
    """When clocks that go forward, or back, may bring quiet hours by themselves: London changes at one o'clock UTC."""
    changes = london.local(london.at(day, time.min)).utcoffset() != london.local(london.at(day, time(12))).utcoffset()
    return (datetime.combine(day, time(1), UTC),) if changes else ()
