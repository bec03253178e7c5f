"""The dialogue channel, over HTTP, to the real server with the real action server behind it."""

from __future__ import annotations

import concurrent.futures
import http.client
import json
import signal
import socket
import time
from itertools import count

import pytest

number = count()


@pytest.fixture
def who() -> str:
    return f"conversation-{next(number)}"


def test_a_text_is_answered_with_the_answers_name(server, who):
    said = server.turn(who, "t1", "hello", context={"channel": "web", "booked": False})
    assert said == {
        "ok": True,
        "turn": "t1",
        "messages": [{"answer": "utter_hello", "values": {}, "text": None, "buttons": []}],
        "intent": {"name": "greet", "confidence": 1.0},
        "ranking": [{"name": "greet", "confidence": 1.0}],
        "replayed": False,
        "told": [],
    }


def test_the_gates_fallback_comes_first_in_the_ranking(server, who):
    said = server.turn(who, "t1", "xyzzy")
    assert [message["answer"] for message in said["messages"]] == ["utter_pardon"]
    assert said["intent"]["name"] == "nlu_fallback"
    assert said["ranking"][0]["name"] == "nlu_fallback"
    assert len(said["ranking"]) <= 5


@pytest.mark.parametrize("secret", ["", "wrong", "a secret made at star", "a secret made at start "])
@pytest.mark.parametrize("path", ["turn", "renew", "forget", "understand", "health"])
def test_who_does_not_know_the_secret_is_shut_out(server, who, path, secret):
    frame = None if path == "health" else {"conversation": who, "turn": "t1", "text": "hello"}
    assert server.ask(path, frame, secret=secret) == (401, {"ok": False, "reason": "secret"})


def test_the_secret_is_asked_for_before_anything_is_read(server):
    line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    line.request("POST", "/webhooks/dialogue/turn", body=b"not json")
    assert line.getresponse().status == 401


@pytest.mark.parametrize(
    "frame",
    [
        [],
        "hello",
        {},
        {"conversation": "c", "turn": "t"},
        {"conversation": "c", "turn": "t", "text": "hello", "intent": "greet"},
        {"conversation": "", "turn": "t", "text": "hello"},
        {"conversation": "c", "turn": 1, "text": "hello"},
        {"conversation": "c", "turn": "t", "text": 5},
        {"conversation": "c", "turn": "t", "text": "x" * 8001},
        {"conversation": "c", "turn": "t", "text": "hello", "context": []},
        {"conversation": "c", "turn": "t", "intent": "show_more", "values": [1]},
        {"conversation": "c", "turn": "t", "intent": "no_such_intent"},
        {"conversation": "c", "turn": "t", "intent": "restart"},
        {"conversation": "c", "turn": "t", "intent": 'greet{"a":1}'},
        {"conversation": "x" * 201, "turn": "t", "text": "hello"},
    ],
)
def test_what_is_no_frame_of_ours_is_refused(server, frame):
    assert server.ask("turn", frame) == (400, {"ok": False, "reason": "bad_request"})


@pytest.mark.parametrize(
    "text", ["/restart", " / /restart", "/session_start", '/show_more{"offer":"stolen"}', "\u00a0/back"]
)
def test_what_a_person_types_is_never_a_command(server, who, text):
    server.turn(who, "t1", "book")
    said = server.turn(who, "t2", text)
    assert said["ok"]
    assert said["intent"]["name"] == "nlu_fallback"
    assert "utter_ask_reference" in [message["answer"] for message in said["messages"]]  # the form is still there
    assert "utter_taken" not in json.dumps(said)


@pytest.mark.parametrize("text", ["", "/", "   ", "///"])
def test_an_empty_text_is_a_message_like_any_other(server, who, text):
    assert server.answers_of(who, "t1", text) == ["utter_pardon"]


def test_a_buttons_intent_comes_with_its_values(server, who):
    said = server.turn(who, "t1", intent="show_more", values={"offer": "o-1"})
    assert said["messages"] == [{"answer": "utter_taken", "values": {"offer": "o-1"}, "text": None, "buttons": []}]
    assert said["intent"] == {"name": "show_more", "confidence": 1.0}


