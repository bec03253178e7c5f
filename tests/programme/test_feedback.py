"""Feedback: asked once after a worker helped, one tap, a line if they like."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from programme import feedback, handoff, outbox, reply, shift, turn
from programme.context import Context
from programme.turn import Incoming
from storage import message as messages
from storage.audit import audit_of
from storage.conversation import Conversation
from storage.enums import HandoffState, MessageKind, Owner, Rating, Urgency
from storage.handoff import HandoffRequest
from storage.row import lock_one
from tests.builders import NOW, a_handoff_request, an_account, new_id
from tests.conftest import Clock
from tests.programme.desk import opened, told


def helped(ctx: Context, chat: str, **given: object) -> HandoffRequest:
    """A worker has written, and is done."""
    with ctx.database.reading() as session:
        conversation = session.get_one(Conversation, chat)
    usual = {"first_reply_at": NOW, "state": HandoffState.CLOSED, "ended_at": NOW}
    return a_handoff_request(ctx.database, conversation, **(usual | given))


def invite(ctx: Context, chat: str, request: HandoffRequest) -> bool:
    with ctx.database.writing() as session:
        return feedback.invite(session, ctx, lock_one(session, Conversation, chat), request)


def test_it_is_asked_with_three_buttons_once(ctx: Context) -> None:
    chat = opened(ctx)
    request = helped(ctx, chat)
    assert [invite(ctx, chat, request) for _ in range(2)] == [True, False]
    assert told(ctx, chat) == ["notice_feedback"]
    with ctx.database.reading() as session:
        asked = messages.after(session, chat, 0)[-1]
    assert asked.buttons.count("payload") == 3


def test_nobody_is_asked_again_soon(ctx: Context, clock: Clock) -> None:
    chat = opened(ctx)
    assert invite(ctx, chat, helped(ctx, chat))
    clock.forward(days=6)
    assert not invite(ctx, chat, helped(ctx, chat))
    clock.forward(days=2)
    assert invite(ctx, chat, helped(ctx, chat))
    other = opened(ctx)
    assert invite(ctx, other, helped(ctx, other)), "somebody else is another matter"


@pytest.mark.parametrize("given", [{"urgency": Urgency.DANGER}, {"first_reply_at": None}])
def test_it_is_not_asked_after_danger_nor_where_nobody_helped(ctx: Context, given: dict[str, object]) -> None:
    chat = opened(ctx)
    assert not invite(ctx, chat, helped(ctx, chat, **given))
    assert told(ctx, chat) == []


def test_a_second_tap_changes_the_first_and_a_line_is_kept_beside_it(ctx: Context, clock: Clock) -> None:
    chat = opened(ctx)
    request = helped(ctx, chat)
    assert not feedback.add_words(ctx, chat, request.id, "too early")
    assert feedback.rate(ctx, chat, request.id, "good")
    clock.forward(minutes=1)
    assert feedback.rate(ctx, chat, request.id, "mixed")
    assert feedback.add_words(ctx, chat, request.id, " she was kind ")
    assert feedback.add_words(ctx, chat, request.id, "and quick")
    (view,) = feedback.of_conversation(ctx, chat)
    assert (view.rating, view.words) == (Rating.MIXED, "she was kind\nand quick")
    assert view.given_at == NOW + timedelta(minutes=1)
    with ctx.database.reading() as session:
        assert [line.action for line in audit_of(session, "conversation", chat)] == ["feedback", "feedback"]


@pytest.mark.parametrize("rating", ["", "excellent", "GOOD"])
def test_only_what_a_button_means_is_a_rating(ctx: Context, rating: str) -> None:
    chat = opened(ctx)
    assert not feedback.rate(ctx, chat, helped(ctx, chat).id, rating)
    assert feedback.of_conversation(ctx, chat) == []


def test_nobody_rates_what_was_said_to_another(ctx: Context) -> None:
    theirs, mine = opened(ctx), opened(ctx)
    request = helped(ctx, theirs)
    assert not feedback.rate(ctx, mine, request.id, "bad")
    assert not feedback.rate(ctx, mine, "nothing", "bad")
    assert not feedback.add_words(ctx, mine, request.id, "bad")
    assert feedback.of_conversation(ctx, theirs) == []


def test_a_line_is_sealed_and_not_endless(ctx: Context) -> None:
    chat = opened(ctx)
    request = helped(ctx, chat)
    feedback.rate(ctx, chat, request.id, "good")
    feedback.add_words(ctx, chat, request.id, "lovely " * 1000)
    assert len(feedback.of_conversation(ctx, chat)[0].words or "") == feedback.LONGEST_WORDS
    with ctx.database.engine.connect() as connection:
        assert "lovely" not in str(connection.exec_driver_sql("SELECT words FROM feedback").fetchall())


@pytest.mark.parametrize("end", [handoff.hand_back, handoff.close])
def test_it_is_asked_when_a_worker_who_wrote_is_done(ctx: Context, end: Callable[[Context, str, str], None]) -> None:
    chat, worker = opened(ctx), an_account(ctx.database)
    shift.begin(ctx, worker.id)
    handoff.take(ctx, chat, worker.id)
    reply.say(ctx, chat, worker.id, "Hello, I can help with that.", "once")
    end(ctx, chat, worker.id)
    assert told(ctx, chat)[-1] == "notice_feedback"


def test_a_line_that_was_asked_for_is_no_new_concern(ctx: Context) -> None:
    chat, worker = opened(ctx), an_account(ctx.database)
    shift.begin(ctx, worker.id)
    handoff.take(ctx, chat, worker.id)
    handoff.close(ctx, chat, worker.id)
    say(ctx, chat, outbox.Reply("utter_step_feedback_words"))
    turn.receive(ctx, chat, Incoming(new_id(), MessageKind.TEXT, "she was kind"))
    assert handoff.owner(ctx, chat) is Owner.BOT
    say(ctx, chat, outbox.Reply("utter_feedback_words_kept"))
    turn.receive(ctx, chat, Incoming(new_id(), MessageKind.TEXT, "when is it again"))
    assert handoff.owner(ctx, chat) is Owner.QUEUED


def say(ctx: Context, chat: str, given: outbox.Reply) -> None:
    with ctx.database.writing() as session:
        outbox.say(session, ctx, lock_one(session, Conversation, chat), [given])
