"""Slots to test with, made by hand and made up."""

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import strategies as st

from programme.rules import london
from programme.rules.offer import Slot

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TODAY = date(2026, 11, 23)
PLACES = ("Reading", "Slough", "Milton Keynes", "High Wycombe", "Oxford")
TWO_HOURS = timedelta(hours=2)


def slot(
    name: str, place: str, day: date, clock: time, *, weeks: int = 1, left: int = 3, step_free: bool = False
) -> Slot:
    """A weekly course; the place `online` is online."""
    starts = london.weekly(day, clock, weeks)
    return Slot(name, place, place == "online", step_free, starts, starts[-1] + TWO_HOURS, left)


made_up = st.builds(
    slot,
    st.text("abcdef0123456789", min_size=4, max_size=8),
    st.sampled_from([*PLACES, "online"]),
    st.dates(TODAY - timedelta(days=5), TODAY + timedelta(days=60)),
    st.times(time(8), time(20)).map(lambda clock: clock.replace(second=0, microsecond=0)),
    weeks=st.integers(1, 4),
    left=st.integers(-1, 3),
    step_free=st.booleans(),
)
lists = st.lists(made_up, max_size=25, unique_by=lambda one: one.course_id)
# Many that can all be had: for what happens beyond five.
roomy = st.lists(
    st.builds(
        slot,
        st.uuids().map(str),
        st.sampled_from([*PLACES, "online"]),
        st.dates(TODAY + timedelta(days=1), TODAY + timedelta(days=30)),
        st.sampled_from([time(10), time(18)]),
    ),
    min_size=4,
    max_size=16,
    unique_by=lambda one: one.course_id,
)
