"""What follows from having missed a session, by the programme's settings and the referral's state."""

from datetime import UTC, date, datetime, timedelta

import pytest

from programme.rules.age import is_adult, years
from programme.rules.attendance import Missed, after_missing, is_over, is_today
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
    found = after_missing(
        referral_state=state, sessions=sessions, missed=missed, chances=chances, deadlines=deadlines, now=NOW
    )
    assert found is expected


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
