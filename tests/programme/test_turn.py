"""A turn's beginning and end: begun with its storing where it is its time, never twice, never before an earlier one."""

import pytest

from programme import transcript
from programme import turn as turns
from programme.context import Context
from programme.miss import listed
from programme.outbox import Reply
from programme.turn import LEASE_SECONDS, Accepted, Incoming, Turn
from storage.enums import CaseReason, MessageKind, TurnEnd, TurnState
from storage.message import MessageIn, replies_to
from tests.conftest import Clock
from tests.programme.desk import open_cases, opened


def hear(ctx: Context, conversation_id: str, own_id: str, begin: bool = True) -> Accepted:
    return turns.receive(ctx, conversation_id, Incoming(own_id, MessageKind.TEXT, "hello"), begin=begin)


def end(ctx: Context, turn: Turn) -> bool:
    return turns.end_turn(ctx, turn, TurnEnd.ANSWERED, [Reply("utter_no_problem")])


def test_the_first_message_begins_its_turn_with_its_storing_and_holds_the_conversation(ctx: Context) -> None:
    conversation_id = opened(ctx)
    accepted = hear(ctx, conversation_id, "1")
    assert accepted.begun is not None
    assert (accepted.begun.id, accepted.begun.tries) == (accepted.turn, 1)
    assert turns.begin_turn(ctx, conversation_id) is None
    with ctx.database.reading() as session:
        assert session.get_one(MessageIn, accepted.turn).state is TurnState.HANDLING
    assert end(ctx, accepted.begun) is False  # nothing came after it
    assert hear(ctx, conversation_id, "2").begun is not None


def test_while_one_is_in_hand_the_next_waits_and_is_told_of_at_its_end(ctx: Context) -> None:
    conversation_id = opened(ctx)
    first, second = hear(ctx, conversation_id, "1"), hear(ctx, conversation_id, "2")
    assert first.begun is not None and second.begun is None
    assert end(ctx, first.begun) is True
    begun = turns.begin_turn(ctx, conversation_id)
    assert begun is not None and begun.id == second.turn
    assert end(ctx, begun) is False


def test_what_waits_goes_before_what_comes(ctx: Context) -> None:
    conversation_id = opened(ctx)
    waiting = hear(ctx, conversation_id, "1", begin=False)
    assert waiting.begun is None
    assert hear(ctx, conversation_id, "2").begun is None
    begun = turns.begin_turn(ctx, conversation_id)
    assert begun is not None and begun.id == waiting.turn


def test_a_turn_begun_by_a_process_that_died_is_taken_over_before_a_newer_one(ctx: Context, clock: Clock) -> None:
    conversation_id = opened(ctx)
    died = hear(ctx, conversation_id, "1").begun
    clock.forward(seconds=LEASE_SECONDS + 1)
    assert hear(ctx, conversation_id, "2").begun is None
    begun = turns.begin_turn(ctx, conversation_id)
    assert died is not None and begun is not None
    assert (begun.id, begun.tries) == (died.id, 2)
    with pytest.raises(turns.LeaseLostError):
        end(ctx, died)
    assert end(ctx, begun) is True


def test_a_message_that_came_before_begins_nothing_again(ctx: Context) -> None:
    conversation_id = opened(ctx)
    assert hear(ctx, conversation_id, "1").begun is not None
    again = hear(ctx, conversation_id, "1")
    assert (again.new, again.begun) == (False, None)


TOLD = {"intent": {"name": "ask_cost", "confidence": 0.9}, "ranking": [], "told": ["disclose_offence"]}


def test_an_offence_told_beside_a_question_is_hidden_and_stopped_kindly_before_the_answer(ctx: Context) -> None:
    incoming = Incoming("1", MessageKind.TEXT, "what does it cost, i was selling it that night")
    turn = turns.receive(ctx, opened(ctx), incoming, begin=True).begun
    assert turn is not None
    turns.end_turn(ctx, turn, TurnEnd.ANSWERED, [Reply("utter_no_problem")], TOLD)
    with ctx.database.reading() as session:
        row = session.get_one(MessageIn, turn.id)
        said = [reply.answer for reply in replies_to(session, turn.id)]
    assert transcript.words_of(ctx, row) == ctx.answers.label("label_hidden_text")
    assert said == ["utter_disclose_offence", "utter_no_problem"]
    (case,) = open_cases(ctx)
    assert case.reason is CaseReason.OFFENCE_TOLD
    assert "selling" not in (case.detail or "")


def test_a_miss_that_tells_of_an_offence_is_not_kept_for_the_trainers(ctx: Context) -> None:
    turn = turns.receive(ctx, opened(ctx), Incoming("1", MessageKind.TEXT, "hm. i was selling it"), begin=True).begun
    assert turn is not None
    turns.end_turn(ctx, turn, TurnEnd.ANSWERED, [], TOLD | {"intent": {"name": "nlu_fallback", "confidence": 0.8}})
    assert listed(ctx) == []
