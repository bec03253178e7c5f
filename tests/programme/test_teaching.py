"""What trainers say of messages: taught once, taken back, never two meanings for one text, and given as examples."""

import pytest
import yaml

from programme import examples, lesson, miss, taught, training
from programme.context import Context
from storage.enums import LessonState, Role, RunKind, RunState
from storage.miss import Miss
from tests.builders import a_conversation, a_message_in, a_miss, an_account
from tests.conftest import Clock

TEXT = "cn i bring me parrot on me shoulder"


@pytest.fixture
def me(ctx: Context) -> str:
    return an_account(ctx.database, role=Role.TRAINER, name="Tess Trainer").id


def missed(ctx: Context, text: str = TEXT) -> Miss:
    said = a_message_in(ctx.database, a_conversation(ctx.database), text)
    return a_miss(ctx.database, said, text=text, ranking='[{"name": "ask_bring_someone", "confidence": 0.4}]')


def test_like_messages_wait_together_with_what_they_were_nearly_taken_for(ctx: Context) -> None:
    missed(ctx), missed(ctx, "whats the weather like on mars"), missed(ctx, "cn i bring my parrot on my shoulder")
    groups = lesson.waiting(ctx)
    assert [len(group) for group in groups] == [2, 1]
    assert groups[0][0].guesses == (("ask_bring_someone", 0.4),)


def test_what_is_taught_leaves_the_list_and_becomes_an_example(ctx: Context, me: str) -> None:
    assert lesson.teach(ctx, [missed(ctx).id], "ask_bring_someone", me) == 1
    assert lesson.waiting(ctx) == [] == miss.listed(ctx)
    block = {"intent": "ask_bring_someone", "examples": f"- {TEXT}\n"}
    assert yaml.safe_load(taught.export(ctx)) == {"version": "3.1", "nlu": [block]}
    [one] = taught.latest(ctx)
    assert (one.text, one.intent, one.by, one.trained) == (TEXT, "ask_bring_someone", "Tess Trainer", False)


def test_taught_twice_is_taught_once(ctx: Context, me: str) -> None:
    key = missed(ctx).id
    assert lesson.teach(ctx, [key, key], "ask_bring_someone", me) == 1
    assert lesson.teach(ctx, [key], "ask_bring_someone", me) == 0


def test_one_text_cannot_mean_two_things(ctx: Context, me: str) -> None:
    lesson.teach(ctx, [missed(ctx).id], "ask_bring_someone", me)
    again = missed(ctx, TEXT.upper())
    with pytest.raises(lesson.OtherMeaningError) as wrong:
        lesson.teach(ctx, [again.id], "ask_rules", me)
    assert wrong.value.intent == "ask_bring_someone"
    example = missed(ctx, next(text for text, intent in examples.known().items() if intent == "ask_cost").upper())
    with pytest.raises(lesson.OtherMeaningError):
        lesson.teach(ctx, [example.id], "ask_rules", me)
    assert len(lesson.waiting(ctx)) == 2


def test_an_intent_that_is_not_in_the_guide_is_refused(ctx: Context, me: str) -> None:
    with pytest.raises(lesson.NoIntentError):
        lesson.teach(ctx, [missed(ctx).id], "no_such_intent", me)


def test_undone_it_waits_again_and_is_no_example(ctx: Context, me: str) -> None:
    lesson.teach(ctx, [missed(ctx).id], "ask_bring_someone", me)
    [one] = taught.latest(ctx)
    assert lesson.undo(ctx, one.id, me) and not lesson.undo(ctx, one.id, me)
    assert taught.export(ctx) == "" and taught.latest(ctx) == []
    assert [[waiting.text for waiting in group] for group in lesson.waiting(ctx)] == [[TEXT]]


def test_what_is_not_ours_is_not_learnt_and_what_was_sent_back_waits_on(ctx: Context, me: str) -> None:
    lesson.put_aside(ctx, [missed(ctx).id], me)
    assert lesson.waiting(ctx) == [] and taught.export(ctx) == ""
    lesson.send_back(ctx, [missed(ctx, "dunno m8").id], me)
    [[waits]] = lesson.waiting(ctx)
    assert waits.back
    lesson.teach(ctx, [waits.id], "unsure", me)
    assert {one.state for one in taught.latest(ctx)} == {LessonState.LABELLED, LessonState.NOT_OURS}


def test_marks_in_a_message_are_no_entities(ctx: Context, me: str) -> None:
    lesson.teach(ctx, [missed(ctx, "wots [this](day) then\n- intent: x").id], "unsure", me)
    [block] = yaml.safe_load(taught.export(ctx))["nlu"]
    assert block == {"intent": "unsure", "examples": "- wots this (day) then - intent: x\n"}


def test_one_training_at_a_time_and_its_lessons_count_as_trained(ctx: Context, me: str, clock: Clock) -> None:
    lesson.teach(ctx, [missed(ctx).id], "ask_bring_someone", me)
    assert taught.untrained(ctx) == 1
    clock.forward(seconds=1)
    asked = training.ask(ctx, RunKind.TRAIN, me)
    with pytest.raises(training.BusyError):
        training.ask(ctx, RunKind.LIVE, me, "x")
    run = training.begin(ctx)
    assert run is not None and run.id == asked and training.begin(ctx) is None
    assert training.tell(ctx, asked, 40, "2 of 5")
    training.end(ctx, asked, True, {"trained": {}}, "abc.tar.gz")
    [over] = training.latest(ctx)
    assert (over.state, over.progress, over.model) == (RunState.DONE, 100, "abc.tar.gz")
    assert taught.untrained(ctx) == 0 and taught.latest(ctx)[0].trained
    lesson.teach(ctx, [missed(ctx, "sumfing else").id], "unsure", me)
    assert taught.untrained(ctx) == 1


def test_a_training_whose_process_died_has_failed_and_another_can_begin(ctx: Context, me: str, clock: Clock) -> None:
    first = training.ask(ctx, RunKind.TRAIN, me)
    training.begin(ctx)
    clock.forward(minutes=3)
    assert training.latest(ctx)[0].state is RunState.FAILED
    second = training.ask(ctx, RunKind.TRAIN, me)
    run = training.begin(ctx)
    assert run is not None and run.id == second
    assert not training.tell(ctx, first, 90, "late")
    training.end(ctx, first, True, {}, "late.tar.gz")
    assert {one.id: one.state for one in training.latest(ctx)} == {first: RunState.FAILED, second: RunState.RUNNING}
