"""Correcting what was understood: masked, on the trainers' list, and at once a lesson where the reader may train."""

import json

import pytest
from sqlmodel import select

from programme import lesson, miss
from programme.context import Context
from storage.audit import audit_of
from storage.conversation import Conversation
from storage.enums import Role
from storage.lesson import Lesson, lessons_in_use
from storage.message import MessageIn
from tests.builders import NOW, a_message_in, a_person, a_referral, an_account
from tests.conftest import Clock
from tests.programme.desk import proved

UNDERSTOOD = {
    "intent": {"name": "ask_cost", "confidence": 0.6},
    "ranking": [{"name": "ask_cost", "confidence": 0.6}, {"name": "ask_location", "confidence": 0.3}],
}


@pytest.fixture
def message(ctx: Context) -> MessageIn:
    referral = a_referral(ctx.database, person=a_person(ctx.database, name="Alex Green"))
    chat = proved(ctx, referral)
    with ctx.database.reading() as session:
        conversation = session.get_one(Conversation, chat)
    text = "its alex green, where is it, ring 07700 900123"
    return a_message_in(ctx.database, conversation, text, understood=json.dumps(UNDERSTOOD))


def test_a_workers_correction_waits_for_a_trainer(ctx: Context, message: MessageIn) -> None:
    worker = an_account(ctx.database, role=Role.WORKER)
    lesson.correct(ctx, message.id, "ask_location", worker.id)
    [waiting] = miss.listed(ctx)
    assert waiting.intent == "ask_location"
    assert waiting.ranking[0] == ("ask_cost", 0.6)
    assert "where is it" in waiting.text
    assert not any(word in waiting.text.lower() for word in ("alex", "green", "07700"))
    with ctx.database.reading() as session:
        assert lessons_in_use(session) == []
        [line] = audit_of(session, "message_in", message.id)
    assert (line.actor, line.action) == (f"worker:{worker.id}", "corrected")


def test_one_who_may_train_teaches_at_once_and_may_think_again(ctx: Context, message: MessageIn, clock: Clock) -> None:
    lead = an_account(ctx.database, role=Role.LEAD)
    lesson.correct(ctx, message.id, "ask_contact_details", lead.id)
    clock.forward(minutes=1)
    lesson.correct(ctx, message.id, "ask_location", lead.id)
    assert miss.listed(ctx) == []
    with ctx.database.reading() as session:
        [used] = lessons_in_use(session)
        assert len(session.exec(select(Lesson)).all()) == 2
    assert (used.intent, used.account_id, used.message_in_id) == ("ask_location", lead.id, message.id)
    assert "alex" not in used.text.lower()


@pytest.mark.parametrize(
    "hidden", [{"sensitive_at": NOW}, {"choice": '{"intent": "affirm", "values": {}}'}, {"text": None}]
)
def test_hidden_words_and_buttons_teach_nothing(ctx: Context, message: MessageIn, hidden: dict[str, object]) -> None:
    with ctx.database.writing() as session:
        row = session.get_one(MessageIn, message.id)
        for key, value in hidden.items():
            setattr(row, key, value)
        session.add(row)
    with pytest.raises(lesson.NotToLearnError):
        lesson.correct(ctx, message.id, "ask_location", an_account(ctx.database).id)
    assert miss.listed(ctx) == []
