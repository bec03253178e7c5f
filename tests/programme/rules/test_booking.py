"""What may be booked, moved and cancelled."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from programme.rules import booking
from programme.rules.booking import Verdict
from programme.rules.deadline import Deadlines

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
OPEN = Deadlines(date(2026, 12, 10), date(2027, 1, 31))
START = NOW + timedelta(days=10)
hours = st.integers(-100, 1000).map(lambda count: NOW + timedelta(hours=count))


def book(**changes: object) -> Verdict:
    facts = {"verified": True, "referral_state": "verified", "has_active": False, "deadlines": OPEN}
    facts |= {"starts": [START], "places_left": 1, "now": NOW}
    return booking.may_book(**(facts | changes))  # type: ignore[arg-type]


def test_each_reason_not_to_book() -> None:
    assert book() is Verdict.YES
    assert book(verified=False, has_active=True) is Verdict.NOT_VERIFIED
    assert book(referral_state="withdrawn") is Verdict.NOT_OPEN
    assert book(has_active=True) is Verdict.ALREADY_BOOKED
    assert book(deadlines=Deadlines(None, OPEN.finish_by)) is Verdict.DEADLINE_UNKNOWN
    assert book(deadlines=Deadlines(date(2026, 11, 22), OPEN.finish_by)) is Verdict.DEADLINE_PAST
    assert book(starts=[START, NOW + timedelta(days=100)]) is Verdict.AFTER_DEADLINE
    assert book(starts=[NOW]) is Verdict.STARTED
    assert book(starts=[]) is Verdict.STARTED
    assert book(places_left=0) is Verdict.FULL


@given(hours, st.integers(0, 200), st.integers(0, 200))
def test_a_longer_cut_off_never_allows_more(start: datetime, cutoff: int, more: int) -> None:
    short = booking.may_cancel(state="active", starts=[start], now=NOW, cutoff_hours=cutoff)
    long = booking.may_cancel(state="active", starts=[start], now=NOW, cutoff_hours=cutoff + more)
    assert (short is Verdict.YES) >= (long is Verdict.YES)
    assert (short is Verdict.YES) == (start > NOW and start - NOW >= timedelta(hours=cutoff))


def test_the_cut_off_itself_is_in_time() -> None:
    start = NOW + timedelta(hours=48)
    assert booking.may_cancel(state="active", starts=[start], now=NOW, cutoff_hours=48) is Verdict.YES
    late = booking.may_cancel(state="active", starts=[start], now=NOW + timedelta(seconds=1), cutoff_hours=48)
    assert late is Verdict.TOO_LATE


@given(st.integers(0, 5), st.none() | st.integers(0, 5))
def test_moves_are_counted(moves: int, most: int | None) -> None:
    verdict = booking.may_move(
        referral_state="booked", state="active", starts=[START], now=NOW, cutoff_hours=24, moves=moves, most_moves=most
    )  # fmt: skip
    if most is None:
        assert verdict is Verdict.RULE_UNKNOWN
    else:
        assert verdict is (Verdict.YES if moves < most else Verdict.TOO_MANY_MOVES)


def test_a_rule_that_nobody_filled_in_is_not_guessed() -> None:
    assert booking.may_cancel(state="active", starts=[START], now=NOW, cutoff_hours=None) is Verdict.RULE_UNKNOWN


@given(st.sampled_from(["moved", "cancelled", "nonsense"]), hours)
def test_what_is_over_is_not_changed(state: str, start: datetime) -> None:
    assert booking.may_cancel(state=state, starts=[start], now=NOW, cutoff_hours=0) is Verdict.NOT_ACTIVE


def test_moving_is_booking_another_course() -> None:
    facts = {"deadlines": OPEN, "starts": [START], "places_left": 1, "now": NOW, "course_id": "a"}
    assert booking.may_move_to(**facts, new_course_id="b") is Verdict.YES  # type: ignore[arg-type]
    assert booking.may_move_to(**facts, new_course_id="a") is Verdict.SAME_COURSE  # type: ignore[arg-type]
    assert booking.may_move_to(**(facts | {"places_left": 0}), new_course_id="b") is Verdict.FULL  # type: ignore[arg-type]


@given(st.sampled_from(["completed", "returned", "withdrawn", "closed", "missed", "attended"]))
def test_a_place_is_not_moved_where_none_may_be_booked(state: str) -> None:
    verdict = booking.may_move(
        referral_state=state, state="active", starts=[START], now=NOW, cutoff_hours=0, moves=0, most_moves=1
    )  # fmt: skip
    assert verdict is Verdict.NOT_OPEN
