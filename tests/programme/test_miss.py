"""What was not understood reaches the trainers, masked and once; a tap on a guess says what was meant."""

from typing import Any

from programme import miss
from programme import turn as turns
from programme.context import Context
from programme.outbox import ButtonSpec, Reply
from programme.turn import Incoming
from storage.enums import MessageKind, TurnEnd
from tests.programme.desk import opened

UNSURE = {
    "intent": {"name": "nlu_fallback", "confidence": 0.6},
    "ranking": [
        {"name": "nlu_fallback", "confidence": 0.6},
        {"name": "ask_cost", "confidence": 0.4},
        {"name": "ask_online", "confidence": 0.1},
    ],
}


def say(ctx: Context, conversation_id: str, text: str, understood: dict[str, Any], *replies: Reply) -> str:
    accepted = turns.receive(ctx, conversation_id, Incoming(text, MessageKind.TEXT, text), begin=True)
    assert accepted.begun is not None
    turns.end_turn(ctx, accepted.begun, TurnEnd.ANSWERED, replies, understood)
    return accepted.turn


def test_what_was_not_understood_is_listed_masked_with_its_ranking(ctx: Context) -> None:
    say(ctx, opened(ctx), "call me 07700 900101 re the thingy", UNSURE, Reply("utter_example_reference"))
    [missed] = miss.listed(ctx)
    assert missed.text == "call me ••• re the thingy"
    assert missed.ranking == (("ask_cost", 0.4), ("ask_online", 0.1))
    assert (missed.step, missed.intent) == ("reference", None)


def test_what_was_understood_is_not_listed(ctx: Context) -> None:
    say(ctx, opened(ctx), "how much", {"intent": {"name": "ask_cost", "confidence": 0.9}, "ranking": []})
    assert miss.listed(ctx) == []


def test_a_tap_on_a_guess_says_what_was_meant(ctx: Context) -> None:
    conversation_id = opened(ctx)
    missed_turn = say(ctx, conversation_id, "wots the thingy", UNSURE)
    guess = ButtonSpec("ask_cost", title="What it costs", carries={miss.GUESS: missed_turn})
    say(ctx, conversation_id, "hello", UNSURE, Reply("utter_did_you_mean", buttons=(guess,)))
    tapped = turns.receive(ctx, conversation_id, Incoming("tap", MessageKind.TEXT, "What it costs"), begin=True)
    assert tapped.begun is not None and tapped.begun.intent == "ask_cost"
    turns.end_turn(ctx, tapped.begun, TurnEnd.ANSWERED, [Reply("utter_no_problem")])
    assert {one.text: one.intent for one in miss.listed(ctx)} == {"wots the thingy": "ask_cost", "hello": None}


def test_a_settled_miss_leaves_the_list_once(ctx: Context) -> None:
    say(ctx, opened(ctx), "wots the thingy", UNSURE)
    [missed] = miss.listed(ctx)
    assert miss.settle(ctx, missed.id, "ask_cost")
    assert miss.listed(ctx) == []
    assert not miss.settle(ctx, missed.id, "ask_online")
    assert not miss.settle(ctx, "nothing", None)
