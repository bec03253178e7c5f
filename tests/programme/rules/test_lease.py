"""Of many processes, one holds a conversation, and work done under an old lease is refused."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from programme.rules.lease import may_commit, may_take, next_fence

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LONG = timedelta(seconds=10)


@dataclass
class Row:
    holder: str | None = None
    expires_at: datetime | None = None
    fence: int = 0


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 15)), max_size=60))
def test_two_processes_can_never_both_commit(tries: list[tuple[str, int]]) -> None:
    row, now, mine = Row(), NOW, dict.fromkeys("abc", -1)
    for me, seconds in tries:
        now += timedelta(seconds=seconds)
        running = row.expires_at is not None and row.expires_at > now
        if may_take(row.holder, row.expires_at, me, now):
            assert not (running and row.holder != me)
            fence = next_fence(row.fence, row.holder, row.expires_at, me, now)
            assert fence >= row.fence and (fence > row.fence) == (not (running and row.holder == me))
            row, mine[me] = Row(me, now + LONG, fence), fence
        else:
            assert running and row.holder != me
        assert [name for name, fence in mine.items() if may_commit(fence, row.fence)] == [row.holder]


def test_at_its_expiry_it_is_free() -> None:
    assert may_take("a", NOW, "b", NOW)
    assert not may_take("a", NOW + timedelta(microseconds=1), "b", NOW)
    assert may_take(None, None, "b", NOW)


def test_who_takes_their_own_lease_again_after_it_ran_out_gets_a_new_number() -> None:
    assert next_fence(4, "a", NOW, "a", NOW) == 5
    assert next_fence(4, "a", NOW + LONG, "a", NOW) == 4
