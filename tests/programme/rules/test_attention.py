"""Who needs attention: nobody with something to do is missed, and each has one step that can be done."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programme.rules.attention import ORDER, Standing, step, why
from tests.builders import NOW

TODAY = NOW.date()
FRESH = Standing("referred", NOW, False, True, False, False, False, TODAY + timedelta(30), None, True, True)
STATES = ["referred", "reached", "verified", "booked", "attended", "missed", "second_chance"]
ANY = st.builds(
    Standing,
    st.sampled_from(STATES),
    st.datetimes(NOW.replace(tzinfo=None) - timedelta(30), NOW.replace(tzinfo=None)).map(
        lambda at: at.replace(tzinfo=NOW.tzinfo)
    ),
    *[st.booleans()] * 5,
    st.none() | st.dates(TODAY - timedelta(9), TODAY + timedelta(40)),
    st.none() | st.integers(0, 25),
    st.booleans(),
    st.booleans(),
)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({}, None),
        ({"referred_at": NOW - timedelta(hours=23)}, None),
        ({"referred_at": NOW - timedelta(hours=24)}, "unbooked_24h"),
        ({"referred_at": NOW - timedelta(hours=72)}, "unbooked_72h"),
        ({"referred_at": NOW - timedelta(days=7)}, "unbooked_7d"),
        ({"referred_at": NOW - timedelta(days=7), "booked": True, "state": "booked"}, None),
        ({"referred_at": NOW - timedelta(days=7), "reached": False}, "not_reached"),
        ({"undelivered": True}, "not_reached"),
        ({"unreached": True}, "not_reached"),
        ({"unreached": True, "booked": True, "state": "booked"}, "not_reached"),
        ({"unreached": True, "posted": True}, "not_reached"),
        ({"posted": True, "reached": False, "referred_at": NOW - timedelta(days=4)}, None),
        ({"posted": True, "referred_at": NOW - timedelta(days=8)}, "unbooked_7d"),
        ({"days_left": 3}, "running_out"),
        ({"days_left": 4}, None),
        ({"deadline": TODAY - timedelta(1), "days_left": 0}, "over"),
        ({"deadline": TODAY, "days_left": 0}, "running_out"),
        ({"state": "missed"}, "missed"),
        ({"state": "missed", "deadline": TODAY - timedelta(1)}, "over"),
        ({"state": "booked", "booked": True, "late": True}, "late"),
        ({"state": "booked", "booked": True, "late": True, "case": True}, "case"),
    ],
)
def test_why(changed: dict[str, object], reason: str | None) -> None:
    assert why(replace(FRESH, **changed), NOW, TODAY) == reason


@given(ANY)
def test_who_waits_for_a_day_is_always_there(standing: Standing) -> None:
    waits = not standing.booked and standing.state not in ("booked", "attended", "missed")
    if waits and NOW - standing.referred_at >= timedelta(days=1):
        assert why(standing, NOW, TODAY) in ORDER
    if standing.case or standing.late or standing.state == "missed":
        assert why(standing, NOW, TODAY) in ORDER


@given(ANY)
def test_each_has_a_step_that_can_be_done(standing: Standing) -> None:
    reason = why(standing, NOW, TODAY)
    if reason is None:
        return
    found = step(reason, standing)
    assert found != "ring" or standing.phone
    assert found != "write" or standing.talk
    assert (found == "chance") is (reason == "missed")
    if found == "decide":
        assert standing.deadline is not None and standing.deadline < TODAY
