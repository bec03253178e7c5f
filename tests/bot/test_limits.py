"""Limits at the door: what is promised passes, what is beyond is refused and said once a window."""

from bot import limits
from bot.limits import MAX_LENGTH, Limits, Verdict
from bot.web import MOST_SOCKETS_AN_ADDRESS
from tests.conftest import Clock

PASSED, TELL, QUIET = Verdict.PASSED, Verdict.TELL, Verdict.QUIET


def test_twenty_messages_in_ten_seconds_pass_whatever_came_before(clock: Clock) -> None:
    door = Limits(clock)
    for _ in range(5):
        assert {door.message("sam") for _ in range(20)} == {PASSED}
        clock.forward(seconds=10)


def test_a_hundred_sessions_a_minute_pass(clock: Clock) -> None:
    door = Limits(clock)
    assert {door.session("192.0.2.1") for _ in range(100)} == {PASSED}
    assert {door.session("192.0.2.1") for _ in range(100)} == {PASSED, TELL, QUIET}
    assert door.session("192.0.2.2") is PASSED


def test_an_address_may_do_what_all_who_connect_from_it_were_promised(clock: Clock) -> None:
    door = Limits(clock)
    promised = MOST_SOCKETS_AN_ADDRESS * 20
    assert {door.address("192.0.2.1") for _ in range(promised)} == {PASSED}
    assert PASSED not in {door.address("192.0.2.1") for _ in range(100)}
    assert door.address("192.0.2.2") is PASSED
    assert {door.address("") for _ in range(promised + 100)} == {PASSED}
    clock.forward(seconds=10)
    assert door.address("192.0.2.1") is PASSED


def test_too_fast_is_said_once_a_window(clock: Clock) -> None:
    door = Limits(clock)
    verdicts = [door.message("sam") for _ in range(100)]
    assert verdicts.count(TELL) == 1
    assert verdicts[-1] is QUIET
    assert door.message("robin") is PASSED
    clock.forward(seconds=10)
    verdicts = [door.message("sam") for _ in range(100)]
    assert (verdicts[0], verdicts.count(TELL)) == (PASSED, 1)


def test_trying_on_does_not_shut_a_person_out(clock: Clock) -> None:
    door = Limits(clock)
    for _ in range(10):
        for _ in range(30):
            door.message("sam")
        clock.forward(seconds=1)
    assert door.message("sam") is PASSED


def test_a_text_too_long_is_said_once_a_window(clock: Clock) -> None:
    door = Limits(clock)
    assert door.length("sam", "a" * MAX_LENGTH) is PASSED
    assert [door.length("sam", "a" * (MAX_LENGTH + 1)) for _ in range(3)] == [TELL, QUIET, QUIET]
    clock.forward(seconds=11)
    assert door.length("sam", "a" * (MAX_LENGTH + 1)) is TELL


def test_those_who_left_are_forgotten(clock: Clock) -> None:
    door = Limits(clock)
    for number in range(limits.SWEEP_AT + 1):
        door.message(str(number))
    clock.forward(seconds=11)
    door.message("sam")
    assert list(door._messages._passed) == ["sam"]
