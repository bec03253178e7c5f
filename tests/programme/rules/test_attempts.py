"""Guessing gets slower, and never locks out the owner of the reference that is guessed at."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from programme.rules import attempts
from programme.rules.attempts import POLICIES, Policy, wait, wait_for

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ZERO = timedelta(0)
past = st.timedeltas(ZERO, timedelta(hours=30)).map(lambda ago: NOW - ago)
failures = st.lists(past, max_size=30)
policies = st.sampled_from(list(POLICIES.values()))


def burst(count: int) -> list[datetime]:
    return [NOW - timedelta(seconds=second) for second in range(count)]


@given(failures, policies)
def test_a_wait_is_bounded_and_ends(failed: list[datetime], policy: Policy) -> None:
    left = wait(failed, NOW, policy)
    assert ZERO <= left <= policy.longest
    assert wait(failed, NOW + left, policy) == ZERO


@given(failures, past, policies)
def test_one_more_failure_never_shortens_it(failed: list[datetime], more: datetime, policy: Policy) -> None:
    assert wait([*failed, more], NOW, policy) >= wait(failed, NOW, policy)


@given(failures, st.timedeltas(ZERO, timedelta(days=2)), policies)
def test_time_never_lengthens_it(failed: list[datetime], later: timedelta, policy: Policy) -> None:
    assert wait(failed, NOW + later, policy) <= wait(failed, NOW, policy)


def test_the_free_tries_are_free_and_then_it_doubles() -> None:
    policy = Policy(free=3, first=timedelta(seconds=20), longest=timedelta(minutes=15))
    waits = [wait([NOW] * count, NOW, policy).total_seconds() for count in range(12)]
    assert waits == [0, 0, 0, 0, 20, 40, 80, 160, 320, 640, 900, 900]
    assert wait([NOW] * 5000, NOW, policy) == policy.longest


def test_failures_of_yesterday_are_forgotten() -> None:
    assert wait([NOW - timedelta(hours=24)] * 50, NOW, POLICIES["identity"]) == ZERO


def test_a_clock_that_is_ahead_costs_nothing_more() -> None:
    policy = POLICIES["identity"]
    assert wait([NOW + timedelta(minutes=9)] * 99, NOW, policy) == policy.longest


@given(st.integers(0, 5000), st.integers(0, POLICIES["address"].free))
def test_the_owner_on_a_phone_of_their_own_never_waits_for_a_stranger(guesses: int, neighbours: int) -> None:
    assert wait_for(identity=[], address=burst(neighbours), reference=burst(guesses), now=NOW) == ZERO


@given(failures, failures, failures)
def test_a_reference_slows_no_longer_than_its_cap(
    identity: list[datetime], address: list[datetime], reference: list[datetime]
) -> None:
    own = max(wait(identity, NOW, POLICIES["identity"]), wait(address, NOW, POLICIES["address"]))
    together = wait_for(identity=identity, address=address, reference=reference, now=NOW)
    assert own <= together <= max(own, POLICIES["reference"].longest)


def test_a_guesser_is_slowed_by_the_reference_too() -> None:
    slowed = wait_for(identity=burst(1), address=burst(1), reference=burst(20), now=NOW)
    assert slowed == POLICIES["reference"].longest
    crowd = wait_for(identity=[], address=burst(POLICIES["address"].free + 1), reference=burst(20), now=NOW)
    assert crowd == POLICIES["reference"].longest


def test_a_worker_is_offered_after_a_few() -> None:
    assert [attempts.offers_worker(count) for count in range(5)] == [False, False, False, True, True]
