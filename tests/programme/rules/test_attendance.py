"""What follows from having missed a session, by the programme's settings and the referral's state."""

from datetime import UTC, date, datetime, timedelta

import pytest

from programme.rules.age import is_adult, years
from programme.rules.attendance import Chances, Missed, after_missing, by_list, is_over, is_today, is_told_from
from programme.rules.deadline import Deadlines

NOW = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
AHEAD = Deadlines(date(2026, 12, 31), date(2027, 1, 31))
PAST = Deadlines(date(2026, 11, 30), date(2027, 1, 31))


def session(hours: float) -> tuple[datetime, datetime]:
    """A session of three hours that begins so long after NOW."""
    starts = NOW + timedelta(hours=hours)
    return starts, starts + timedelta(hours=3)


OVER, RUNNING, LATER = session(-24), session(-1), session(24)


@pytest.mark.parametrize(
    ("state", "sessions", "missed", "chances", "deadlines", "expected"),
    [
        ("booked", (OVER,), 0, 1, AHEAD, Missed.AGAIN),
        ("booked", (OVER,), 1, 1, AHEAD, Missed.WORKER),  # the chance is used up
        ("booked", (OVER,), 1, 2, AHEAD, Missed.AGAIN),
        ("booked", (OVER,), 0, 0, AHEAD, Missed.WORKER),
        ("booked", (OVER,), 0, None, AHEAD, Missed.WORKER),  # nobody has said how many there are: never guessed
        ("booked", (OVER,), 0, 1, PAST, Missed.WORKER),
        ("booked", (OVER,), 0, 1, Deadlines(None, None), Missed.WORKER),
        ("booked", (session(-200), OVER), 0, 1, AHEAD, Missed.WORKER),  # several sessions: a worker sees which
        ("booked", (OVER, LATER), 0, 1, AHEAD, Missed.WORKER),
        ("booked", (RUNNING,), 0, 1, AHEAD, Missed.ON_NOW),
        ("booked", (LATER,), 0, 1, AHEAD, Missed.NOT_YET),
        ("missed", (), 0, 1, AHEAD, Missed.AGAIN),
        ("missed", (), 1, 1, AHEAD, Missed.WORKER),
        ("missed", (), 0, None, AHEAD, Missed.WORKER),
        ("second_chance", (), 1, 1, AHEAD, Missed.AGAIN),  # given already
        ("attended", (), 0, 1, AHEAD, Missed.WORKER),
        ("completed", (), 0, 1, AHEAD, Missed.WORKER),
        ("returned", (), 0, 1, AHEAD, Missed.WORKER),
        ("verified", (), 0, 1, AHEAD, Missed.NOTHING),
        ("referred", (), 0, 1, AHEAD, Missed.NOTHING),
    ],
)
def test_after_missing(
    state: str,
    sessions: tuple[tuple[datetime, datetime], ...],
    missed: int,
    chances: int | None,
    deadlines: Deadlines,
    expected: Missed,
) -> None:
    left = Chances(chances, 28)
    found = after_missing(
        referral_state=state, sessions=sessions, missed=missed, chances=left, deadlines=deadlines, now=NOW
    )
    assert found is expected


@pytest.mark.parametrize(
    ("chances", "missed", "sessions", "deadlines", "expected"),
    [
        (Chances(1, 14), 0, (RUNNING,), AHEAD, Missed.AGAIN),  # late: it is on still
        (Chances(1, 14), 1, (OVER,), AHEAD, Missed.WORKER),
        (Chances(None, 14), 0, (OVER,), AHEAD, Missed.WORKER),
        (Chances(1, None), 0, (OVER,), AHEAD, Missed.WORKER),
        (Chances(1, 14), 0, (OVER, LATER), AHEAD, Missed.WORKER),
        (Chances(1, 14), 0, (OVER,), PAST, Missed.WORKER),
        (Chances(1, 14), 0, (OVER,), Deadlines(None, date(2027, 1, 31)), Missed.WORKER),
    ],
)
def test_what_follows_where_a_list_says_so(
    chances: Chances, missed: int, sessions: tuple[tuple[datetime, datetime], ...], deadlines: Deadlines, expected: str
) -> None:
    found = by_list(
        referral_state="missed", sessions=sessions, missed=missed, chances=chances, deadlines=deadlines, now=NOW
    )
    assert found is expected


def test_the_window_is_counted_in_days_from_the_missed_session() -> None:
    assert Chances(1, 14).until(date(2026, 12, 1)) == date(2026, 12, 15)
    assert Chances(1, None).until(date(2026, 12, 1)) is None


@pytest.mark.parametrize(
    ("late", "marked", "ends", "told"),
    [(False, -2, 0, True), (False, -1.9, 0, False), (False, -60, 0.1, False), (True, -2, 60, True)],
)
def test_a_wrong_tap_has_two_minutes_and_who_may_still_come_is_waited_for(
    late: bool, marked: float, ends: float, told: bool
) -> None:
    marked_at, over = NOW + timedelta(minutes=marked), NOW + timedelta(minutes=ends)
    assert is_told_from(late=late, marked_at=marked_at, ends=over, now=NOW) is told


def test_a_session_is_over_when_it_has_ended_and_today_until_then() -> None:
    assert is_over((OVER,), NOW)
    assert not is_over((OVER, RUNNING), NOW)
    assert not is_over((), NOW)
    assert is_today((RUNNING,), NOW)
    assert is_today((session(5),), NOW)
    assert not is_today((OVER, LATER), NOW)
    assert not is_today(((NOW - timedelta(hours=4), NOW),), NOW)  # ended just now


def test_today_is_londons() -> None:
    summer = datetime(2027, 7, 1, 23, 30, tzinfo=UTC)  # half past midnight on 2 July
    assert is_today(((summer + timedelta(hours=9), summer + timedelta(hours=12)),), summer)
    assert not is_today(((summer + timedelta(hours=23, minutes=31), summer + timedelta(hours=26)),), summer)


@pytest.mark.parametrize(
    ("born", "today", "age"),
    [
        (date(2008, 12, 1), date(2026, 12, 1), 18),
        (date(2008, 12, 2), date(2026, 12, 1), 17),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
    ],
)
def test_how_old(born: date, today: date, age: int) -> None:
    assert years(born, today) == age
    assert is_adult(born, today) == (age >= 18)
