"""Delivery is tried again, later each time, as asked by the other side, and not for ever."""

from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from programme.rules.delivery import DEFAULT, Policy, delay, gives_up, next_try

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
attempts = st.integers(1, 10_000)
seeds = st.integers().map(Random)
asked = st.timedeltas(timedelta(0), timedelta(hours=2))


@given(attempts, seeds)
def test_a_wait_is_at_least_half_the_back_off_and_at_most_the_longest(attempt: int, rng: Random) -> None:
    full = min(DEFAULT.longest, DEFAULT.first * 2 ** min(attempt - 1, 30))
    assert full / 2 <= delay(attempt, rng) <= full <= DEFAULT.longest


@given(attempts, seeds, asked)
def test_the_other_side_is_listened_to(attempt: int, rng: Random, retry_after: timedelta) -> None:
    assert delay(attempt, rng, retry_after) >= retry_after


@given(st.integers(1, 100), st.integers())
def test_the_same_chance_never_waits_less_after_more_failures(attempt: int, seed: int) -> None:
    assert delay(attempt, Random(seed)) <= delay(attempt + 1, Random(seed))


def test_many_messages_do_not_come_back_together() -> None:
    rng = Random(7)
    assert len({delay(5, rng) for _ in range(100)}) > 90


@given(attempts, seeds, asked, st.timedeltas(timedelta(0), timedelta(days=3)))
def test_a_next_try_is_in_time_or_there_is_none(
    attempt: int, rng: Random, retry_after: timedelta, age: timedelta
) -> None:
    again = next_try(attempt, NOW - age, NOW, rng, retry_after=retry_after)
    if again is None:
        assert age + max(retry_after, DEFAULT.longest) > DEFAULT.give_up_after
    else:
        assert again > NOW and not gives_up(NOW - age, again)


def test_it_ends() -> None:
    now, tries, rng = NOW, 0, Random(1)
    while (again := next_try(tries + 1, NOW, now, rng, policy=Policy(give_up_after=timedelta(hours=1)))) is not None:
        now, tries = again, tries + 1
    assert now - NOW <= timedelta(hours=1)
    assert 10 <= tries <= 30
