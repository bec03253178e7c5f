"""A personal link works from its making until it expires or is revoked, and never again."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from programme.rules.link import state, valid

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
near = st.timedeltas(timedelta(days=-9), timedelta(days=9)).map(lambda ago: NOW + ago)


@given(near, near, st.none() | near)
def test_it_is_valid_exactly_inside(created: datetime, expires: datetime, revoked: datetime | None) -> None:
    inside = created <= NOW < expires and (revoked is None or revoked > NOW)
    assert valid(created, expires, revoked, NOW) == inside


@given(near, near, st.none() | near, st.timedeltas(timedelta(0), timedelta(days=30)))
def test_what_has_ended_stays_ended(
    created: datetime, expires: datetime, revoked: datetime | None, later: timedelta
) -> None:
    if state(created, expires, revoked, NOW) in ("expired", "revoked"):
        assert not valid(created, expires, revoked, NOW + later)


def test_each_state() -> None:
    day = timedelta(days=1)
    assert state(NOW, NOW + day, None, NOW) == "valid"
    assert state(NOW, NOW, None, NOW) == "expired"
    assert state(NOW - day, NOW + day, NOW, NOW) == "revoked"
    assert state(NOW + day, NOW + 2 * day, None, NOW) == "early"
