"""How long things are kept: by London days, the same whichever way one asks."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from programme.rules import london, retention
from programme.rules import referral as referrals

START = datetime(2026, 1, 1, tzinfo=UTC)
TIMES = st.integers(0, 4 * 365 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes))


@given(TIMES, TIMES, st.integers(1, 3650))
def test_what_is_due_is_what_the_page_said(ended: datetime, now: datetime, days: int) -> None:
    assert (ended < retention.cut(now, days)) is (london.today(now) >= retention.erased_on(ended, days))


@given(TIMES, st.integers(1, 3650))
def test_nothing_is_erased_before_its_days_are_over(ended: datetime, days: int) -> None:
    assert ended >= retention.cut(ended + timedelta(days=days - 1) - timedelta(hours=2), days)
    assert ended < retention.cut(ended + timedelta(days=days, hours=2), days)


def test_nobody_is_erased_who_may_still_come() -> None:
    states = {state for pair in referrals.TRANSITIONS.items() for state in (pair[0][0], pair[1])}
    assert {state for state in states if retention.may_erase(state)} == {
        "completed", "returned", "withdrawn", "closed",
    }  # fmt: skip
    assert not any(retention.may_erase(state) and referrals.may_book(state) for state in states)