def test_an_action_says_an_answer_with_values_and_buttons_and_knows_turn_and_context(server, who):
    said = server.turn(who, "turn-7", "json", context={"channel": "telegram", "verified": True})
    (message,) = said["messages"]
    assert message["answer"] == "utter_offer"
    assert message["values"]["turn"] == "turn-7"
    assert message["values"]["metadata"] == {"channel": "telegram", "verified": True, "turn": "turn-7"}
    assert message["values"]["sender"] == who
    assert message["buttons"] == [
        {"label": "label_offer", "values": {"n": 1}, "intent": "show_more", "with": {"offer": "o1"}}
    ]


def test_actions_get_the_domain_without_the_answers(server, who):
    (message,) = server.turn(who, "t1", "json")["messages"]
    assert {"reference", "birthday"} <= set(message["values"]["slots"])
    assert message["values"]["responses"] == 0


def test_an_action_may_say_plain_words_and_answers_with_values(server, who):
    messages = server.turn(who, "t1", "plain")["messages"]
    assert messages == [
        {"answer": None, "values": {}, "text": "Plain words.", "buttons": []},
        {"answer": "utter_cost", "values": {"pounds": 5}, "text": None, "buttons": []},
    ]


def test_a_form_runs_with_a_question_in_the_middle(server, who):
    assert server.answers_of(who, "t1", "book") == ["utter_ask_reference"]
    assert server.answers_of(who, "t2", "cost") == ["utter_cost", "utter_ask_reference"]  # the form declined
    assert server.answers_of(who, "t3", "TVP-4F7K-92") == ["utter_ask_birthday"]
    assert server.answers_of(who, "t4", "14 March 1990") == ["utter_done"]


# Idempotence ---------------------------------------------------------------------------------------------------------


def test_a_turn_that_is_held_is_answered_from_the_tracker(server, who):
    first = server.turn(who, "t1", "json")
    again = server.turn(who, "t1", "json")
    assert again == {**first, "replayed": True}
    server.turn(who, "t2", "hello")
    assert server.turn(who, "t1", "json") == {**first, "replayed": True}


def test_a_held_turn_is_still_held_by_a_new_process(make_server):
    first = make_server()
    first.start()
    said = first.turn("c", "t1", "plain")
    first.stop(signal.SIGKILL)
    second = make_server()
    second.start()
    assert second.turn("c", "t1", "plain") == {**said, "replayed": True}


def test_the_same_turn_twice_at_once_is_taken_once(server, who):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        said = list(pool.map(lambda _: server.turn(who, "t1", "json"), range(8)))
    assert [one["replayed"] for one in said].count(False) == 1
    assert len({json.dumps(one["messages"]) for one in said}) == 1


def test_many_conversations_are_taken_at_once_and_each_in_order(server):
    def talk(name: int) -> list[str]:
        spoken = [
            server.answers_of(f"many-{name}", f"t{turn}", text) for turn, text in enumerate(["book", "tvp", "1 May"])
        ]
        return [answer for answers in spoken for answer in answers]

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        assert set(map(tuple, pool.map(talk, range(32)))) == {
            ("utter_ask_reference", "utter_ask_birthday", "utter_done")
        }


# All or nothing ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "reason"), [("break", "action_failed"), ("unknown", "no_answer"), ("round", "no_end")]
)
def test_a_turn_that_fails_leaves_nothing_behind(server, who, text, reason):
    server.turn(who, "t1", "book")
    for _ in range(2):
        assert server.turn(who, "t2", text) == {"ok": False, "turn": "t2", "reason": reason}
    assert server.answers_of(who, "t3", "tvp 1") == ["utter_ask_birthday"]  # as if it had never been said
    assert server.turn(who, "t2", "cost")["replayed"] is False


def test_a_failure_that_rasa_swallows_fails_the_turn(server, who):
    server.answers_of(who, "t1", "book")
    server.answers_of(who, "t2", "tvp 1")
    assert server.turn(who, "t3", "explode")["reason"] == "action_failed"  # Rasa reads on
    assert server.answers_of(who, "t3", "2 May") == ["utter_done"]


def test_a_slow_action_fails_the_turn_within_seconds(server, who):
    started = time.monotonic()
    assert server.turn(who, "t1", intent="be_slow") == {"ok": False, "turn": "t1", "reason": "action_timeout"}
    assert 4 < time.monotonic() - started < 7
    assert server.answers_of(who, "t2", "hello") == ["utter_hello"]


