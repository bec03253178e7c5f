"""What is too fast: never what was promised to pass, always what goes on and on."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from programme.rules.limit import MESSAGES, SESSIONS, Limit, too_fast

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
limits = st.builds(Limit, st.integers(1, 30), st.timedeltas(timedelta(seconds=1), timedelta(minutes=2)))
gaps = st.lists(st.timedeltas(timedelta(0), timedelta(seconds=20)), max_size=60)


def passed(limit: Limit, moments: list[datetime]) -> list[datetime]:
    """Those that get through when they come one after another."""
    through: list[datetime] = []
    for moment in moments:
        if not too_fast(through, moment, limit):
            through.append(moment)
    return through


def test_what_is_promised_passes() -> None:
    messages = [NOW + timedelta(milliseconds=500) * number for number in range(20)]
    assert passed(MESSAGES, messages) == messages
    assert passed(MESSAGES, [NOW] * 20) == [NOW] * 20
    assert passed(SESSIONS, [NOW] * 100) == [NOW] * 100


def test_a_flood_does_not() -> None:
    assert len(passed(MESSAGES, [NOW] * 500)) == MESSAGES.count
    assert (
        len(passed(SESSIONS, [NOW + timedelta(milliseconds=10) * number for number in range(5000)])) == SESSIONS.count
    )


@given(limits, gaps)
def test_no_window_ever_holds_more(limit: Limit, steps: list[timedelta]) -> None:
    moments = [NOW]
    for step in steps:
        moments.append(moments[-1] + step)
    through = passed(limit, moments)
    for moment in through:
        assert sum(moment - limit.window < other <= moment for other in through) <= limit.count


def test_a_limit_of_nothing_lets_nothing_through() -> None:
    none = Limit(0, timedelta(seconds=5))
    assert too_fast([], NOW, none)
