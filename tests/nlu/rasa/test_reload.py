"""Another model for conversations that are open: a second server takes them over where the first one stood."""

from __future__ import annotations

import concurrent.futures
import os
import shutil
import signal
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.nlu.rasa.conftest import BOT, Server, train


@pytest.fixture(scope="module")
def other_model(tmp_path_factory) -> Path:
    """The small bot as somebody has changed it since: asked what it costs, it greets; and it knows one slot more."""
    bot = tmp_path_factory.mktemp("other") / "bot"
    shutil.copytree(BOT, bot)
    rules = bot / "stories/rules.yml"
    rules.write_text(
        rules.read_text().replace(
            "intent: ask_cost\n  - action: utter_cost", "intent: ask_cost\n  - action: utter_hello"
        )
    )
    domain = bot / "nlu/domain.yml"
    slot = "slots:\n  later:\n    type: any\n    influence_conversation: false\n    mappings: [{type: custom}]\n"
    domain.write_text(domain.read_text().replace("slots:\n", slot, 1))
    out = bot.parent / "other.tar.gz"
    done = train(out, bot)
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture
def who() -> str:
    return uuid.uuid4().hex


@pytest.fixture
def two(make_server: Callable[..., Server], other_model: Path) -> tuple[Server, Server]:
    """The server with the old model and the one with the new, on the same stored conversations."""
    old, new = make_server(), make_server(MODEL_PATH=str(other_model))
    old.start()
    new.start()
    return old, new


def test_each_says_which_file_it_serves(two, other_model):
    old, new = two
    assert new.ask("health")[1]["file"] == other_model.name
    assert old.ask("health")[1]["file"] == "model.tar.gz"


def test_a_form_goes_on_where_it_stood_with_the_new_models_rules(two, who):
    old, new = two
    assert old.answers_of(who, "t1", "book") == ["utter_ask_reference"]
    assert old.answers_of(who, "t2", "cost") == ["utter_cost", "utter_ask_reference"]
    assert new.answers_of(who, "t3", "cost") == ["utter_hello", "utter_ask_reference"]
    assert new.answers_of(who, "t4", "TVP-4F7K-92") == ["utter_ask_birthday"]
    # and back again, as `make back` does it
    assert old.answers_of(who, "t5", "cost") == ["utter_cost", "utter_ask_birthday"]
    assert old.answers_of(who, "t6", "14 March 1990") == ["utter_done"]


def test_a_turn_that_the_old_one_has_taken_is_not_taken_again(two, who):
    old, new = two
    first = old.turn(who, "t1", "book")
    again = new.turn(who, "t1", "book")
    assert again["replayed"]
    assert again["messages"] == first["messages"]


def test_told_to_stop_the_old_one_finishes_the_turn_in_its_hands(two, who):
    old, new = two
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        slow = pool.submit(old.turn, who, "t1", None, intent="be_slow", values={"note": "2"})
        time.sleep(0.7)
        began = time.monotonic()
        old.child.send_signal(signal.SIGTERM)
        said = slow.result(timeout=15)
        assert time.monotonic() - began > 0.5  # it was in the middle of it
    assert [message["answer"] for message in said["messages"]] == ["utter_done"]
    assert old.child.wait(timeout=15) == 0
    assert new.turn(who, "t1", None, intent="be_slow", values={"note": "2"})["replayed"]


def test_of_two_that_take_turns_of_one_conversation_at_once_one_is_refused(two, who):
    old, new = two
    old.answers_of(who, "t0", "hello")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        slow = pool.submit(old.turn, who, "t1", None, intent="be_slow", values={"note": "1.5"})
        time.sleep(0.5)
        assert new.answers_of(who, "t2", "hello") == ["utter_hello"]
        assert slow.result(timeout=15) == {"ok": False, "reason": "stale", "turn": "t1"}


def test_a_killed_new_one_leaves_the_conversation_to_the_old_one(two, who):
    old, new = two
    old.answers_of(who, "t1", "book")
    os.kill(new.child.pid, signal.SIGKILL)
    assert old.answers_of(who, "t2", "cost") == ["utter_cost", "utter_ask_reference"]