def test_an_action_server_that_is_gone_fails_the_turn_at_once(make_server, actions):
    with socket.socket() as closed:  # bound, never listening
        closed.bind(("127.0.0.1", 0))
        server = make_server(ACTIONS_URL=f"http://127.0.0.1:{closed.getsockname()[1]}/webhook")
        server.start()
        assert server.turn("c", "t1", "json") == {"ok": False, "turn": "t1", "reason": "action_failed"}
        assert server.answers_of("c", "t1", "hello") == ["utter_hello"]


def test_a_turn_whose_asker_hung_up_is_finished_and_held(server, who):
    body = json.dumps({"conversation": who, "turn": "t1", "intent": "be_slow", "values": {"note": "1.5"}})
    line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=0.3)
    line.request("POST", "/webhooks/dialogue/turn", body, {"Authorization": f"Bearer {server.secret}"})
    with pytest.raises(TimeoutError):
        line.getresponse()
    line.close()
    said = server.turn(who, "t1", intent="be_slow", values={"note": "1.5"})  # waits for the first to end
    assert said["replayed"] is True
    assert [message["answer"] for message in said["messages"]] == ["utter_done"]


# Renewing, forgetting, health ----------------------------------------------------------------------------------------


def test_a_renewed_session_stands_where_the_old_one_stood(server, who):
    server.answers_of(who, "t1", "book")
    server.answers_of(who, "t2", "tvp 9")
    status, said = server.ask("renew", {"conversation": who})
    assert (status, said["ok"]) == (200, True)
    assert said["events"] == 6  # start, started, reference, form, question, listen
    assert server.answers_of(who, "t3", "cost") == ["utter_cost", "utter_ask_birthday"]
    assert server.answers_of(who, "t4", "3 May") == ["utter_done"]
    assert server.ask("renew", {"conversation": who})[1]["ok"]
    assert server.answers_of(who, "t5", "hello") == ["utter_hello"]


def test_a_renewed_session_is_the_same_for_a_new_process(make_server):
    first = make_server()
    first.start()
    first.answers_of("c", "t1", "book")
    first.answers_of("c", "t2", "tvp 9")
    first.ask("renew", {"conversation": "c"})
    first.stop(signal.SIGKILL)
    second = make_server()
    second.start()
    assert second.answers_of("c", "t3", "3 May") == ["utter_done"]


def test_nothing_to_renew_is_fine(server, who):
    assert server.ask("renew", {"conversation": who}) == (200, {"ok": True, "events": 0})


def test_forgetting_deletes_the_conversation(server, who):
    server.answers_of(who, "t1", "book")
    assert server.ask("forget", {"conversation": who}) == (200, {"ok": True})
    assert server.turn(who, "t1", "tvp 9")["replayed"] is False
    assert server.answers_of(who, "t2", "tvp 9") == ["utter_pardon"]  # no form is left


def test_health_names_the_model(server):
    status, said = server.ask("health")
    assert status == 200
    assert said["ok"] is True
    assert len(said["model"]) == 32


def test_a_hundred_renewed_turns_cost_no_more_at_the_end(server, who):
    took = []
    for turn in range(120):
        if turn % 12 == 0:
            server.ask("renew", {"conversation": who})
        started = time.perf_counter()
        server.answers_of(who, f"t{turn}", "hello")
        took.append(time.perf_counter() - started)
    first, last = sorted(took[:24])[12], sorted(took[-24:])[12]
    assert last < 1.5 * first + 0.002


def test_nothing_that_people_write_reaches_the_log(server, who):
    words = ["xylophone", "quixotic"]
    server.turn(who, "t1", "break down my xylophone")
    server.turn(who, "t2", "my quixotic hello")
    server.ask("turn", {"conversation": who, "turn": "t3", "intent": "quixotic"})
    server.turn(who, "t4", "break")
    log = server.log.read_text()
    assert "action_failed" in log  # it does log that something failed
    assert not [word for word in [*words, "marmalade", who] if word in log]
    assert not [word for word in words if word.encode() in server.tracker.read_bytes()]


def test_what_a_message_means_can_be_asked_without_the_dialogue_moving(server, who):
    status, said = server.ask("understand", {"text": "/hello"})
    assert (status, said["ok"], said["intent"]["name"]) == (200, True, "greet")
    assert server.ask("understand", {"text": " "})[0] == 400
    assert not server.turn(who, "t1", "hello")["replayed"]
