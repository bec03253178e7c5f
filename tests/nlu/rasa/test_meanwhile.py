"""What was said while the dialogue did not listen: remembered, and nothing follows from it; on the real server."""

from __future__ import annotations

import signal
from itertools import count

import pytest

number = count()
SAID = [
    {"by": "person", "text": "hello"},
    {"by": "worker", "text": "I can book it for you."},
    {"by": "person", "text": "/book_course"},
    {"by": "person", "text": "break down"},
    {"by": "worker", "text": "hello"},
]


@pytest.fixture
def who() -> str:
    return f"meanwhile-{next(number)}"


def overhear(server, who, said=SAID, settled=True):
    return server.ask("renew", {"conversation": who, "said": said, "settled": settled})


def test_what_was_settled_is_asked_no_more_and_what_was_said_starts_nothing(server, who):
    assert server.answers_of(who, "t1", "book")
    status, said = overhear(server, who)
    assert (status, said["ok"]) == (200, True)
    assert server.answers_of(who, "t2", "cost") == ["utter_cost"]  # no form asks again
    assert server.answers_of(who, "t3", "hello") == ["utter_hello"]
    assert server.answers_of(who, "t4", "book")
    assert server.answers_of(who, "t5", "tvp 9") == ["utter_ask_birthday"]  # from its beginning


def test_heard_twice_is_heard_once(server, who):
    """As after a crash between the renewal and the turn's end."""
    server.answers_of(who, "t1", "hello")
    first, second = overhear(server, who)[1], overhear(server, who)[1]
    assert first == second
    assert server.answers_of(who, "t2", "cost") == ["utter_cost"]


def test_what_was_not_settled_goes_on_where_it_was(server, who):
    server.answers_of(who, "t1", "book")
    server.answers_of(who, "t2", "tvp 9")
    overhear(server, who, said=[], settled=False)
    assert server.answers_of(who, "t3", "cost") == ["utter_cost", "utter_ask_birthday"]


def test_a_new_process_knows_it_too(make_server):
    first = make_server()
    first.start()
    first.answers_of("c", "t1", "book")
    overhear(first, "c")
    first.stop(signal.SIGKILL)
    second = make_server()
    second.start()
    assert second.answers_of("c", "t2", "cost") == ["utter_cost"]
    assert second.answers_of("c", "t3", "book")


def test_a_conversation_that_only_a_worker_has_had_begins_like_any_other(server, who):
    assert overhear(server, who)[1]["ok"]
    assert server.answers_of(who, "t1", "hello") == ["utter_hello"]


@pytest.mark.parametrize(
    "said",
    [
        "hello",
        [["person", "hello"]],
        [{"by": "bot", "text": "x"}],
        [{"by": "worker"}],
        [{"by": "worker", "text": ""}] * 101,
    ],
)
def test_what_is_no_talk_is_refused(server, who, said):
    assert overhear(server, who, said=said) == (400, {"ok": False, "reason": "bad_request"})
