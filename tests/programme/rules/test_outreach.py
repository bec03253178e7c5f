"""When somebody is written to unasked: never in quiet hours, once a step, and only while it is of use."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from hypothesis import assume, given
from hypothesis import strategies as st

from programme.rules import london
from programme.rules.outreach import (
    LEAST,
    Quiet,
    Step,
    Tried,
    current,
    is_quiet,
    next_loud,
    next_quiet,
    next_way,
    nudges,
    numbers,
    reminders,
)

NIGHT = Quiet(time(21), time(8))
QUARTER = timedelta(minutes=15)
instants = st.integers(0, 2 * 365 * 96).map(lambda step: datetime(2026, 1, 1, tzinfo=UTC) + step * QUARTER)
changes = st.sampled_from([datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)]).flatmap(
    lambda day: st.integers(-96, 192).map(lambda step: day + step * QUARTER)
)
moments = st.one_of(instants, changes)
clocks = st.integers(0, 95).map(lambda step: time(step // 4, step % 4 * 15))
quiets = st.builds(Quiet, clocks, clocks)
sets = st.sets(st.integers(1, 14), max_size=4)


@given(quiets, moments)
def test_the_next_loud_moment_is_loud_and_the_first(quiet: Quiet, now: datetime) -> None:
    found = next_loud(quiet, now)
    assert found >= now and not is_quiet(quiet, found)
    between = now
    while between < found:
        assert is_quiet(quiet, between)
        between += QUARTER


@given(quiets, moments)
def test_the_next_quiet_moment_is_quiet_and_the_first(quiet: Quiet, now: datetime) -> None:
    found = next_quiet(quiet, now)
    if found is None:
        assert quiet.begins == quiet.ends
        return
    assert found >= now and is_quiet(quiet, found)
    between = now
    while between < found:
        assert not is_quiet(quiet, between)
        between += QUARTER


@given(moments, sets, sets, quiets, st.integers(0, 40), st.integers(1, 3))
def test_reminders_come_while_they_are_of_use_and_never_two_for_one_session_at_once(
    starts: datetime, days: set[int], hours: set[int], quiet: Quiet, booked_before: int, count: int
) -> None:
    sessions = [(each, each + timedelta(hours=3)) for each in (starts + timedelta(weeks=n) for n in range(count))]
    made = starts - timedelta(days=booked_before)
    found = reminders(sessions, days, hours, made, quiet)
    for number, step in found:
        assert made < step.due < step.until <= sessions[number - 1][0]
        assert not is_quiet(quiet, step.due)
        if number > 1:
            assert step.due >= sessions[number - 2][1], "of the next one only when the one before is over"
    for number in range(1, count + 1):
        own = [step for each, step in found if each == number]
        assert len({step.name for step in own}) == len(own)
        for one, after in pairwise(own):
            assert one.until <= after.due


@given(moments, st.one_of(st.none(), st.integers(0, 60)), st.sets(st.integers(1, 400), max_size=4), sets, quiets)
def test_nudges_never_follow_close_on_one_another_nor_come_after_the_deadline(
    referred: datetime, days: int | None, after: set[int], before: set[int], quiet: Quiet
) -> None:
    book_by = london.today(referred) + timedelta(days=days) if days is not None else None
    found = nudges(referred, book_by, after, before, quiet)
    for step in found:
        assert referred < step.due < step.until and not is_quiet(quiet, step.due)
        assert book_by is None or london.today(step.until - timedelta(seconds=1)) <= book_by
    for one, later in pairwise(found):
        assert later.due - one.until >= timedelta(hours=6), "also where the first was held back"


@given(moments, sets, sets, quiets, moments)
def test_at_any_moment_at_most_one_thing_is_due_for_a_session(
    starts: datetime, days: set[int], hours: set[int], quiet: Quiet, now: datetime
) -> None:
    session = (starts, starts + timedelta(hours=3))
    steps = [step for _, step in reminders([session], days, hours, starts - timedelta(days=30), quiet)]
    due = current(steps, now, quiet)
    assert len(due) <= 1
    assert not due or (now < starts and not is_quiet(quiet, now))


def test_the_usual_course_of_reminders() -> None:
    starts = datetime(2026, 12, 15, 18, 0, tzinfo=UTC)
    found = reminders([(starts, starts + timedelta(hours=3))], (7, 3, 1), (2,), starts - timedelta(days=20), NIGHT)
    assert [(step.name, step.due) for _, step in found] == [
        ("7d", starts - timedelta(days=7)),
        ("3d", starts - timedelta(days=3)),
        ("1d", starts - timedelta(days=1)),
        ("2h", starts - timedelta(hours=2)),
    ]
    assert found[-1][1].until == starts - LEAST


def test_after_a_days_outage_only_the_newest_is_of_use() -> None:
    starts = datetime(2026, 12, 15, 18, 0, tzinfo=UTC)
    session = (starts, starts + timedelta(hours=3))
    steps = [step for _, step in reminders([session], (7, 3, 1), (2,), starts - timedelta(days=20), NIGHT)]
    assert [each.name for each in current(steps, starts - timedelta(hours=23), NIGHT)] == ["1d"]
    assert current(steps, starts - timedelta(minutes=10), NIGHT) == []
    assert current(steps, starts + timedelta(minutes=10), NIGHT) == []


def test_before_a_session_early_in_the_morning_the_last_one_comes_the_evening_before() -> None:
    starts = datetime(2026, 12, 15, 8, 0, tzinfo=UTC)
    found = reminders([(starts, starts + timedelta(hours=3))], (1,), (2,), starts - timedelta(days=9), NIGHT)
    assert found[-1][1] == Step("2h", datetime(2026, 12, 14, 20, tzinfo=UTC), datetime(2026, 12, 14, 21, tzinfo=UTC))


def test_a_week_before_is_the_same_time_of_day_also_where_the_clocks_change() -> None:
    starts = london.at(date(2026, 10, 28), time(18))
    found = reminders([(starts, starts + timedelta(hours=3))], (7,), (), starts - timedelta(days=30), NIGHT)
    assert london.local(found[0][1].due).time() == time(18)


def test_who_has_just_booked_is_not_told_again_at_once() -> None:
    starts = datetime(2026, 12, 15, 18, 0, tzinfo=UTC)
    booked = starts - timedelta(days=2)
    found = reminders([(starts, starts + timedelta(hours=3))], (7, 3, 1), (2,), booked, NIGHT)
    assert [step.name for _, step in found] == ["1d", "2h"]


def test_the_usual_course_of_nudges() -> None:
    referred = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
    found = nudges(referred, date(2026, 12, 29), (24, 72, 168), (3, 1), NIGHT)
    assert [step.name for step in found] == ["after24h", "after72h", "after168h", "before3d", "before1d"]
    assert found[-1].due == datetime(2026, 12, 28, 10, tzinfo=UTC)


@given(
    st.lists(st.sampled_from(["telegram", "web", "sms", "email"]), unique=True),
    st.dictionaries(
        st.sampled_from(["telegram", "web", "sms", "email"]),
        st.sampled_from(["waiting", "sent", "delivered", "seen", "failed", "blocked", "dropped"]),
    ),
    st.integers(0, 90),
)
def test_no_way_is_tried_twice_and_none_once_it_arrived(order: list[str], states: dict[str, str], minutes: int) -> None:
    now = datetime(2026, 12, 1, 12, tzinfo=UTC)
    tried = [Tried(way, state, now - timedelta(minutes=minutes)) for way, state in states.items()]
    found = next_way(order, tried, now, {"web": timedelta(minutes=30)})
    assert found not in states
    if {"delivered", "seen"} & set(states.values()):
        assert found is None
    pending = {way for way, state in states.items() if state in ("waiting", "sent")}
    if pending - {"web"} or (pending and minutes < 30):
        assert found is None
    assume(found is not None)
    assert found == next(way for way in order if way not in states)


def test_a_setting_of_several_numbers_is_read_as_people_write_it() -> None:
    assert numbers("7, 3 and 1") == (7, 3, 1)
    assert numbers("1,3,3") == (3, 1)
    assert numbers("0") == () == numbers("none")
